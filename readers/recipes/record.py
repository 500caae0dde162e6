"""A question about a patient's record, put with the condensed record in one prompt.

The form is that of EHRQA (MedGemma Technical Report, Appendix D): role, record between rulers, question last.
Questions about one record share the part that holds it. Record, question and choices are data and are made
plain: a ruler, a turn mark or a picture mark in them cannot end the record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_uppercase

from ...prompts.loader import load_templates
from ..expect import Choice, FreeText
from ..request import Request
from .chart import condense, condense_numbered
from .plain import plain, plain_block

__all__ = ["condense", "condense_numbered", "record_request"]

LONGEST_QUESTION = 4000
"""Characters."""

_HEADING = re.compile(r"patient\W+ehr\W+data", re.IGNORECASE)
"""The name on the rulers, which the record itself may not bear."""

TOOL = "records"
RECIPE, NUMBERED_RECIPE = "record/1", "record/2"
MOST_TOKENS = 500
"""Of the answer, which is asked to be concise."""


def record_request(record: str, question: str, *, scope: str, choices: Sequence[str] | None = None,
                   numbered: bool = False) -> Request[str]:
    """One question about one record.

    Args:
        record: as `condense` gives it; any other text is made plain line by line.
        question: put by a person.
        scope: opaque patient.
        choices: for a choice by letter, 2 to 26; the answer is then one of them.
        numbered: the record is one of `condense_numbered`, and the answer is to end with numbers of entries; a free
            question only.

    Raises:
        ValueError: an empty record or question, a question beyond `LONGEST_QUESTION`, or choices that `Choice`
            does not take.
    """
    data, asked = _HEADING.sub("EHR", plain_block(record)), plain_block(plain(question))
    if not data or not 1 <= len(asked) <= LONGEST_QUESTION:
        raise ValueError(f"needs a record, and a question of 1 to {LONGEST_QUESTION} characters")
    texts = load_templates("record")
    given = texts["record"].fill(record=data)
    if choices is None:
        put = texts["question_numbered" if numbered else "question"].fill(question=asked)
        recipe = NUMBERED_RECIPE if numbered else RECIPE
        return Request(TOOL, recipe, (given, put), FreeText(), scope, MOST_TOKENS)
    options = tuple(plain_block(plain(choice)) for choice in choices)
    expect = Choice(options)
    listed = "\n".join(texts["choice"].fill(letter=letter, words=option)
                       for letter, option in zip(ascii_uppercase, options, strict=False))
    put = texts["question_with_choices"].fill(question=asked, choices=listed)
    return Request(TOOL, RECIPE, (given, put), expect, scope, MOST_TOKENS)
