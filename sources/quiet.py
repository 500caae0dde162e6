"""Keeps a third-party parser's remarks about odd files off the console and out of the logs."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
_saved: warnings.catch_warnings[None] | None = None
_PARSERS = ("pydicom", "nibabel", "PIL", "openjpeg", "pylibjpeg")


@contextmanager
def quiet_parsers() -> Iterator[None]:
    """Silence warnings and parser logs while foreign headers are read; safe to enter from several threads at once.

    Parsers quote offending values, and those may be names or numbers of a patient. `warnings.catch_warnings` alone
    is not thread-safe: two threads that leave in the wrong order would leave the process silenced for good.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside, _saved  # noqa: PLW0603  one switch per process, as the warnings filters themselves are
    with _lock:
        _inside += 1
        if _inside == 1:
            _saved = warnings.catch_warnings()
            _saved.__enter__()
            warnings.simplefilter("ignore")
            for name in _PARSERS:
                logging.getLogger(name).propagate = False


def _leave() -> None:
    global _inside, _saved  # noqa: PLW0603
    with _lock:
        _inside -= 1
        if _inside == 0 and _saved is not None:
            _saved.__exit__(None, None, None)
            _saved = None
            for name in _PARSERS:
                logging.getLogger(name).propagate = True
