"""A film as a model reads it: where structures are and whether findings are there, beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.boxes import Box
from ...core.evidence import Evidence, ImageBox
from ...core.finding import Category, Finding, Status
from ...readers.expect import LabelledBox
from ...readers.reading import Reading
from ...readers.recipes.film import box_on_film, box_requests, film_requests
from ...readers.request import Request
from ...sources.film import Film
from ..asked import Asked, Kind, Said, asked_of_image
from ..base import source_of
from ..drawing import save_png
from ..reading import About, read_or_say, unclear, yes_no
from .draw import Drawn, draw_reading
from .structures import ANATOMY, FINDINGS, OBJECTS, film_name, is_of_another, side_of
from .telling import TOOL, Place, whole_pixels

NOT_ASKED = ("A model is asked about films only whether something is there or where it is; put the question as "
             "'Is there ...?' or 'Where is ...?'.")


@dataclass
class FilmReading:
    """What a model made of one film."""

    findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    """Towards the answer to the user's question."""


def shown_grey(film: Film) -> NDArray[np.uint8]:
    """The film as it is shown to a model: (rows, columns) uint8, upright, bright where dense, windowed as displayed."""
    grey: NDArray[np.uint8] = np.rint(np.clip(film.pixels, 0, 1) * 255).astype(np.uint8)
    return grey


def film_called(date: str | None) -> str:
    """How warnings name a film: by its date."""
    return f"the film of {date}" if date else "the film without a date"


def read_film(film: Film, measured: Sequence[Drawn], place: Place) -> FilmReading:
    """Ask a reader that interprets about one frontal film; nothing when the reader interprets nothing.

    Args:
        film: upright.
        measured: boxes that were measured, for the overlay.
        place: where the film comes from, and the context.
    """
    if not place.context.reader.identity.interprets:
        return FilmReading()
    asked = asked_of_image(place.context.question)
    objects, findings = what_is_asked(asked)
    grey, scope = shown_grey(film), place.context.opaque_patient
    requests: list[Request[Any]] = [*box_requests(grey, objects, scope=scope),
                                    *film_requests(grey, findings, scope=scope)]
    readings, warnings = read_or_say(place.context, requests, film_called(place.date))
    if not readings:
        return FilmReading(warnings=warnings, said=[Said(f"{text}.") for text in warnings] if asked else [])
    teller = _Teller(film, measured, place, FilmReading(warnings=warnings))
    teller.tell(dict(zip(objects, readings, strict=False)), dict(zip(findings, readings[len(objects):], strict=True)))
    if asked:
        teller.told.said.append(teller.answer(asked))
    return teller.told


