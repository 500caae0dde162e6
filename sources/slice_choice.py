"""Which slices of a series make one stack, in which order, and why the others do not. Pure: headers in, slices out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.refusal import Refusal, RefusalCode
from .phase import Group, split_phases
from .slice_headers import SliceHeader

SAME_PLACE_MM = 0.015
_SAME_DIRECTION = 0.01
_SAME_SPACING = 1e-3
_MOST_LISTED = 6


@dataclass(frozen=True)
class Stack:
    """The slices of one series that make its volume.

    Args:
        slices: in LPS order along their normal, one at each place.
        left_out: files none of whose slices is used, and why.
        notes: what a person must know about the choice.
    """

    slices: tuple[SliceHeader, ...]
    left_out: tuple[Refusal, ...]
    notes: tuple[str, ...]


def choose_stack(slices: Sequence[SliceHeader]) -> Stack:
    """Choose and sort the slices of one volume.

    The largest group of equal orientation, size and spacing is taken. Where its places were imaged several times (time
    points, echoes, b-values, acquisitions ...) one phase is taken by the rule of `preference`. Of slices at one place
    that nothing tells apart the first by acquisition, instance and frame number is used.

    Args:
        slices: all of a series, at least one.
    """
    alike, odd = _largest_alike(slices)
    places = _places(alike)
    phases = split_phases(alike, lambda item: (places[id(item)],), lambda item: item.phase)
    kept, repeats = _one_per_place(phases[0].items, places)
    others = [item for group in phases[1:] for item in group.items]
    notes = [*_describe_odd(odd), *_describe_phases(phases), *_describe_repeats(repeats)]
    used = {item.file.path for item in kept}
    left_out = [
        *_refuse(odd, used, RefusalCode.BAD_GEOMETRY, "the slice has another orientation, size or spacing than most of "
                 "its series and is no part of the volume"),
        *_refuse(others, used, RefusalCode.NOT_CHOSEN, "the slice belongs to another phase of its series than the one "
                 f"measured: {' and '.join(phases[0].said)}"),
        *_refuse(repeats, used, RefusalCode.DUPLICATE, "another slice of the series lies at the same position; the "
                 "first by acquisition and instance number is used")]
    return Stack(tuple(kept), tuple(left_out), tuple(notes))


def _largest_alike(slices: Sequence[SliceHeader]) -> tuple[list[SliceHeader], list[SliceHeader]]:
    groups: list[list[SliceHeader]] = []
    for item in sorted(slices, key=lambda part: (part.file.path, part.order)):
        home = next((group for group in groups if _alike(group[0], item)), None)
        if home is None:
            groups.append([item])
        else:
            home.append(item)
    largest = max(groups, key=len)
    return largest, [item for group in groups if group is not largest for item in group]


def _alike(one: SliceHeader, other: SliceHeader) -> bool:
    return one.shape == other.shape and all(
        abs(mine - theirs) <= tolerance for ours, others, tolerance in (
            (one.spacing, other.spacing, _SAME_SPACING * max(one.spacing)),
            (one.along_row, other.along_row, _SAME_DIRECTION),
            (one.along_column, other.along_column, _SAME_DIRECTION))
        for mine, theirs in zip(ours, others, strict=True))


def _places(slices: Sequence[SliceHeader]) -> dict[int, int]:
    """Numbers of the places along the normal, rising, by the identity of the slice."""
    normal = slices[0].normal
    depth = {id(item): float(item.position @ normal) for item in slices}
    places: dict[int, int] = {}
    last, number = -float("inf"), -1
    for key in sorted(depth, key=depth.__getitem__):
        number += depth[key] - last > SAME_PLACE_MM
        last, places[key] = depth[key], number
    return places


def _one_per_place(chosen: Sequence[SliceHeader], places: dict[int, int]
                   ) -> tuple[list[SliceHeader], list[SliceHeader]]:
    kept: list[SliceHeader] = []
    repeats: list[SliceHeader] = []
    for item in sorted(chosen, key=lambda part: (places[id(part)], part.order, part.file.path)):
        again = kept and places[id(item)] == places[id(kept[-1])]
        (repeats if again else kept).append(item)
    return kept, repeats


def _refuse(items: Sequence[SliceHeader], used: set[str], code: RefusalCode, reason: str) -> list[Refusal]:
    """One refusal for each file of which nothing is used."""
    return [Refusal(file=path, code=code, reason=reason)
            for path in dict.fromkeys(item.file.path for item in items) if path not in used]


def _describe_odd(odd: Sequence[SliceHeader]) -> list[str]:
    return [f"{count(len(odd), 'slice')} of another orientation, size or spacing left out"] if odd else []


def _describe_phases(phases: Sequence[Group[SliceHeader]]) -> list[str]:
    if len(phases) == 1:
        return []
    said = Counter(" and ".join(group.said) for group in phases)
    others = [name for name in said if name != " and ".join(phases[0].said)]
    listed = ", ".join(others[:_MOST_LISTED]) + (f" and {len(others) - _MOST_LISTED} more" if len(others) >
                                                 _MOST_LISTED else "")
    return [f"the series holds {len(phases)} phases; used is {' and '.join(phases[0].said)} "
            f"({count(len(phases[0].items), 'slice')}), not {listed}: original before derived, then the first time "
            "point, the lowest b-value, the shortest echo"]


def _describe_repeats(repeats: Sequence[SliceHeader]) -> list[str]:
    if not repeats:
        return []
    return [f"{count(len(repeats), 'slice')} at the same position as another; the first of each was used"]


def count(number: int, word: str) -> str:
    """`1 slice`, `2 slices`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
