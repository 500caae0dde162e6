"""From the name a user gives to a reader."""

from __future__ import annotations

from ..core.errors import ReaderUnavailable, UsageError
from .measure import MeasureReader
from .protocol import Reader


def choose_reader(name: str, model: str | None = None) -> Reader:
    """The reader called `name`.

    Args:
        name: `measure`; `medgemma` and server addresses are understood but not available in this version.
        model: model id or local folder, for readers that load one.

    Raises:
        UsageError: a model for a reader that loads none.
        ReaderUnavailable: the reader cannot be used here.
    """
    if name == "measure" and model is None:
        return MeasureReader()
    if name == "measure":
        raise UsageError("--model has no meaning with the reader 'measure', which loads none; leave it out")
    raise ReaderUnavailable(f"the reader {name!r} is not available in this version of Caseloom; "
                            "use --reader measure, which measures and interprets nothing")
