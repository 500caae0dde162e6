"""What tells several images of one place apart (time, echo, diffusion weighting ...), and which of them comes first."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Place = tuple[int, ...]


@dataclass(frozen=True)
class Phase:
    """What else than its place distinguishes an image from others of its series (PS3.3 C.7.6.16, C.8.3, C.8.13).

    Args:
        stack: StackID of an enhanced image.
        contents: ImageType or FrameType, and ComplexImageComponent, upper case.
        time: TemporalPositionIdentifier or TemporalPositionIndex, 0 when absent.
        b_value: s/mm², DiffusionBValue or the manufacturer's own element.
        echo_ms: EchoTime or EffectiveEchoTime.
        inversion_ms: InversionTime.
        trigger_ms: TriggerTime or NominalCardiacTriggerDelayTime.
        kernel: ConvolutionKernel.
        acquisition: AcquisitionNumber, 0 when absent.
    """

    stack: str = ""
    contents: tuple[str, ...] = ()
    time: int = 0
    b_value: float | None = None
    echo_ms: float | None = None
    inversion_ms: float | None = None
    trigger_ms: float | None = None
    kernel: str = ""
    acquisition: int = 0


_WORDS = {
    "stack": "stack {}", "contents": "image type {}", "time": "time point {}", "b_value": "b-value {:g} s/mm²",
    "echo_ms": "echo time {:g} ms", "inversion_ms": "inversion time {:g} ms", "trigger_ms": "trigger delay {:g} ms",
    "kernel": "kernel {}", "acquisition": "acquisition {}",
}
"""The attributes by which repeated images are told apart, in this order, and how each is said."""
_PRIVATE_B_VALUES = (
    (0x00190010, "SIEMENS MR HEADER", 0x0019100C), (0x00430010, "GEMS_PARM_01", 0x00431039),
    (0x20010010, "Philips Imaging DD 001", 0x20011003))
"""(creator element, creator, element whose first value is the b-value), where the block is the first of its group."""
_LONGEST = 100
_GE_FLAG = 1_000_000_000
"""GE adds this to b-values of some sequences."""
PHASE_NAMES = ("ImageType", "ConvolutionKernel", "AcquisitionNumber", "TemporalPositionIdentifier", "TriggerTime",
               "EchoTime", "InversionTime", "DiffusionBValue")
PRIVATE_TAGS = tuple(tag for rule in _PRIVATE_B_VALUES for tag in (rule[0], rule[2]))
"""With `PHASE_NAMES` the elements of a single-frame header that `read_phase` looks at."""
Known = Mapping[str | int, Any]
"""Values of elements by keyword; of private ones by tag."""


def read_phase(places: Sequence[Known]) -> Phase:
    """The phase of an image.

    Args:
        places: where to look, the nearest first: a frame's functional group macros, the shared ones, the header.
    """
    return Phase(
        stack=_text(_first(places, "StackID")), contents=_contents(places),
        time=int(_number(_first(places, "TemporalPositionIdentifier", "TemporalPositionIndex")) or 0),
        b_value=_b_value(places), echo_ms=_number(_first(places, "EffectiveEchoTime", "EchoTime")),
        inversion_ms=_number(_first(places, "InversionTime", "InversionTimes")),
        trigger_ms=_number(_first(places, "NominalCardiacTriggerDelayTime", "TriggerTime")),
        kernel=_text(_first(places, "ConvolutionKernel")),
        acquisition=int(_number(_first(places, "FrameAcquisitionNumber", "AcquisitionNumber")) or 0))


def _first(places: Iterable[Known], *names: str | int) -> Any:
    for place in places:
        for name in names:
            value = place.get(name)
            if value is not None and value != "":
                return value
    return None


def _text(value: Any) -> str:
    if value is None:
        return ""
    parts = [value] if isinstance(value, str) else list(value) if hasattr(value, "__iter__") else [value]
    text = "\\".join(str(part).strip() for part in parts)
    return "".join(character for character in text if character.isprintable())[:_LONGEST]


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, bytes):
        return None
    if hasattr(value, "__iter__") and not isinstance(value, str):
        value = next(iter(value), None)
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return round(number, 2) if math.isfinite(number) and abs(number) < 1e12 else None


def _contents(places: Sequence[Known]) -> tuple[str, ...]:
    kinds = _text(_first(places, "FrameType") or _first(places, "ImageType"))
    component = _text(_first(places, "ComplexImageComponent"))
    return tuple(part for part in (*kinds.upper().split("\\"), component.upper()) if part)


def _b_value(places: Sequence[Known]) -> float | None:
    standard = _number(_first(places, "DiffusionBValue"))
    if standard is not None:
        return standard
    for creator, name, element in _PRIVATE_B_VALUES:
        if _text(_first(places, creator)) == name:
            value = _number(_first(places, element))
            return value if value is None else value % _GE_FLAG
    return None


@dataclass(frozen=True)
class Group(Generic[Item]):
    """Images of which no two that can be told apart lie at one place.

    Args:
        items: in their old order.
        said: what sets them apart from the other groups, in words; empty for an only group.
    """

    items: tuple[Item, ...]
    said: tuple[str, ...] = ()


def split_phases(items: Sequence[Item], place: Callable[[Item], Place], phase: Callable[[Item], Phase]
                 ) -> list[Group[Item]]:
    """Split images of which several lie at one place by the first attribute that tells them apart, and so on.

    Stacks are always parted. An attribute that differs from slice to slice, such as the acquisition number of
    step-and-shoot CT, tells nothing; trigger times that do are ranked at each place.

    Args:
        items: images of one series.
        place: a rounded position; equal for images of one place.
        phase: of an image.

    Returns:
        Groups, the preferred one first: see `preference`.
    """
    groups = _split(Group(tuple(items)), place, phase)
    most = max(len(group.items) for group in groups)
    return sorted(groups, key=lambda group: (len(group.items) < 0.9 * most, preference(phase(group.items[0]))))


def _split(group: Group[Item], place: Callable[[Item], Place], phase: Callable[[Item], Phase]) -> list[Group[Item]]:
    for name in _WORDS:
        parts = _parts(group.items, name, place, phase)
        if parts:
            return [part for value, items in parts
                    for part in _split(Group(items, (*group.said, value)), place, phase)]
    return [group]


def _parts(items: Sequence[Item], name: str, place: Callable[[Item], Place], phase: Callable[[Item], Phase]
           ) -> list[tuple[str, tuple[Item, ...]]]:
    """The items by one attribute, each part with its words; nothing when the attribute does not part them."""
    values = [getattr(phase(item), name) for item in items]
    if len(set(values)) < 2:
        return []
    at = [place(item) for item in items]
    if name != "stack" and len({*zip(at, values, strict=True)}) == len(set(at)):
        return []
    words = _WORDS[name]
    if name == "trigger_ms" and min(Counter(values).values()) < 2:
        values, words = _ranks(at, values), "cardiac phase {}"
    found: dict[Any, list[Item]] = defaultdict(list)
    for item, value in zip(items, values, strict=True):
        found[value].append(item)
    if len(found) < 2 or min(len(part) for part in found.values()) < 2:
        return []
    return [(_said(words, value), tuple(part)) for value, part in found.items()]


def _ranks(at: Sequence[Place], values: Sequence[Any]) -> list[int]:
    """1 for the least value at its place, 2 for the next."""
    here: dict[Place, list[Any]] = defaultdict(list)
    for spot, value in zip(at, values, strict=True):
        here[spot].append(value)
    return [1 + sorted(here[spot], key=_missing_last).index(value) for spot, value in zip(at, values, strict=True)]


def _said(words: str, value: Any) -> str:
    if value in (None, "", ()):
        return f"no {words.partition(' {')[0]}"
    return words.format("\\".join(value) if isinstance(value, tuple) else value)


def _missing_last(value: float | None) -> tuple[bool, float]:
    return value is None, value or 0.0


def preference(phase: Phase) -> tuple[Any, ...]:
    """Sorts phases, the one to be measured first: original before derived, magnitude before phase, then the first time
    point, the lowest b-value, the shortest echo and inversion time, the first trigger delay and acquisition."""
    original = "DERIVED" not in phase.contents[:1]
    magnitude = not {"P", "R", "I", "PHASE", "REAL", "IMAGINARY"} & set(phase.contents[2:])
    return (not original, not magnitude, phase.stack, phase.time, _missing_last(phase.b_value),
            _missing_last(phase.echo_ms), _missing_last(phase.inversion_ms), _missing_last(phase.trigger_ms),
            phase.contents, phase.kernel, phase.acquisition)
