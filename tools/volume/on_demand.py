"""What is measured in a CT when somebody asks: an opacity on one slice, and all opacities of a lung or a zone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from ...core.case import FileKind, Study
from ...core.errors import RefusedFile
from ...core.evidence import VolumeRegion
from ...core.finding import Finding, Laterality
from ...core.refusal import Refusal, RefusalCode
from ...core.result import ToolResult
from ...sources.volume import HU, Volume, load_volume
from ..base import Aids, Arguments, ToolContext, refuse
from .choose import choose_series, is_axial
from .ct_candidates import tell_candidate
from .diameters import measure_ball
from .draw import draw_marked, slice_text
from .lungs import Chest, Lung, lung_name, segment_chest
from .nodules import SAME_SIZE, Candidate, find_candidates
from .on_slice import OnSlice, measure_on_slice
from .telling import Telling, millimetres

LONGER = 1.25
CANDIDATES = ("Pulmonary nodule candidate", "Pulmonary mass candidate")


class OnSliceArguments(Arguments):
    """Which slice, and which opacity."""

    slice: int = Field(ge=1, le=100_000, description="As captions number slices: 88 in 'slice 88 of 150'.")
    opacity: int = Field(default=1, ge=1, le=50, description="1 for the largest opacity of the report.")


class OpacitiesArguments(Arguments):
    """Which opacities."""

    side: Literal["", "right", "left"] = Field(default="", description="The patient's side; empty for both.")
    zone: Literal["", "upper", "middle", "lower"] = Field(default="", description="Third of the lung's height.")
    smallest_mm: float = Field(default=4.0, ge=3.0, le=100.0, description="Mean diameter from which one counts.")
    most: int = Field(default=10, ge=1, le=20)


class _OfCt:
    """The gate of what needs a CT."""

    name: str

    def gate(self, study: Study) -> Refusal | None:
        """Refuse a study without a CT."""
        if any(series.kind is FileKind.CT for series in study.series):
            return None
        return refuse(study, RefusalCode.WRONG_MODALITY, f"{self.name} reads CT, and this is none")


class MeasureOnSlice(_OfCt):
    """The diameters of an opacity that the review found, on a slice of the user's choice."""

    name = "measure_on_slice"
    arguments = OnSliceArguments

    def run(self, study: Study, context: ToolContext, given: OnSliceArguments, aids: Aids) -> ToolResult:
        """See `OnDemand.run`. Needs the review's result, which says where the opacity lies."""
        start = time.perf_counter()
        try:
            telling = _on_slice(study, context, given, aids.earlier)
        except RefusedFile as error:
            return _result(None, context, start, (refuse(study, error.code, error.reason),))
        return _result(telling, context, start)


class ListOpacities(_OfCt):
    """All round or massive solid places of a CT, more than a report gives; of one side, of a zone, from a size on."""

    name = "list_opacities"
    arguments = OpacitiesArguments

    def run(self, study: Study, context: ToolContext, given: OpacitiesArguments, aids: Aids) -> ToolResult:
        """See `OnDemand.run`."""
        start = time.perf_counter()
        try:
            telling = _opened(study, context)
        except RefusedFile as error:
            return _result(None, context, start, (refuse(study, error.code, error.reason),))
        volume = telling.volume
        chest = segment_chest(volume.voxels, volume.geometry, sides_known=volume.sides_known)
        ranked = list(enumerate(find_candidates(chest, volume.voxels, volume.geometry), 1))
        wanted = [(rank, one) for rank, one in ranked if _is_wanted(one, given, chest, volume)]
        for rank, candidate in wanted[:given.most]:
            tell_candidate(telling, candidate, rank, chest)
        if len(wanted) > given.most:
            telling.warnings.append(f"{len(wanted)} opacities answer to it; the {given.most} largest are given")
        none = () if wanted else (refuse(study, RefusalCode.NO_RESULTS, _none_found(given, len(ranked))),)
        return _result(telling, context, start, none)


def _none_found(given: OpacitiesArguments, found: int) -> str:
    lung = f"{given.side} lung" if given.side else "lungs"
    where = f"the {given.zone} third of the {lung}" if given.zone else f"the {lung}"
    return (f"solid opacities that were found: {found}; none of them lies in {where} with a mean diameter of "
            f"{given.smallest_mm:g} mm or more, and others may have been missed")


def _opened(study: Study, context: ToolContext) -> Telling:
    """The study's best axial CT series in HU.

    Raises:
        RefusedFile: there is none that can be loaded.
    """
    failed: RefusedFile | None = None
    choice = choose_series(study, context.root, context.limits)
    for series in choice.ranked:
        if series.kind is not FileKind.CT or not is_axial(series, context.root, context.limits):
            continue
        try:
            volume = load_volume(series, context.root, context.limits)
        except RefusedFile as error:
            failed = failed or error
            continue
        if volume.unit != HU:
            failed = failed or RefusedFile(RefusalCode.NO_RESULTS, "the values are not Hounsfield units")
            continue
        return Telling(volume, series, study.date, context)
    raise failed or RefusedFile(RefusalCode.WRONG_MODALITY, "the examination has no axial CT series")


