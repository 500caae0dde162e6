"""Names that say how their thing stands: "History of stroke", "Suspected lupus", "Family history of gout"."""

from __future__ import annotations

import re

from ...core.finding import Assertion

_SAYING = (
    (Assertion.FAMILY, re.compile(r"(?:family (?:medical )?(?:history|hx)|fh) of (?P<thing>.+)", re.IGNORECASE)),
    (Assertion.HISTORICAL, re.compile(r"(?:(?:personal |past |prior )?(?:medical )?(?:history|hx) of|h/o|status[- ]post"
                                      r"|s/p) (?P<thing>.+)", re.IGNORECASE)),
    (Assertion.UNCERTAIN, re.compile(r"(?:suspected|suspicion of|possible|probable|presumed|rule out|r/o|query|\?)"
                                     r" ?(?P<thing>.+)", re.IGNORECASE)),
)


def said_by(name: str) -> tuple[Assertion, str] | None:
    """How a name says that its thing stands, and the thing; None for a name that is the thing alone.

    Only words that begin the name count. "At risk of" and "Screening for" name things of their own.
    """
    for assertion, pattern in _SAYING:
        if found := pattern.fullmatch(name.strip()):
            return assertion, found["thing"]
    return None
