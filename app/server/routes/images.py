"""The images of a case, as viewers take them, and where the report's evidence lies on each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path, Request, Response

from .... import __version__
from ....core.case import Case, FileKind, Series
from ....core.words import Word
from ..access import Caller, CallerHere, ServiceHere
from ..etag import client_has
from ..image_words import DocumentShown, FilmShown, SlideShown, VolumeShown
from ..images import (
    VIEWERS,
    VOLUMES,
    Images,
    film_pixels,
    film_shown,
    key_of,
    series_of,
    shown_as,
)
from ..marks import Cited, Marks, elsewhere, evidence_of, marks_of, on_film, on_volume
from ..problems import described
from ..registry import CaseEntry
from ..service import Service
from .cases import CaseKey

router = APIRouter(prefix="/cases/{case}", tags=["images"])
SeriesKey = Annotated[str, Path(pattern=r"^S[0-9]{1,5}-[0-9]{1,5}$", examples=["S2-1"],
                                description="Key of a series: S2-1 is the first of study S2.")]
Index = Annotated[int, Path(ge=0, le=100_000)]
PROBLEMS = described(401, 404, 409, 422, 503)
T = TypeVar("T")


def picture(kind: str, what: str) -> dict[int | str, dict[str, Any]]:
    """What a description says of an answer that is no JSON."""
    return {200: {"description": what, "content": {kind: {"schema": {"type": "string", "format": "binary"}}}},
            304: {"description": "What the client has is still the picture."}}


VALUES = "application/octet-stream"
BYTES = picture(VALUES, "Little-endian values, row by row.")


@dataclass(frozen=True)
class Look:
    """A series that somebody looks at, once the access trail holds that they did."""

    service: Service
    case: Case
    series: Series

    @property
    def images(self) -> Images:
        """Where its pixels come from."""
        return self.service.images

    def heavy(self, work: Callable[[Case, Series], T], *kinds: FileKind) -> T:
        """What takes a while, for a series of one of these kinds."""
        shown = shown_as(self.series, *kinds)
        return self.service.turns.heavy(lambda: work(self.case, shown))


def look_of(case: CaseKey, series: SeriesKey, caller: CallerHere, service: ServiceHere) -> Look:
    """The series that a request names."""
    entry, opened = _opened(service, caller, case)
    _, found = series_of(opened, series)
    service.accesses.note_once(caller.session, "images seen", entry.id, caller.user.account, series)
    return Look(service, opened, found)


LookHere = Annotated[Look, Depends(look_of)]


class SeriesShown(Word):
    """A series, and what shows it."""

    key: str
    kind: FileKind
    modality: str
    description: str
    view: str | None
    files: int
    viewer: str | None
    """`volume`, `film`, `slide`, `document`, `record`, `note`; None where nothing shows it."""
    evidence: int
    """Pieces of the report's evidence in it."""


class StudyShown(Word):
    """A study with its series."""

    id: str
    date: str | None
    """ISO 8601, as precise as the source says."""
    kind: FileKind
    modality: str
    description: str
    series: tuple[SeriesShown, ...]


class Studies(Word):
    """The studies of a case, by date."""

    studies: tuple[StudyShown, ...]


class Places(Word):
    """Where each piece of evidence is seen."""

    places: tuple[Cited, ...]


@router.get("/studies", responses=PROBLEMS)
def list_studies(case: CaseKey, caller: CallerHere, service: ServiceHere) -> Studies:
    """The studies of the case, by date, with their series."""
    entry, opened = _opened(service, caller, case)
    service.accesses.note("studies listed", entry.id, caller.user.account)
    report = service.reports.if_any(entry)
    held = evidence_of(report, opened) if report is not None else {}
    return Studies(studies=tuple(StudyShown(
        id=study.id, date=study.date, kind=study.kind, modality=study.modality, description=study.description,
        series=tuple(SeriesShown(
            key=f"{study.id}-{n}", kind=series.kind, modality=series.modality, description=series.description,
            view=series.view, files=len(series.files), viewer=VIEWERS.get(series.kind),
            evidence=len(held.get(f"{study.id}-{n}", ()))) for n, series in enumerate(study.series, 1)))
        for study in opened.studies))


