"""Files into series, series into studies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

import numpy as np

from ..core.case import FileKind, Series, Study
from .dicom_header import DicomHeader
from .dicom_kind import role_on_slide
from .discover import Found
from .manifest import FileEntry, Manifest
from .phase import Group, split_phases

TOOL_FOR_KIND = {
    FileKind.CT: "volume", FileKind.MR: "volume", FileKind.VOLUME: "volume", FileKind.FILM: "localization",
    FileKind.SLIDE: "pathology", FileKind.DOCUMENT: "labs", FileKind.RECORD: "records", FileKind.NOTE: "records",
}
"""Which tool reads a study of a kind; other kinds are set aside."""

READ_BY_LABS = (None, "lab report", "other")
"""Kinds of document that may hold laboratory results; the others go to the records tool."""


def tool_for(kind: FileKind, document_kind: str | None) -> str | None:
    """The tool that reads a study; None when no tool does."""
    if kind is FileKind.DOCUMENT and document_kind not in READ_BY_LABS:
        return "records"
    return TOOL_FOR_KIND.get(kind)


_MODALITY = {FileKind.CT: "CT", FileKind.MR: "MR", FileKind.VOLUME: "OT", FileKind.FILM: "DX", FileKind.SLIDE: "SM",
             FileKind.DOCUMENT: "DOC", FileKind.RECORD: "FHIR", FileKind.NOTE: "TXT"}
_STACKED = (FileKind.CT, FileKind.MR)
_SAME_COSINE = 0.01
_SAME_SPACING = 1e-3
Members = list[Found]


def studies_in(found: Iterable[Found], manifest: Manifest) -> tuple[Study, ...]:
    """Sort usable files into studies S1, S2, … by date, kind and uid.

    A DICOM study is one Study per kind of object in it, a whole slide one Study each, any other file one Study.
    Slices of one series that differ in orientation, matrix, pixel spacing or image type are separate Series, so that
    localizers split off; so are the phases (time points, echoes, b-values ...) in which the same places were imaged,
    whose descriptions then say which is which.

    Args:
        found: files that belong to the case; those with a refusal are left out.
        manifest: case.yaml, which completes what files do not say.
    """
    usable = [item for item in found if item.why is None and item.file.kind in TOOL_FOR_KIND]
    with_header = [item for item in usable if item.header is not None]
    groups: dict[tuple[str, ...], list[Series]] = defaultdict(list)
    dates: dict[tuple[str, ...], list[Found]] = defaultdict(list)
    for series, members in (*_dicom_series(with_header, manifest), *_single_files(usable, manifest)):
        key = _study_key(series, members[0])
        groups[key].append(series)
        dates[key].extend(members)
    studies = [_study(key, groups[key], dates[key]) for key in sorted(groups)]
    studies.sort(key=lambda study: (study.date or "9999", study.kind, study.uid, study.series[0].files[0].path))
    return tuple(study.model_copy(update={"id": f"S{number}"}) for number, study in enumerate(studies, 1))


def _study_key(series: Series, first: Found) -> tuple[str, ...]:
    uid = first.file.study_uid or series.uid
    alone = series.uid if series.kind is FileKind.SLIDE or first.header is None else ""
    return uid, series.kind, alone, first.file.path if first.header is None else ""


def _study(key: tuple[str, ...], series: Sequence[Series], members: Sequence[Found]) -> Study:
    ordered = tuple(sorted(series, key=lambda one: (-len(one.files), one.uid, one.files[0].path)))
    return Study(id="S0", uid=key[0], kind=ordered[0].kind, modality=ordered[0].modality,
                 date=min((item.date for item in members if item.date), default=None),
                 description=next((item.description for item in members if item.description), ""),
                 body_part=next((one.body_part for one in ordered if one.body_part), None), series=ordered)


def _single_files(usable: Iterable[Found], manifest: Manifest) -> Iterable[tuple[Series, Members]]:
    """One series per file without a DICOM header; a slide's own folder of pixels goes with it."""
    items = [item for item in usable if item.header is None]
    slides = {str(PurePosixPath(item.file.path).with_suffix("")) for item in items if _is_mirax(item)}
    for item in items:
        if not _is_companion(item, slides):
            folder = str(PurePosixPath(item.file.path).with_suffix(""))
            parts = [other for other in items if _is_mirax(item) and _is_companion(other, {folder})]
            yield _plain_series([item, *parts], manifest.entry(item.file.path)), [item, *parts]


def _is_mirax(item: Found) -> bool:
    return item.file.kind is FileKind.SLIDE and item.file.path.casefold().endswith(".mrxs")


def _is_companion(item: Found, folders: set[str]) -> bool:
    return str(PurePosixPath(item.file.path).parent) in folders and not _is_mirax(item)


