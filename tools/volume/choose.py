"""Which series of an examination is measured, by rule, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...core.case import CaseFile, FileKind, Series, Study
from ...core.errors import RefusedFile
from ...core.refusal import Refusal, RefusalCode
from ...core.settings import Limits
from ...sources.ct_technique import Technique, read_technique
from ...sources.phase import Phase, preference
from ...sources.slice_headers import SliceHeader, read_slices
from .ct_lungs import is_sharp

MEASURED_KINDS = (FileKind.CT, FileKind.MR, FileKind.VOLUME)
FEWEST_SLICES = 3
AXIAL_COSINE = 0.8
"""A series whose normal lies within 37 degrees of the body's axis counts as axial."""
WHOLE_EXTENT = 0.8
"""Share of the longest axial series' length from which on a series counts as showing the whole examination."""
THIN_MM = 3.0
"""Slices up to this thickness are preferred to thicker ones before their kernel is looked at; an own choice."""
RULE = ("primary before derived, axial before other planes, the whole length before a part, without before with "
        "contrast agent, slices of up to 3 mm before thicker ones, smooth before sharp kernels, thin before thick, "
        "earlier before later phases, more slices before fewer")
_PLANNING = frozenset({"LOCALIZER", "SCOUT", "TOPOGRAM"})
_COMPUTED = frozenset({
    "MIP", "MINIP", "MPR", "CSA MPR", "CSAMPR", "REFORMATTED", "PROJECTION IMAGE", "AVERAGE", "SUBTRACTION", "VRT",
    "VOLREN", "SSD", "3DRENDER", "ADC", "FA", "TRACEW", "EADC", "RCBF", "RCBV", "MTT", "TTP", "DOSE", "SCREEN SAVE"})
"""Values of ImageType from the third on (PS3.3 C.8.2.1.1.1, C.8.3.1.1.1, C.8.16.1.4; some are manufacturers' own) of
images computed from others."""
_MOST_LISTED = 4


