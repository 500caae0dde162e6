"""Which prompts share their beginning, and how much of it is worth sharing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .prefixes import Whose
from .render import Prompt, common_length

_WORTH = 256
"""Tokens: a group shares more than the stem of its prompts only when this much is saved, because a later question
has only the stem in common with it."""


@dataclass(frozen=True)
class Group:
    """Prompts of one patient and one set of weights that begin alike.

    Args:
        whose: the patient and the weights.
        members: their places in the sequence that was planned, in order.
        cut: leading tokens that are fed once for all; each prompt has at least one more.
    """

    whose: Whose
    members: tuple[int, ...]
    cut: int


def plan(prompts: Sequence[Prompt], owners: Sequence[Whose]) -> list[Group]:
    """Groups in the order of their first members; prompts belong together when their stems are equal.

    Args:
        prompts: to be answered.
        owners: of the same length.
    """
    together: dict[tuple[object, ...], list[int]] = {}
    for number, (prompt, whose) in enumerate(zip(prompts, owners, strict=True)):
        together.setdefault((whose, prompt.keys[:prompt.stem]), []).append(number)
    return [Group(owners[members[0]], tuple(members), _cut([prompts[number] for number in members]))
            for members in together.values()]


def _cut(prompts: Sequence[Prompt]) -> int:
    first, *others = prompts
    shared = min((common_length(first.keys, other.keys) for other in others), default=first.stem)
    most = min(shared, min(len(prompt.ids) for prompt in prompts) - 1)
    return most if most - first.stem >= _WORTH else first.stem