def what_is_asked(asked: Asked | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Structures whose place is asked, and findings whose presence is; the user's question adds to them.

    Asked where a finding is, a model gives a place even where there is none; so whether it is there is asked too.
    """
    objects: tuple[str, ...] = OBJECTS
    findings: tuple[str, ...] = FINDINGS
    if asked and asked.kind is Kind.PLACE and asked.thing.casefold() not in OBJECTS:
        objects = (*OBJECTS, asked.thing)
    if asked and asked.thing.casefold() not in {*FINDINGS, *(ANATOMY if asked.kind is Kind.PLACE else ())}:
        findings = (*FINDINGS, asked.thing)
    return objects, findings


def doubtful(placed: Mapping[str, Sequence[Box]]) -> dict[str, str]:
    """Why a place is doubted, by structure: several boxes of one structure of the body, or one box for two of them.

    Args:
        placed: boxes by the name that was asked.
    """
    doubts: dict[str, str] = {}
    structures = {name: boxes for name, boxes in placed.items() if name.casefold() in ANATOMY}
    for name, boxes in structures.items():
        if len(boxes) > 1:
            doubts[name] = f"{len(boxes)} boxes were given of {name}, which is one structure"
        alike = [other for other, others in structures.items() if boxes and set(boxes) == set(others)]
        if len(alike) > 1:
            doubts[name] = f"the same box was given of {' and '.join(alike)}"
    return doubts


class _Teller:
    """Turns the answers about one film into findings.

    Args:
        film: the film.
        measured: boxes that were measured.
        place: where the film comes from.
        told: is added to.
    """

    def __init__(self, film: Film, measured: Sequence[Drawn], place: Place, told: FilmReading) -> None:
        self._film, self._measured, self._place, self.told = film, measured, place, told
        self._about = About(TOOL, place.context, place.date)
        self._reader = place.context.reader.identity.name
        self._where = film_called(place.date)
        self._found: dict[tuple[Kind, str], tuple[Finding, tuple[Evidence, ...]]] = {}

    def tell(self, boxes: dict[str, Reading[tuple[LabelledBox, ...]]], present: dict[str, Reading[bool]]) -> None:
        """Findings, evidence, warnings and the overlay of all answers."""
        placed = {name: self._boxes(name, reading) for name, reading in boxes.items()}
        doubts = doubtful(placed)
        self.told.warnings += [f"{self._reader}, {self._where}: {reason}" for reason in dict.fromkeys(doubts.values())]
        picture = self._picture([Drawn(film_name(name), box) for name, found in placed.items() for box in found])
        for name, seen in present.items():
            caption = f"Frontal chest film as it was shown to {self._reader}, asked whether {name} is there"
            shown = self._evidence(self._whole(), seen, caption, picture)
            self._keep((Kind.PRESENCE, name), self._about.finding(film_name(name), yes_no(seen), [shown]), (shown,))
        for name, reading in boxes.items():
            self._tell_place(name, reading, placed[name], picture, doubted=name in doubts)
        answers: dict[str, Reading[Any]] = {**boxes, **present}
        self.told.warnings += unclear(self._place.context, answers.items(), f"on {self._where}")

    def answer(self, asked: Asked) -> Said:
        """The sentence about this film that answers the user's question, or says why there is none."""
        thing = asked.thing.casefold()
        finding, evidence = self._found.get((Kind.PRESENCE, thing)) or self._found[asked.kind, thing]
        if asked.kind is Kind.PLACE and finding.status is Status.PRESENT:
            finding, evidence = self._found[Kind.PLACE, thing]
            if finding.status is Status.INDETERMINATE:
                return Said(f"{self._reader} reads {asked.thing} as present on {self._where}, but gave no usable place "
                            "of it.", evidence)
            told = f"places {asked.thing} on {self._where} at {_places(evidence)} (pixels of the stored image)"
        else:
            told = f"reads {asked.thing} as {finding.status.value} on {self._where}"
        if finding.status is Status.INDETERMINATE:
            return Said(f"{self._reader} gave no usable answer about {asked.thing} on {self._where}.", evidence)
        return Said(f"{self._reader} {told}.", evidence, settled=True)

    def _boxes(self, name: str, reading: Reading[tuple[LabelledBox, ...]]) -> list[Box]:
        """The answer's boxes on the film, without those in the padding and those labelled as something else."""
        rows, columns = self._film.pixels.shape
        found = []
        for item in reading.value or ():
            if is_of_another(item.label, name):
                continue
            try:
                found.append(whole_pixels(self._film, box_on_film(item.box, rows, columns)))
            except ValueError:
                continue
        return list(dict.fromkeys(found))

    def _tell_place(self, name: str, reading: Reading[tuple[LabelledBox, ...]], boxes: list[Box],
                    picture: str | None, *, doubted: bool) -> None:
        caption = f"Frontal chest film, box of {name} as {self._reader} placed it"
        if not boxes:
            caption = f"Frontal chest film as it was shown to {self._reader}, which placed no box of {name} on it"
        if not boxes and reading.problem is None:
            self.told.warnings.append(f"{self._reader} placed no usable box of {name} on {self._where}")
        shown = tuple(self._evidence(box, reading, caption, picture) for box in boxes or [self._whole()])
        is_anatomy = name.casefold() in ANATOMY
        seen = self._found.get((Kind.PRESENCE, name.casefold()))
        believed = not doubted and (is_anatomy or (seen is not None and seen[0].status is Status.PRESENT))
        finding = self._about.finding(film_name(name), Status.PRESENT if boxes and believed else Status.INDETERMINATE,
                                      shown, category=Category.ANATOMY if is_anatomy else Category.OBSERVATION,
                                      laterality=side_of(name))
        self._keep((Kind.PLACE, name), finding, shown)

    def _whole(self) -> Box:
        rows, columns = self._film.pixels.shape
        return 0.0, 0.0, float(columns), float(rows)

    def _evidence(self, box: Box, reading: Reading[Any], caption: str, picture: str | None) -> Evidence:
        return self._about.evidence(source_of(self._place.file), ImageBox(box=self._film.to_stored(box)), reading,
                                    caption=caption, picture=picture)

    def _keep(self, key: tuple[Kind, str], finding: Finding, shown: tuple[Evidence, ...]) -> None:
        self.told.findings.append(finding)
        self.told.evidence += shown
        self._found[key[0], key[1].casefold()] = finding, shown

    def _picture(self, boxes: Sequence[Drawn]) -> str | None:
        if self._place.context.pictures is None:
            return None
        name = f"film-{self._place.file.sha256[:16]}-read.png"
        save_png(draw_reading(self._film, self._measured, boxes, self._reader), self._place.context.pictures / name)
        return f"overlays/{name}"


def _places(evidence: Sequence[Evidence]) -> str:
    boxes = [item.locator.box for item in evidence if isinstance(item.locator, ImageBox)]
    return " and ".join(f"[{', '.join(f'{edge:.0f}' for edge in box)}]" for box in boxes)
