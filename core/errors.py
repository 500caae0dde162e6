"""Every error Caseloom raises on purpose, sorted by who can act.

    CaseloomError
    ├── UsageError           the caller      exit 2
    ├── InputError           the files       exit 3
    │   ├── RefusedFile      one file: kept in `not_read` with its code
    │   ├── NothingUsable    no file at all can be used
    │   └── SeveralPatients  a person must say whose case this is
    ├── ReaderUnavailable    whoever set it up exit 4
    ├── ReaderFailed         whoever set it up exit 4: the reader was there, and gave no answer
    └── StoreError           whoever set it up exit 2: the state folder cannot be used, or is in use

Anything else that escapes is a bug and looks like one (exit 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .refusal import RefusalCode


class CaseloomError(Exception):
    """Base of all errors meant to be read by a person; `str(error)` is one line."""

    exit_code = 1


class UsageError(CaseloomError):
    """The call itself is wrong: an unknown tool, a missing path, a bad date."""

    exit_code = 2


class InputError(CaseloomError):
    """The input cannot be used as it is."""

    exit_code = 3


class RefusedFile(InputError):
    """One file cannot be read. `str(error)` is the reason for a person, without the file's path.

    Args:
        code: the published refusal code.
        reason: what is wrong and what to do, one sentence, no file path, no patient name.
    """

    def __init__(self, code: RefusalCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class NothingUsable(InputError):
    """Not one file of the input can be used."""


class SeveralPatients(InputError):
    """The input holds files of several people and nobody said whose case it is.

    Args:
        listing: one line per identity: who, and which files.
    """

    def __init__(self, listing: Sequence[str]) -> None:
        people = "; ".join(listing)
        super().__init__(f"several patients in one case: {people}. Choose one with --patient ID, or name the patient "
                         "and the aliases in case.yaml")
        self.listing = tuple(listing)


class ReaderUnavailable(CaseloomError):
    """The chosen reader cannot be used here; the message says how to get it and which one works now."""

    exit_code = 4


class ReaderFailed(CaseloomError):
    """The reader is set up but gave no answer: server down, time out, out of memory, prompt too long. What was
    measured stands; the message says what to do."""

    exit_code = 4


class StoreError(CaseloomError):
    """The state folder is not writable, damaged, or locked by another process."""

    exit_code = 2