@dataclass(frozen=True)
class Choice:
    """Series of one examination.

    Args:
        ranked: those that may be measured, best first; the first that loads is.
        refused: files of series that are not measured, each with its reason.
        warnings: what a person should know about the choice.
    """

    ranked: tuple[Series, ...]
    refused: tuple[Refusal, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """What decides between series, from a few of their headers.

    Args:
        axial: see `is_axial`.
        extent_mm: from the first slice to the last; 0 when not known.
        technique: thickness, kernel and contrast agent.
        phase: of the first slice.
    """

    axial: bool = True
    extent_mm: float = 0.0
    technique: Technique = field(default_factory=Technique)
    phase: Phase = field(default_factory=Phase)


def choose_series(study: Study, root: Path, limits: Limits) -> Choice:
    """Rank the series of an examination by `RULE`.

    Localizers and series of fewer than three slices are never measured, series computed from others only when there
    is no other one. The warnings say the rule and the order wherever there was a choice.

    Args:
        study: a CT, MR or volume examination.
        root: folder of the files.
        limits: for reading a few headers of each series.
    """
    usable, rejected = _sort_out([series for series in study.series if series.kind in MEASURED_KINDS])
    primary = [series for series in usable if not is_secondary(series)]
    warnings: list[str] = []
    if primary:
        rejected += [(series, RefusalCode.DERIVED_OBJECT, "the series was computed from another one of this "
                      "examination, which is measured instead") for series in usable if is_secondary(series)]
    elif usable:
        warnings.append("only a derived series is there; its values may have been changed by processing")
    facts = {id(series): read_facts(series, root, limits) for series in primary or usable}
    longest = max((fact.extent_mm for fact in facts.values() if fact.axial), default=0.0)
    ranked = sorted(primary or usable, key=lambda series: _rank(series, facts[id(series)], longest))
    if len(ranked) > 1:
        warnings.append(_describe(ranked, [facts[id(series)] for series in ranked]))
    refused = tuple(refusal for series, code, text in rejected for refusal in refuse_series(series, code, text))
    return Choice(tuple(ranked), refused, tuple(warnings))


def _sort_out(ours: Iterable[Series]) -> tuple[list[Series], list[tuple[Series, RefusalCode, str]]]:
    usable: list[Series] = []
    rejected: list[tuple[Series, RefusalCode, str]] = []
    for series in ours:
        reason = _unfit(series)
        if reason is None:
            usable.append(series)
        else:
            rejected.append((series, *reason))
    return usable, rejected


def _unfit(series: Series) -> tuple[RefusalCode, str] | None:
    if any(word.upper() in _PLANNING for word in series.image_type):
        return RefusalCode.LOCALIZER, "a localizer is for planning the scan and is not measured"
    if slices_of(series) < FEWEST_SLICES and not _is_single_file(series):
        return RefusalCode.TOO_FEW_SLICES, (f"the series holds {slices_of(series)} of the {FEWEST_SLICES} slices that "
                                            "a volume needs at least")
    return None


def is_secondary(series: Series) -> bool:
    """Whether ImageType says that the images were computed from others: its second value (PS3.3 C.7.6.1.1.2), or a
    later one that names a projection, a reformat or a map."""
    kinds = [word.upper() for word in series.image_type]
    return kinds[1:2] == ["SECONDARY"] or not _COMPUTED.isdisjoint(kinds[2:])


def slices_of(series: Series) -> int:
    """Slices that the series' files declare; 1 for a NIfTI or NRRD file of unknown depth."""
    return max(len(series.files), series.frames)


def _is_single_file(series: Series) -> bool:
    """NIfTI and NRRD: they have no series uid, and their depth shows on loading."""
    return series.uid.startswith("sha256:") and len(series.files) == 1 and series.frames <= 1


def is_axial(series: Series, root: Path, limits: Limits) -> bool:
    """Whether the middle slice is axial; True for NIfTI and NRRD, which are turned to axial on loading."""
    return read_facts(series, root, limits).axial


def read_facts(series: Series, root: Path, limits: Limits) -> Facts:
    """The facts of a series from its first, middle and last file, as far as they can be read; what cannot be read is
    refused with its reason when it is loaded.

    Args:
        series: of an examination.
        root: folder of the files.
        limits: how much may be read.
    """
    if _is_single_file(series):
        return Facts()
    files = [series.files[index] for index in sorted({0, len(series.files) // 2, len(series.files) - 1})]
    slices = [item for file in files for item in _readable(file, root, limits)]
    if not slices:
        return Facts()
    middle = slices[len(slices) // 2]
    depths = [float(item.position @ middle.normal) for item in slices]
    return Facts(abs(float(np.dot(middle.normal, (0, 0, 1)))) > AXIAL_COSINE, max(depths) - min(depths),
                 read_technique(series, root, limits), min((item.phase for item in slices), key=preference))


def _readable(file: CaseFile, root: Path, limits: Limits) -> list[SliceHeader]:
    try:
        return read_slices(file, root, limits)
    except RefusedFile:
        return []


def _rank(series: Series, facts: Facts, longest: float) -> tuple[Any, ...]:
    technique = facts.technique
    thickness = technique.thickness_mm or 0.0
    return (not facts.axial, facts.extent_mm < WHOLE_EXTENT * longest, bool(technique.contrast), thickness > THIN_MM,
            bool(technique.kernel and is_sharp(technique.kernel)), round(thickness, 2), preference(facts.phase),
            -slices_of(series), series.uid, series.files[0].path)


def _describe(ranked: Sequence[Series], facts: Sequence[Facts]) -> str:
    named = [f"{series.description or 'a series without a name'} ({_properties(series, fact)})"
             for series, fact in zip(ranked, facts, strict=True)]
    more = f"; and {len(named) - _MOST_LISTED} more" if len(named) > _MOST_LISTED else ""
    return (f"{len(named)} series could be measured; the first that can be read was, in this order: "
            f"{'; '.join(named[:_MOST_LISTED])}{more}. The rule: {RULE}")


def _properties(series: Series, facts: Facts) -> str:
    technique = facts.technique
    said = ["axial" if facts.axial else "not axial", f"{slices_of(series)} slices"]
    if technique.thickness_mm:
        said.append(f"{technique.thickness_mm:g} mm thick")
    if technique.kernel:
        said.append(f"kernel {technique.kernel}")
    if technique.contrast:
        said.append("contrast agent")
    return ", ".join(said)


def refuse_series(series: Series, code: RefusalCode, reason: str) -> Iterable[Refusal]:
    """The same refusal for each file of a series."""
    return (Refusal(file=file.path, code=code, reason=reason) for file in series.files)
