"""An examination question with choices, without a picture, answered after thinking.

As MedGemma 1.5 was measured on MedQA: thinking switched on by a system text, the choices by letter, a final answer
(Technical Report, Table 7 and Appendix B; Google's notebook evaluate_on_medqa).
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

from ...prompts.loader import load_templates
from ..expect import Choice
from ..request import Request
from .plain import plain, plain_block

TOOL = "exam"
RECIPE = "exam/1"
MOST_TOKENS = 10_000
"""Of the answer, thinking included, as in the notebook; with 1,000 the trace is cut off and accuracy falls to 14 %."""


def exam_request(question: str, choices: Sequence[str], *, scope: str) -> Request[str]:
    """One question; the answer is one of the choices.

    Args:
        question: of an examination.
        choices: 2 to 26, different in their words.
        scope: opaque; whose question it is.

    Raises:
        ValueError: no question, or choices that `Choice` does not take.
    """
    asked = plain_block(question)
    if not asked:
        raise ValueError("needs a question")
    options = tuple(plain(choice) for choice in choices)
    texts = load_templates("exam")
    listed = "\n".join(texts["choice"].fill(letter=letter, words=option)
                       for letter, option in zip(ascii_uppercase, options, strict=False))
    words = texts["question"].fill(question=asked, choices=listed)
    return Request(TOOL, RECIPE, (words,), Choice(options), scope, MOST_TOKENS, system=texts["system"].text)