def _plain_series(members: Members, said: FileEntry) -> Series:
    first = members[0]
    return Series(uid=f"sha256:{first.file.sha256}", kind=first.file.kind,
                  modality=said.modality or _MODALITY[first.file.kind], files=tuple(item.file for item in members),
                  description=first.description, document_kind=first.document_kind,
                  body_part=said.body_part, view=said.view)


def _dicom_series(items: Sequence[Found], manifest: Manifest) -> Iterable[tuple[Series, Members]]:
    groups: dict[tuple[object, ...], Members] = defaultdict(list)
    for item in items:
        groups[_series_key(item)].append(item)
    for key in sorted(groups, key=repr):
        for alike in _by_geometry(groups[key]):
            for group in _by_phase(alike):
                members = list(group.items)
                yield _series(_in_order(members), manifest, group.said), members


def _header(item: Found) -> DicomHeader:
    if item.header is None:
        raise TypeError("a file without a DICOM header has no place in a DICOM series")
    return item.header


def _series_key(item: Found) -> tuple[object, ...]:
    """What slices of one stack share. Without a SeriesInstanceUID, a folder's files of one study are one series."""
    header = _header(item)
    series = header.series_uid or f"in {PurePosixPath(item.file.path).parent}"
    named = (header.study_uid, series, header.kind)
    if header.kind is FileKind.SLIDE:
        return named
    if header.kind is FileKind.FILM or header.frames > 1:
        return *named, item.file.path
    return *named, header.shape, header.image_type


def _by_geometry(members: Members) -> list[Members]:
    """Split by orientation and pixel spacing; values that differ by rounding only stay together."""
    groups: list[Members] = []
    for item in sorted(members, key=lambda one: one.file.path):
        home = next((group for group in groups if _same_geometry(_header(group[0]), _header(item))), None)
        if home is None:
            groups.append([item])
        else:
            home.append(item)
    return groups


def _same_geometry(one: DicomHeader, other: DicomHeader) -> bool:
    return (_close(one.cosines, other.cosines, _SAME_COSINE)
            and _close(one.spacing_mm, other.spacing_mm, _SAME_SPACING * max(one.spacing_mm or (0.0,))))


def _close(one: Sequence[float] | None, other: Sequence[float] | None, tolerance: float) -> bool:
    if one is None or other is None:
        return one is other
    return all(abs(mine - theirs) <= tolerance for mine, theirs in zip(one, other, strict=True))


def _by_phase(members: Members) -> list[Group[Found]]:
    """Split repeated scans of the same places."""
    if _header(members[0]).kind not in _STACKED or any(_header(item).position is None for item in members):
        return [Group(tuple(members))]

    def place(item: Found) -> tuple[int, ...]:
        return tuple(round(value * 10) for value in _header(item).position or ())

    return split_phases(members, place, lambda item: _header(item).phase)


def _in_order(members: Members) -> Members:
    """Slices along the normal in LPS order, levels of a slide finest first, else by instance number and path."""
    first = _header(members[0])
    if first.kind is FileKind.SLIDE:
        return sorted(members, key=lambda item: (role_on_slide(_header(item).image_type) != "VOLUME",
                                                 -_header(item).matrix, item.file.path))
    if first.cosines is None or any(_header(item).position is None for item in members):
        return sorted(members, key=lambda item: (_header(item).order[2], item.file.path))
    normal = np.cross(first.cosines[:3], first.cosines[3:])
    if normal[np.argmax(np.abs(normal))] < 0:
        normal = -normal
    return sorted(members, key=lambda item: (round(float(np.dot(_header(item).position or (), normal)), 3),
                                             _header(item).order, item.file.path))


def _series(members: Members, manifest: Manifest, phase: Sequence[str]) -> Series:
    header, said = _header(members[0]), manifest.entry(members[0].file.path)
    description = ", ".join(text for text in (header.series_text, *phase) if text)
    return Series(
        uid=header.series_uid or f"sha256:{members[0].file.sha256}", kind=header.kind, modality=header.modality,
        files=tuple(item.file for item in members), description=description, image_type=header.image_type,
        body_part=header.body_part or said.body_part, view=header.view or said.view,
        spacing_mm=header.spacing_mm, frames=sum(_header(item).frames for item in members))


def shared_instance_uids(found: Iterable[Found]) -> tuple[str, ...]:
    """A warning for every SOPInstanceUID that files of different content claim."""
    by_uid: dict[str, list[Found]] = defaultdict(list)
    for item in found:
        if item.why is None and item.file.instance_uid:
            by_uid[item.file.instance_uid].append(item)
    return tuple(f"{len(items)} files of different content carry the same SOP instance UID: "
                 + ", ".join(item.file.path for item in items)
                 for _, items in sorted(by_uid.items()) if len(items) > 1)
