"""A whole slide as a set of tissue patches: a diagnosis line, and whether a finding is there.

Patches are 896 x 896 at 10x (1 µm per pixel) without overlap, at most 126 of a slide, drawn without
replacement and kept in their spatial order (MedGemma 1.5 Technical Report, 2.3.2; training drew 5x, 10x or
20x alike). The diagnosis line is asked as in Google's notebooks: the words first, then the patches, no
labels. Questions about findings put the patches first and the words last: what is common is then the long
part, and a reader computes 126 patches once for all questions. No published prompt asks them, so no order is
the trained one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from ...prompts.loader import load_templates
from ..counts import WRAPPED_PICTURE_TOKENS
from ..expect import FreeText, YesNo
from ..request import Part, Picture, Request, Rgb
from .plain import term
from .sampling import MOST_PATCHES

Place = TypeVar("Place")

PATCH_SIDE = 896
TOOL = "pathology"
RECIPE = "slide/1"
MOST_TOKENS = 2000
"""Of the answer, as the model card has it for slides; diagnosis lines are terse, but thinking may come before one."""
_TEXT_TOKENS = 256
"""Kept for the words and the turn marks around them; the recorded prompt takes some 75."""


def patches_that_fit(context: int | None) -> int:
    """How many patches leave room for words and answer in a context of so many tokens.

    Args:
        context: tokens that the reader can hold, None where only the trained number is a limit.

    Returns:
        1 to `MOST_PATCHES`.

    Raises:
        ValueError: not even one patch fits.
    """
    if context is None:
        return MOST_PATCHES
    fitting = (context - MOST_TOKENS - _TEXT_TOKENS) // WRAPPED_PICTURE_TOKENS
    if fitting < 1:
        raise ValueError(f"a context of {context} tokens holds no patch beside question and answer")
    return min(MOST_PATCHES, fitting)


def choose_patches(places: Sequence[Place], seed: int = 0, *, most: int = MOST_PATCHES) -> tuple[Place, ...]:
    """A random subsample without replacement, in the order given.

    Args:
        places: where tissue is, in spatial order; any kind of object.
        seed: decides the draw.
        most: how many to keep at most, see `patches_that_fit`.

    Raises:
        ValueError: no place (a slide without tissue), or `most` is not 1 to `MOST_PATCHES`.
    """
    if not len(places):
        raise ValueError("no tissue patch to choose from")
    if not 1 <= most <= MOST_PATCHES:
        raise ValueError(f"1 to {MOST_PATCHES} patches can be shown, not {most}")
    draw = random.Random(seed)  # noqa: S311 - a reproducible sample; random() keeps its sequence in every Python
    drawn = sorted((draw.random(), index) for index in range(len(places)))[:most]
    return tuple(places[index] for index in sorted(index for _, index in drawn))


def diagnosis_request(patches: Sequence[Rgb | Picture], *, scope: str, procedure: str | None = None,
                      patches_first: bool = False) -> Request[str]:
    """One line like the final diagnosis of a pathology report.

    Args:
        patches: (896, 896, 3) uint8 each, or their pictures, in spatial order.
        scope: opaque patient.
        procedure: tissue and procedure, such as "colon, biopsy"; None where not known.
        patches_first: ask in the words and order of the technical report's Table 9 instead of the notebook's; the
            patches are then shared with `finding_requests`.

    Raises:
        ValueError: no patch, too many, not square, or an unusable procedure.
    """
    texts = load_templates("slide")
    named = procedure if procedure is not None else texts["procedure_unknown"].text
    words = texts["diagnosis_after" if patches_first else "diagnosis"].fill(
        procedure=term(named, "a procedure").rstrip(": "))
    pictures = _pictures(patches)
    parts: tuple[Part, ...] = (*pictures, words) if patches_first else (words, *pictures)
    return Request(TOOL, RECIPE, parts, FreeText(), scope, MOST_TOKENS)


def finding_requests(patches: Sequence[Rgb | Picture], findings: Sequence[str], *,
                     scope: str) -> tuple[Request[bool], ...]:
    """One yes-or-no question for each finding, all with the same leading patches.

    Args:
        patches: as for `diagnosis_request`.
        findings: such as "mitotic figures".
        scope: opaque patient.

    Raises:
        ValueError: no finding, an unusable name, no patch, too many, or not square.
    """
    if not findings:
        raise ValueError("nothing is asked about the slide")
    words = [load_templates("slide")["finding"].fill(finding=term(name, "a finding")) for name in findings]
    pictures = _pictures(patches)
    return tuple(Request(TOOL, RECIPE, (*pictures, text), YesNo(), scope, MOST_TOKENS) for text in words)


def _pictures(patches: Sequence[Rgb | Picture]) -> tuple[Picture, ...]:
    if not 1 <= len(patches) <= MOST_PATCHES:
        raise ValueError(f"1 to {MOST_PATCHES} patches can be shown, not {len(patches)}; see choose_patches")
    pictures = tuple(patch if isinstance(patch, Picture) else Picture(patch) for patch in patches)
    if any(picture.pixels.shape[0] != picture.pixels.shape[1] for picture in pictures):
        raise ValueError("a patch that is not square would be stretched; complete it with background")
    return pictures
