"""Evidence: the exact place a statement comes from, and how to open it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import ValidationInfo, field_validator

from .boxes import Box, BoxMm, BoxPt
from .ids import content_id
from .words import Word


class EvidenceKind(StrEnum):
    VOLUME_SLICE = "volume_slice"
    VOLUME_REGION = "volume_region"
    IMAGE_BOX = "image_box"
    SLIDE_REGION = "slide_region"
    DOCUMENT_SPAN = "document_span"
    FHIR_RESOURCE = "fhir_resource"


class Source(Word):
    """The file a piece of evidence lies in."""

    file: str
    """Relative to the case, forward slashes. For a series: its first slice's file in LPS order."""
    sha256: str
    uid: str | None = None
    """SOP or series instance UID, resource id, or None."""


class VolumeSlice(Word):
    series_uid: str
    instance_uid: str
    index: int
    """0-based along the slice normal, from the first slice in LPS order."""
    box: Box | None = None


class VolumeRegion(Word):
    series_uid: str
    bbox_mm: BoxMm
    slice_range: tuple[int, int]
    """First and last slice index, both included."""


class ImageBox(Word):
    box: Box


class SlideRegion(Word):
    x: int
    y: int
    width: int
    height: int
    """Level-0 pixels."""
    mpp: float | None
    """Micrometres per level-0 pixel, None when the slide does not say."""


class DocumentSpan(Word):
    page: int
    """1-based."""
    bbox: BoxPt
    text: str


class FhirResource(Word):
    resource_type: str
    id: str
    path: str
    """FHIRPath of the element, such as `Observation.valueQuantity`."""


Locator = VolumeSlice | VolumeRegion | ImageBox | SlideRegion | DocumentSpan | FhirResource

LOCATORS: dict[EvidenceKind, type[Locator]] = {
    EvidenceKind.VOLUME_SLICE: VolumeSlice,
    EvidenceKind.VOLUME_REGION: VolumeRegion,
    EvidenceKind.IMAGE_BOX: ImageBox,
    EvidenceKind.SLIDE_REGION: SlideRegion,
    EvidenceKind.DOCUMENT_SPAN: DocumentSpan,
    EvidenceKind.FHIR_RESOURCE: FhirResource,
}


class Evidence(Word):
    """One place in one source. `picture` and `mask` are paths relative to the folder of the report or run."""

    id: str
    kind: EvidenceKind
    source: Source
    locator: Locator
    date: str | None = None
    """ISO 8601, as precise as the source is."""
    caption: str
    picture: str | None = None
    mask: str | None = None
    raw_answer: str | None = None
    """What a model wrote when it was shown this place, word for word without its thinking; None where none was."""

    @field_validator("locator", mode="before")
    @classmethod
    def _locator_of_its_kind(cls, value: Any, info: ValidationInfo) -> Any:
        expected = LOCATORS[info.data["kind"]]
        if isinstance(value, Word) and not isinstance(value, expected):
            raise ValueError(f"a {info.data['kind']} needs a {expected.__name__} locator")
        return value if isinstance(value, Word) else expected.model_validate(value)


KINDS: dict[type[Locator], EvidenceKind] = {locator: kind for kind, locator in LOCATORS.items()}


def make_evidence(source: Source, locator: Locator, *, caption: str, date: str | None = None,
                  picture: str | None = None, raw_answer: str | None = None) -> Evidence:
    """Evidence under an id that follows from source, locator, caption and raw answer alone.

    Args:
        source: the file it lies in.
        locator: the place; its class decides the evidence's kind.
        caption: what the picture or passage shows, one line, no patient name.
        date: ISO 8601 date of the study or document.
        picture: overlay PNG, relative path.
        raw_answer: what a model wrote about this place, word for word without its thinking.
    """
    kind = KINDS[type(locator)]
    said = [] if raw_answer is None else [raw_answer]
    key = content_id("ev", [kind, source.model_dump(), locator.model_dump(), caption, *said])
    return Evidence(id=key, kind=kind, source=source, locator=locator, caption=caption, date=date,
                    picture=picture, raw_answer=raw_answer)
