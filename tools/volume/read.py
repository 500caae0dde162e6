"""A volume as a model reads it: one yes-or-no question for each condition, about the same slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.case import FileKind, Study
from ...core.errors import InputError
from ...core.evidence import VolumeRegion
from ...core.finding import Finding, Status
from ...readers.reading import Reading
from ...readers.recipes.conditions import body_parts, conditions_for
from ...readers.recipes.ct import ct_requests
from ...readers.recipes.mri import mri_requests
from ...readers.recipes.sampling import sample_slices, shown_order
from ...readers.request import Request
from ...sources.volume import HU, Volume
from ..asked import Asked, Kind, Said, asked_of_image, finding_name
from ..base import source_of
from ..reading import About, read_or_say, unclear, yes_no
from .choose import AXIAL_COSINE
from .grids import box_mm
from .sheet import draw_sheet
from .telling import Telling
from .views import view_of

NOT_ASKED = ("A model is asked about volumes only whether something is there; put the question as 'Is there ...?', or "
             "'Where is ...?' for chest films.")

LEAST_LUNG = 0.5
"""Share of the slices on which lungs must show for a scan to count as one of the chest: the bases of the lungs are in
every scan of the abdomen. An own choice."""


@dataclass(frozen=True)
class Shown:
    """The slices that a model is shown.

    Args:
        voxels: (k, rows, columns) of the whole volume in the order shown, a view.
        planes: planes of the volume that are shown, in that order.
    """

    voxels: NDArray[Any]
    planes: tuple[int, ...]


def read_volume(telling: Telling, study: Study) -> list[Said]:
    """Ask a reader that interprets about a measured volume and add what it said; nothing when it interprets nothing.

    Asked are the conditions on which reading was measured for the modality and the part of the body, and what the user
    asks.

    Args:
        telling: the volume, and what was measured in it.
        study: the examination.

    Returns:
        What is said to the user's question.
    """
    reader, volume = telling.context.reader.identity, telling.volume
    if not reader.interprets:
        return []
    what = called(volume, telling.date)
    parts = parts_shown(telling, study)
    asked = asked_of_image(telling.context.question)
    questions = _questions(telling, parts, asked)
    if not questions:
        telling.warnings.append(f"{reader.name} was asked nothing about {what}: nothing is known to be asked of its "
                                "modality and part of the body; case.yaml can name a body_part")
        return []
    shown = show_slices(volume, telling.series.uid)
    try:
        requests = _requests(telling, shown, questions, " and ".join(parts) or None)
    except InputError as error:
        readings, warnings = list[Reading[bool]](), [f"{reader.name} was not shown {what}: {error}"]
    else:
        readings, warnings = read_or_say(telling.context, requests, what)
    telling.warnings += warnings
    if not readings:
        return [Said(f"{text}.") for text in warnings] if asked and asked.kind is Kind.PRESENCE else []
    telling.warnings += [*_caveats(volume, reader.name),
                         *unclear(telling.context, zip(questions, readings, strict=True), f"in {what}")]
    findings = _tell(telling, shown, requests, dict(zip(questions, readings, strict=True)))
    return _said(telling, shown, asked, findings) if asked and asked.kind is Kind.PRESENCE else []


def called(volume: Volume, date: str | None) -> str:
    """How warnings and answers name a volume."""
    return f"the {volume.modality} of {date}" if date else f"the {volume.modality}"


def parts_shown(telling: Telling, study: Study) -> tuple[str, ...]:
    """Parts of the body: by the headers, else by the descriptions; by the voxels where those show a head or a chest
    and none of the parts that were named. The chest too where a lung was measured whole, or, with nothing else known,
    where lungs show on at least half of the slices."""
    series = telling.series
    parts = body_parts(f"{series.body_part or ''} {study.body_part or ''}") or body_parts(
        f"{series.description} {study.description}")
    seen = body_parts(" ".join(telling.parts))
    if {"head", "chest"} & set(seen) and parts and not set(parts) & set(seen):
        parts = seen
    if "chest" in parts:
        return parts
    lungs = [item for item in telling.findings if item.name == "Lung volume"]
    whole = any("partial" not in (item.site or "") for item in lungs)
    cited = {key for item in lungs for key in item.evidence}
    spans = [item.locator.slice_range for item in telling.evidence
             if item.id in cited and isinstance(item.locator, VolumeRegion)]
    most = max((last - first + 1 for first, last in spans), default=0) >= LEAST_LUNG * telling.volume.stored_slices
    return ("chest", *parts) if whole or (spans and most and not parts) else parts


def show_slices(volume: Volume, series_uid: str) -> Shown:
    """The volume in the order of the scanner's numbers, where it has any, each slice as it is stored.

    A NIfTI or NRRD file keeps no such view, so its slices are turned to the usual one: the patient's front at the top
    and the right side at the left.

    Args:
        volume: as loaded.
        series_uid: of the series that it was loaded from.
    """
    order = shown_order(volume.instance_numbers)
    voxels = volume.voxels if order[0] == 0 else volume.voxels[::-1]
    if volume.planes[0].instance_uid == series_uid:  # no DICOM: see `Plane`
        rows, columns = view_of(volume.geometry, "slice", 0).flips
        voxels = voxels[:, ::-1 if rows else 1, ::-1 if columns else 1]
    return Shown(voxels, tuple(order[place] for place in sample_slices(len(order))))


def _questions(telling: Telling, parts: Sequence[str], asked: Asked | None) -> tuple[str, ...]:
    volume = telling.volume
    if not _has_recipe(telling):
        return ()
    usual = conditions_for(volume.modality, " ".join(parts))
    if asked is None or asked.kind is not Kind.PRESENCE or asked.thing.casefold() in usual:
        return usual
    return (*usual, asked.thing)


def _has_recipe(telling: Telling) -> bool:
    """A CT in Hounsfield units or an MR; the values of any other volume tell no model what they are."""
    kind = telling.series.kind
    return kind is FileKind.MR or (kind is FileKind.CT and telling.volume.unit == HU)


def _requests(telling: Telling, shown: Shown, questions: Sequence[str],
              body_part: str | None) -> tuple[Request[bool], ...]:
    scope = telling.context.opaque_patient
    if telling.series.kind is FileKind.CT:
        return ct_requests(shown.voxels, questions, scope=scope, body_part=body_part)
    return mri_requests([shown.voxels], questions, scope=scope, body_part=body_part)


def _caveats(volume: Volume, reader: str) -> list[str]:
    across = np.cross(volume.geometry.affine[:3, 1], volume.geometry.affine[:3, 2])
    axial = abs(float(across[2])) > AXIAL_COSINE * float(np.linalg.norm(across))
    return [] if axial else [f"{reader} was shown slices that are not axial; it was trained on axial ones"]


def _tell(telling: Telling, shown: Shown, requests: Sequence[Request[bool]],
          answers: dict[str, Reading[bool]]) -> dict[str, Finding]:
    """Findings with their evidence, by condition."""
    volume, reader = telling.volume, telling.context.reader.identity.name
    counted = _counted(volume, shown)
    numbers = [volume.planes[k].index + 1 for k in shown.planes]
    title = f"{volume.modality}: {counted} as shown to {reader}; large numbers are the labels it was given"
    picture = telling.picture("shown", lambda: draw_sheet([part.pixels for part in requests[0].pictures], numbers,
                                                          title))
    place = VolumeRegion(series_uid=telling.series.uid, slice_range=(min(numbers) - 1, max(numbers) - 1),
                         bbox_mm=_box(volume, shown))
    about = About("volume", telling.context, telling.date)
    findings = {}
    for condition, reading in answers.items():
        evidence = about.evidence(source_of(volume.planes[0].file, telling.series), place, reading, picture=picture,
                                  caption=f"{volume.modality}, {counted} as shown to {reader}, asked whether "
                                          f"{condition} is there")
        telling.evidence.append(evidence)
        findings[condition] = about.finding(finding_name(condition), yes_no(reading), [evidence])
    telling.findings += findings.values()
    return findings


def _counted(volume: Volume, shown: Shown) -> str:
    return f"{len(shown.planes)} of {len(volume.planes)} slices"


def _box(volume: Volume, shown: Shown) -> tuple[float, float, float, float, float, float]:
    _, rows, columns = volume.geometry.shape
    return box_mm((slice(min(shown.planes), max(shown.planes) + 1), slice(0, rows), slice(0, columns)),
                  volume.geometry)


def _said(telling: Telling, shown: Shown, asked: Asked, findings: dict[str, Finding]) -> list[Said]:
    finding = next(item for condition, item in findings.items() if condition.casefold() == asked.thing.casefold())
    evidence = tuple(item for item in telling.evidence if item.id in finding.evidence)
    reader, what = telling.context.reader.identity.name, called(telling.volume, telling.date)
    shown_text = f"{reader}, shown {_counted(telling.volume, shown)} of {what},"
    if finding.status is Status.INDETERMINATE:
        return [Said(f"{shown_text} gave no usable answer about {asked.thing}.", evidence)]
    return [Said(f"{shown_text} reads {asked.thing} as {finding.status.value}.", evidence, settled=True)]
