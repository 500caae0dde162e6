"""Which series of an examination is measured, by rule, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...core.case import FileKind, Series, Study
from ...core.errors import RefusedFile
from ...core.refusal import Refusal, RefusalCode
from ...core.settings import Limits
from ...sources.slice_headers import read_slices

MEASURED_KINDS = (FileKind.CT, FileKind.MR, FileKind.VOLUME)
FEWEST_SLICES = 3
AXIAL_COSINE = 0.8
"""A series whose normal lies within 37 degrees of the body's axis counts as axial."""


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


def choose_series(study: Study, root: Path, limits: Limits) -> Choice:
    """Rank the series of an examination.

    Localizers and series of fewer than three slices are never measured. Secondary series (reformatted, computed) only
    when there is no primary one. Of what remains axial ones come first, then those with the most slices, then the
    lowest uid.

    Args:
        study: a CT, MR or volume examination.
        root: folder of the files.
        limits: for reading one header per series.
    """
    ours = [series for series in study.series if series.kind in MEASURED_KINDS]
    rejected: list[tuple[Series, RefusalCode, str]] = []
    usable = []
    for series in ours:
        reason = _unfit(series)
        if reason is None:
            usable.append(series)
        else:
            rejected.append((series, *reason))
    primary = [series for series in usable if not is_secondary(series)]
    warnings: tuple[str, ...] = ()
    if primary:
        rejected += [(series, RefusalCode.DERIVED_OBJECT, "the series was computed from another one of this "
                      "examination, which is measured instead") for series in usable if is_secondary(series)]
    elif usable:
        warnings = ("only a derived series is there; its values may have been changed by processing",)
    ranked = sorted(primary or usable, key=lambda series: (not is_axial(series, root, limits), -slices_of(series),
                                                           series.uid))
    refused = tuple(refusal for series, code, text in rejected for refusal in refuse_series(series, code, text))
    return Choice(tuple(ranked), refused, warnings)


def _unfit(series: Series) -> tuple[RefusalCode, str] | None:
    if any(word.upper() in ("LOCALIZER", "SCOUT", "TOPOGRAM") for word in series.image_type):
        return RefusalCode.LOCALIZER, "a localizer is for planning the scan and is not measured"
    if slices_of(series) < FEWEST_SLICES and not _is_single_file(series):
        return RefusalCode.TOO_FEW_SLICES, (f"the series holds {slices_of(series)} of the {FEWEST_SLICES} slices that "
                                            "a volume needs at least")
    return None


def is_secondary(series: Series) -> bool:
    """Whether ImageType's second value says that the image was computed from others (PS3.3 C.7.6.1.1.2)."""
    return len(series.image_type) > 1 and series.image_type[1].upper() == "SECONDARY"


def slices_of(series: Series) -> int:
    """Slices that the series' files declare; 1 for a NIfTI or NRRD file of unknown depth."""
    return max(len(series.files), series.frames)


def _is_single_file(series: Series) -> bool:
    """NIfTI and NRRD: they have no series uid, and their depth shows on loading."""
    return series.uid.startswith("sha256:") and len(series.files) == 1 and series.frames <= 1


def is_axial(series: Series, root: Path, limits: Limits) -> bool:
    """Whether the first readable slice is axial; True for NIfTI and NRRD, which are turned to axial on loading."""
    if _is_single_file(series):
        return True
    try:
        first = read_slices(series.files[len(series.files) // 2], root, limits)[0]
    except RefusedFile:
        return False
    return abs(float(np.dot(first.normal, (0, 0, 1)))) > AXIAL_COSINE


def refuse_series(series: Series, code: RefusalCode, reason: str) -> Iterable[Refusal]:
    """The same refusal for each file of a series."""
    return (Refusal(file=file.path, code=code, reason=reason) for file in series.files)
