"""Telling a shortage of memory from every other error of torch, and making room after one."""

from __future__ import annotations

import gc

import torch

SHORTAGE = (MemoryError, RuntimeError)
"""What may be raised when memory does not suffice; `is_shortage` says whether one of them was."""

_WORDS = ("not enough memory", "can't allocate memory", "Cannot allocate memory", "out of memory",
          "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED", "std::bad_alloc")


def is_shortage(error: BaseException) -> bool:
    """Whether memory did not suffice. The CPU's allocator says so only in the words of a RuntimeError."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)


def make_room() -> None:
    """Give back what nobody holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