@router.get("/evidence", responses=PROBLEMS)
def list_places(case: CaseKey, caller: CallerHere, service: ServiceHere) -> Places:
    """In which series each piece of the report's evidence is seen."""
    entry, opened = _opened(service, caller, case)
    service.accesses.note_once(caller.session, "evidence listed", entry.id, caller.user.account)
    report = service.reports.of(entry)
    viewers = {f"{study.id}-{n}": VIEWERS.get(series.kind) for study in opened.studies
               for n, series in enumerate(study.series, 1)}
    return Places(places=tuple(Cited(evidence=item.id, series=key or None, viewer=viewers.get(key))
                               for key, items in evidence_of(report, opened).items() for item in items))


@router.get("/series/{series}/marks", responses=PROBLEMS)
def list_marks(case: CaseKey, series: SeriesKey, caller: CallerHere, service: ServiceHere) -> Marks:
    """Where the report's evidence lies on a series, and which sentences rest on it."""
    entry, opened = _opened(service, caller, case)
    _, shown = series_of(opened, series)
    service.accesses.note_once(caller.session, "evidence listed", entry.id, caller.user.account)
    report = service.reports.of(entry)
    items = evidence_of(report, opened).get(series, [])
    if shown.kind in VOLUMES:
        placed = on_volume(items, service.turns.heavy(lambda: service.images.volume(opened, shown)))
    elif shown.kind is FileKind.FILM:
        placed = on_film(items, service.turns.heavy(lambda: service.images.film(opened, shown)))
    else:
        placed = elsewhere(items)
    return marks_of(report, items, placed)


@router.get("/volumes/{series}", responses=PROBLEMS)
def describe_volume(look: LookHere) -> VolumeShown:
    """A volume's grid. The first call decodes the series."""
    return look.heavy(look.images.volume, *VOLUMES)


@router.get("/volumes/{series}/slices/{index}", response_class=Response, responses={**BYTES, **PROBLEMS})
def read_slice(look: LookHere, request: Request, index: Index) -> Response:
    """One slice of a volume, as its description says."""
    shown = shown_as(look.series, *VOLUMES)
    if not look.images.is_decoded(shown):
        look.heavy(look.images.volume, *VOLUMES)
    return _piece(request, look, VALUES, lambda: look.images.slice(look.case, shown, index))


@router.get("/films/{series}", responses=PROBLEMS)
def describe_film(look: LookHere) -> FilmShown:
    """A film's size and sides."""
    return film_shown(look.heavy(look.images.film, FileKind.FILM))


@router.get("/films/{series}/pixels", response_class=Response, responses={**BYTES, **PROBLEMS})
def read_film(look: LookHere, request: Request) -> Response:
    """A film as it hangs: uint16, bright where dense."""
    return _piece(request, look, VALUES, lambda: film_pixels(look.heavy(look.images.film, FileKind.FILM)))


@router.get("/slides/{series}", responses=PROBLEMS)
def describe_slide(look: LookHere) -> SlideShown:
    """A slide's size and levels."""
    return look.heavy(look.images.slide, FileKind.SLIDE)


@router.get("/slides/{series}/tiles/{level}/{column}/{row}", response_class=Response,
            responses={**picture("image/jpeg", "A tile."), **PROBLEMS})
def read_tile(look: LookHere, request: Request, level: Index, column: Index, row: Index) -> Response:
    """A tile of a slide, as Deep Zoom counts levels, columns and rows."""
    shown = shown_as(look.series, FileKind.SLIDE)
    return _piece(request, look, "image/jpeg", lambda: look.images.tile(look.case, shown, level, column, row))


@router.get("/documents/{series}", responses=PROBLEMS)
def describe_document(look: LookHere) -> DocumentShown:
    """A document's pages."""
    return look.heavy(look.images.document, FileKind.DOCUMENT)


@router.get("/documents/{series}/pages/{page}", response_class=Response,
            responses={**picture("image/png", "A page."), **PROBLEMS})
def read_page(look: LookHere, request: Request, page: Index) -> Response:
    """A page of a document, drawn anew, unrotated; pages count from 1."""
    return _piece(request, look, "image/png", lambda: look.heavy(
        lambda case, series: look.images.page(case, series, page), FileKind.DOCUMENT))


def _piece(request: Request, look: Look, media: str, make: Callable[[], bytes]) -> Response:
    """A piece of an image, or word that the reader's browser still has it."""
    tag = f'"{key_of(look.series)}-{__version__}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if client_has(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(make(), media_type=media, headers=headers)


def _opened(service: Service, caller: Caller, case: str) -> tuple[CaseEntry, Case]:
    entry = service.case(caller.user, case)
    return entry, service.opened(entry)
