"""A prior and a current chest film: improved, stable or worsened, finding by finding.

Prior then current, then the words; no labels between the pictures, as in Google's longitudinal notebook. Both
films are padded to a square, as in training. The question comes last, so that the two films are computed once
for all findings.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...prompts.loader import load_templates
from ..expect import Choice
from ..request import Request
from .plain import term
from .square import padded

FINDINGS = ("consolidation", "edema", "pleural effusion", "pneumonia", "pneumothorax")
"""What MS-CXR-T asks (MedGemma 1.5 Technical Report, 3.2.3)."""
CHANGES = ("improved", "stable", "worsened")

TOOL = "comparison"
RECIPE = "pair/1"
MOST_TOKENS = 600
"""Of the answer, as in the longitudinal notebook."""


def pair_requests(prior: NDArray[np.uint8], current: NDArray[np.uint8], findings: Sequence[str] = FINDINGS, *,
                  scope: str) -> tuple[Request[str], ...]:
    """One question for each finding: how has it changed?

    Args:
        prior: (rows, columns) uint8, bright is dense, or RGB.
        current: likewise; the films need not be of one size.
        findings: what to compare.
        scope: opaque patient, the same for both films.

    Returns:
        Requests in the findings' order; each answer is one of `CHANGES`.

    Raises:
        ValueError: no finding, an unusable name, or a film of another shape or type.
    """
    if not findings:
        raise ValueError("nothing is asked about the two films")
    words = [load_templates("pair")["change"].fill(finding=term(name, "a finding")) for name in findings]
    films = padded(prior), padded(current)
    return tuple(Request(TOOL, RECIPE, (*films, text), Choice(CHANGES), scope, MOST_TOKENS) for text in words)
