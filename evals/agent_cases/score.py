"""One agent on one case, scored on everything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .agents import Outcome
from .questions import Question
from .score_changes import score_changes, score_order
from .score_images import score_images
from .score_papers import score_papers
from .score_safety import score_safety
from .score_support import score_support
from .tally import Tally

Json = dict[str, Any]


def score_case(outcome: Outcome, truth: Json, questions: Sequence[Question], case: Path) -> Tally:
    """Every score of an agent on a case.

    Args:
        outcome: what the agent made of it.
        truth: of the case.
        questions: that were put, in order.
        case: the case's folder, for the files that are cited.
    """
    tally = Tally()
    score_images(outcome.report, truth, tally)
    score_papers(outcome.report, truth, tally)
    score_changes(outcome.report, truth, tally)
    score_order(outcome.report, truth, tally)
    score_support(outcome.report, case, tally)
    score_safety(outcome, truth, questions, tally)
    return tally
