"""Coded concepts for DICOM objects: codes of PS3.16 as pydicom's dictionary holds them, the finding's own code, or a
private one. None is written from memory."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from ...core.finding import Finding, Laterality, Value
from ..wording import plain

if TYPE_CHECKING:
    from highdicom.sr import CodedConcept

PRIVATE = "99CASELOOM"
_LONGEST_CODE, _LONGEST_MEANING = 16, 64
_SCHEMES = {"http://loinc.org": "LN", "http://snomed.info/sct": "SCT", "http://radlex.org": "RADLEX"}


def structure(name: str) -> tuple[CodedConcept, CodedConcept | None]:
    """What a mask or site named `name` is, and its side.

    Args:
        name: such as `Right lung`.
    """
    from highdicom.sr import CodedConcept
    from pydicom.sr.codedict import codes

    sides = {"right": codes.SCT.Right, "left": codes.SCT.Left, "both": codes.SCT.RightAndLeft}
    first, _, rest = name.partition(" ")
    side = sides.get(first.casefold())
    whole = (rest if side is not None else name).casefold().rstrip("s")
    known = {"lung": codes.SCT.Lung, "brain": codes.SCT.Brain, "heart": codes.SCT.Heart}
    kind = known.get(whole)
    if kind is None:
        return private(name), None
    return CodedConcept.from_code(kind), CodedConcept.from_code(side) if side is not None else None


def side_of(side: Laterality | None) -> CodedConcept | None:
    """The patient's side as DICOM codes it."""
    from highdicom.sr import CodedConcept
    from pydicom.sr.codedict import codes

    known = {Laterality.RIGHT: codes.SCT.Right, Laterality.LEFT: codes.SCT.Left,
             Laterality.BILATERAL: codes.SCT.RightAndLeft}
    return CodedConcept.from_code(known[side]) if side in known else None


def named(finding: Finding) -> CodedConcept:
    """What a finding is called: its own code where DICOM knows the scheme, else a private one for its name."""
    from highdicom.sr import CodedConcept

    code = finding.code
    scheme = _SCHEMES.get(code.system) if code is not None else None
    if code is None or scheme is None or len(code.code) > _LONGEST_CODE:
        return private(finding.name)
    return CodedConcept(code.code, scheme, _meaning(code.display or finding.name))


def unit(value: Value) -> CodedConcept:
    """A unit as UCUM; `1`, no units, where the value has none."""
    from highdicom.sr import CodedConcept

    code = value.ucum or "1"
    if len(code) > _LONGEST_CODE:
        return private(value.unit or code)
    return CodedConcept(code, "UCUM", _meaning(value.unit or ("no units" if code == "1" else code)))


def private(name: str) -> CodedConcept:
    """A code of our own that follows from the name."""
    from highdicom.sr import CodedConcept

    return CodedConcept(sha256(name.encode("utf-8")).hexdigest()[:12], PRIVATE, _meaning(name))


def _meaning(text: str) -> str:
    return plain(text)[:_LONGEST_MEANING] or "unnamed"