def _on_slice(study: Study, context: ToolContext, given: OnSliceArguments, earlier: ToolResult | None) -> Telling:
    opacity, place = _opacity(given.opacity, earlier)
    telling = _opened(study, context)
    volume = telling.volume
    if telling.series.uid != place.series_uid:
        raise RefusedFile(RefusalCode.NOT_CHOSEN, "the series that the opacity was found in is not the one at hand")
    k = _plane(given, place, volume)
    middle = np.array([(place.bbox_mm[axis] + place.bbox_mm[axis + 3]) / 2 for axis in range(3)])
    ball = measure_ball(volume.voxels, volume.geometry, middle, (opacity.number or 0.0) / 2)
    same = ball is not None and SAME_SIZE[0] <= ball.diameter_mm / (opacity.number or 1.0) <= SAME_SIZE[1]
    if ball is None or not same:
        raise RefusedFile(RefusalCode.NO_RESULTS, f"opacity {given.opacity} is not surrounded by lung, so its border "
                          "on one slice cannot be told")
    size = measure_on_slice(volume.voxels, volume.geometry, ball, k)
    if size is not None and _runs_out(size, opacity):
        raise RefusedFile(RefusalCode.NO_RESULTS, f"on slice {given.slice} opacity {given.opacity} runs into tissue "
                          "around it, so its border there cannot be told")
    if size is None:
        raise RefusedFile(RefusalCode.NO_RESULTS, f"on slice {given.slice} opacity {given.opacity} does not reach half "
                          "way between lung and its core, so it has no border there")
    _tell(telling, size, k, given, opacity)
    return telling


def _runs_out(size: OnSlice, opacity: Finding) -> bool:
    """Whether what was measured goes beyond the opacity: no section of a thing is longer than the thing.

    The review gives the mean of long and short axis; the long axis may be a quarter more.
    """
    margin = size.precision_mm + (opacity.value.precision or 0.0 if opacity.value else 0.0)
    return not size.bounded or size.long_mm > LONGER * (opacity.number or 0.0) + margin


def _plane(given: OnSliceArguments, place: VolumeRegion, volume: Volume) -> int:
    """The plane of the array that the slice is.

    Raises:
        RefusedFile: there is no such slice, or the opacity does not reach it.
    """
    first, last = (index + 1 for index in place.slice_range)
    k = next((n for n, plane in enumerate(volume.planes) if plane.index == given.slice - 1), None)
    if k is None:
        raise RefusedFile(RefusalCode.NO_RESULTS, f"the series has no slice {given.slice}; it has slices 1 to "
                          f"{volume.stored_slices}")
    if not first <= given.slice <= last:
        raise RefusedFile(RefusalCode.NO_RESULTS, f"opacity {given.opacity} does not reach slice {given.slice}; it "
                          f"lies on slices {first} to {last} of {volume.stored_slices}")
    return k


def _opacity(number: int, earlier: ToolResult | None) -> tuple[Finding, VolumeRegion]:
    """An opacity of the review by its rank, and where it lies.

    Raises:
        RefusedFile: the review has none of that rank.
    """
    found = [item for item in (earlier.findings if earlier else ()) if item.name in CANDIDATES]
    found.sort(key=lambda item: -(item.number or 0.0))
    if number > len(found):
        raise RefusedFile(RefusalCode.NO_RESULTS, f"the review found {len(found)} opacities in this CT, and none of "
                          f"them is number {number}")
    finding = found[number - 1]
    places = {item.id: item.locator for item in earlier.evidence} if earlier else {}
    region = next(place for key in finding.evidence if isinstance(place := places.get(key), VolumeRegion))
    return finding, region


def _tell(telling: Telling, size: OnSlice, k: int, given: OnSliceArguments, opacity: Finding) -> None:
    volume = telling.volume
    picture = telling.picture(f"opacity{given.opacity}-on-{given.slice}", lambda: draw_marked(volume, k, size.box))
    caption = (f"{slice_text(volume, k)}, lung window, box around solid opacity {given.opacity} as measured on this "
               f"slice, long and short axis each to {size.precision_mm:.1f} mm")
    evidence = (telling.slice(k, size.box, caption, picture),)
    side = opacity.laterality or Laterality.BILATERAL
    site = f"Opacity {given.opacity}, {lung_name(side).lower()}, slice {given.slice}"
    for name, number in (("Mean", size.mean_mm), ("Long-axis", size.long_mm), ("Short-axis", size.short_mm)):
        telling.measured(f"{name} diameter on one slice", millimetres(number, size.precision_mm), evidence, site=site,
                         side=opacity.laterality)


def _is_wanted(candidate: Candidate, given: OpacitiesArguments, chest: Chest, volume: Volume) -> bool:
    if candidate.diameter_mm < given.smallest_mm or (given.side and candidate.side.value != given.side):
        return False
    return not given.zone or zone_of(candidate, chest.lungs, chest, volume) == given.zone


def zone_of(candidate: Candidate, lungs: Sequence[Lung], chest: Chest, volume: Volume) -> str:
    """Which third of its lung's height the middle of a candidate lies in: `upper`, `middle` or `lower`; empty where its
    lung is not told. Thirds of the height are no lobes.
    """
    lung = next((one for one in lungs if one.side in (candidate.side, Laterality.BILATERAL)), None)
    if lung is None:
        return ""
    planes = np.flatnonzero(lung.rough.any(axis=(1, 2))) * chest.coarse.factors[0]
    end = min(planes[-1] + chest.coarse.factors[0], volume.geometry.shape[0])
    corners = volume.geometry.to_lps(np.array([[planes[0], 0.0, 0.0], [end, 0.0, 0.0]]))
    low, high = sorted(float(z) for z in corners[:, 2])
    part = (candidate.centre_mm[2] - low) / max(high - low, 1e-6)
    return "lower" if part < 1 / 3 else "middle" if part < 2 / 3 else "upper"


def _result(telling: Telling | None, context: ToolContext, start: float,
            refused: tuple[Refusal, ...] = ()) -> ToolResult:
    return ToolResult(tool="volume", reader=context.reader.identity.name, refused=refused,
                      findings=tuple(telling.findings) if telling else (),
                      evidence=tuple(telling.evidence) if telling else (),
                      warnings=tuple(telling.warnings) if telling else (), seconds=time.perf_counter() - start)
