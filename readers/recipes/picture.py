"""A question about one picture, answered in a few words: as MedGemma 1.5 was measured on SLAKE and VQA-RAD."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...prompts.loader import load_templates
from ..expect import FinalWords
from ..request import Request
from .plain import plain
from .square import padded

TOOL = "picture"
RECIPE = "picture/1"
MOST_TOKENS = 2000
"""Of the answer, as the model card has it."""
LONGEST_QUESTION = 2000
"""Characters."""


def picture_request(picture: NDArray[np.uint8], question: str, *, scope: str) -> Request[str]:
    """One question about one picture (Technical Report, Table 9): the picture padded to a square, then the words.

    Args:
        picture: (rows, columns) grey or (rows, columns, 3) RGB, uint8.
        question: in plain words.
        scope: opaque patient.

    Raises:
        ValueError: a picture of another shape or type, no question, or one beyond `LONGEST_QUESTION`.
    """
    asked = plain(question)
    if not 1 <= len(asked) <= LONGEST_QUESTION:
        raise ValueError(f"needs a question of 1 to {LONGEST_QUESTION} characters")
    words = load_templates("picture")["question"].fill(question=asked)
    return Request(TOOL, RECIPE, (padded(picture), words), FinalWords(), scope, MOST_TOKENS)
