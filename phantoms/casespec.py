"""What a whole case holds; the default is the demo."""

from dataclasses import dataclass, field

from .labs import DEMO_LABS, LabSpec
from .notes import NoteSpec
from .record import RecordSpec
from .specs import BodySpec, CtSpec, EffusionSpec, FilmSpec, NoduleSpec, PatientSpec, SlideSpec, VisitSpec

_FIRST, _SECOND = "2025-03-04", "2025-11-11"


@dataclass(frozen=True)
class CaseSpec:
    """Everything a case holds; the default is the demo.

    Attributes:
        seed: seed of identifiers, noise and file order.
        patient: whose case it is.
        body: anatomy shared by all visits.
        visits: dates with CT and film; visits with equal sampling share one projection of the anatomy.
        slide: the slide, or None.
        labs: laboratory reports, oldest first; empty for none.
        record: what the FHIR bundle holds, or None for no bundle.
        letter: whether there is a clinic letter; it tells the demo's story.
        notes: plain text notes.
    """

    seed: int = 2025
    patient: PatientSpec = field(default_factory=PatientSpec)
    body: BodySpec = field(default_factory=BodySpec)
    visits: tuple[VisitSpec, ...] = (
        VisitSpec(_FIRST, (NoduleSpec(diameter_mm=8.0),), None, CtSpec(), FilmSpec()),
        VisitSpec(
            _SECOND,
            (NoduleSpec(diameter_mm=11.0),),
            EffusionSpec("left", 220.0),
            CtSpec(offset_mm=(5.0, -3.5, 8.0)),
            FilmSpec(),
        ),
    )
    slide: SlideSpec | None = field(default_factory=SlideSpec)
    labs: tuple[LabSpec, ...] = DEMO_LABS
    record: RecordSpec | None = field(default_factory=RecordSpec)
    letter: bool = True
    notes: tuple[NoteSpec, ...] = ()
