"""What the turns about CT and MRI volumes have in common: role, slices with labels, and the question last.

Asked before the slices, MedGemma 1.5 answers a CT as if it were a normal chest film (Google-Health/medgemma, issue 76).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...core.errors import InputError
from ...prompts.loader import Template, load_templates
from ..expect import YesNo
from ..request import Part, Picture, Request
from .plain import plain, term

TOOL = "volume"
MOST_TOKENS = 2000
"""Of the answer, as in Google's CT notebook."""
LONGEST_SIDE = 2048
"""Pixels of a slice's longer side. Training had at most 512; larger slices are passed as they are up to here."""
LONGEST_HISTORY = 2000
"""Characters of an indication or history."""


@dataclass(frozen=True)
class Asked:
    """What is asked about a volume.

    Args:
        conditions: words such as "pleural effusion"; one question each.
        scope: opaque patient.
        body_part: such as "abdomen"; None when it is not known.
        indication: why the study was made, in anybody's words; None for none.
    """

    conditions: Sequence[str]
    scope: str
    body_part: str | None = None
    indication: str | None = None


def volume_requests(recipe: str, prompt: str, pictures: Iterable[Picture], asked: Asked) -> tuple[Request[bool], ...]:
    """One request for each condition; all share the same pictures and the same parts but the last.

    Args:
        recipe: name and version.
        prompt: name of the prompt file.
        pictures: the slices in the order shown.
        asked: the conditions and what is known of the study.

    Raises:
        ValueError: a condition or body part without words, or with too many.
    """
    templates = load_templates(prompt)
    questions = [_question(templates, condition, asked.indication) for condition in asked.conditions]
    leading = (_role(templates, asked.body_part), *_labelled(templates["label"], pictures))
    return tuple(Request(TOOL, recipe, (*leading, "\n\n" + question), YesNo(), asked.scope, MOST_TOKENS)
                 for question in questions)


def bare_requests(recipe: str, prompt: str, pictures: Iterable[Picture], asked: Asked) -> tuple[Request[bool], ...]:
    """As `volume_requests`, without a role before the slices and without a history.

    Args:
        recipe: name and version.
        prompt: name of a prompt file with `label` and `question`.
        pictures: the slices in the order shown.
        asked: the conditions.

    Raises:
        ValueError: a condition without words, or with too many.
    """
    templates = load_templates(prompt)
    leading = tuple(_labelled(templates["label"], pictures))
    questions = [templates["question"].fill(condition=term(condition, "a condition")) for condition in asked.conditions]
    return tuple(Request(TOOL, recipe, (*leading, "\n\n" + question), YesNo(), asked.scope, MOST_TOKENS)
                 for question in questions)


def check_slices(rows: int, columns: int) -> None:
    """Refuse slices that no scanner makes.

    Raises:
        InputError: a side longer than `LONGEST_SIDE`.
    """
    if max(rows, columns) > LONGEST_SIDE:
        raise InputError(f"slices of {rows} x {columns} pixels are too large to be shown to a model, which takes up to "
                         f"{LONGEST_SIDE} x {LONGEST_SIDE}")


def _role(templates: Mapping[str, Template], body_part: str | None) -> str:
    if body_part is None or not body_part.strip():
        return templates["role_unknown"].fill()
    return templates["role"].fill(body_part=term(body_part, "a body part"))


def _labelled(label: Template, pictures: Iterable[Picture]) -> Iterable[Part]:
    for number, picture in enumerate(pictures, start=1):
        yield picture
        yield label.fill(number=str(number))


def _question(templates: Mapping[str, Template], condition: str, indication: str | None) -> str:
    words = term(condition, "a condition").replace('"', "'")
    history = plain(indication or "").replace('"', "'")
    if len(history) > LONGEST_HISTORY:
        history = history[:LONGEST_HISTORY].rsplit(" ", 1)[0] + " ..."
    if not history:
        return templates["question"].fill(condition=words)
    return templates["question_with_history"].fill(condition=words, history=history)
