"""Two chest films of one patient: opened again, laid on each other, and compared by what their lungs show."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...core.boxes import Box
from ...core.case import CaseFile, FileKind, Series
from ...core.errors import RefusedFile
from ...core.evidence import Evidence, ImageBox, make_evidence
from ...core.finding import Category, Finding, Laterality, Status, Value, make_finding
from ...core.refusal import RefusalCode
from ...sources.film import Film, load_film
from ..base import MEASURED, ToolContext, source_of
from ..drawing import save_png
from ..localization.masks import FilmMasks, mask_box, shows_lungs_bright
from .draw_films import draw_pair
from .film_align import FilmAlignment, align_films
from .pairs import interval_days
from .reviewed import StudyReading
from .telling import TOOL, Shown, Told, measured_change

SHARE = "Lung field share"
PACKED = 0.005
"""Mean difference of two films, 0..1, below which they are one: JPEG at quality 90 changed 20 films by 0.003 at most,
the noise of a second exposure of a made chest that did not move makes 0.009, and of 40 pairs of films of one person and
one size the most alike differ by 0.029. A copy packed at a lower quality is not known as one."""
MOST_TURN_DEG = 4.0
"""A film turned farther against the other makes the cardiothoracic ratio doubtful, which is measured along rows: turned
by 4 and 8 degrees, one film's ratio of 0.53 became 0.55 and 0.56."""
SAME_PIXELS = "both films hold the same pixels: a film is not compared with its copy"
Place = tuple[Series, CaseFile]


@dataclass(frozen=True)
class SeenFilm:
    """A film that the localization tool accepted, with its masks; upright, the patient's left at the right."""

    file: CaseFile
    date: str | None
    film: Film
    masks: FilmMasks

    @property
    def share_percent(self) -> float | None:
        """Area of the right lung field in percent of both; None unless both are seen."""
        right, left = float(self.masks.image_left.sum()), float(self.masks.image_right.sum())
        return round(100 * right / (right + left), 1) if right and left else None


def paired_places(prior: StudyReading, current: StudyReading) -> tuple[Place, Place] | None:
    """One film of each study that passed every gate, of the same view where there is a choice."""
    before, after = _accepted(prior), _accepted(current)
    if not before or not after:
        return None
    alike = ((one, other) for other in after for one in before if one[0].view and one[0].view == other[0].view)
    return next(alike, (before[0], after[0]))


def _accepted(reading: StudyReading) -> list[Place]:
    found = {item.source.file for item in reading.result.evidence}
    return [(series, file) for series in reading.study.series if series.kind is FileKind.FILM
            for file in series.files if file.path in found]


def tell_films(prior: StudyReading, current: StudyReading, context: ToolContext) -> tuple[Told, Shown]:
    """Lay two films on each other, and tell how the share of the right lung field changed.

    Returns:
        Findings and warnings, and the evidence that shows both films, which belongs to every other change between them.

    Raises:
        RefusedFile: DUPLICATE when both films hold the same pixels.
    """
    places = paired_places(prior, current)
    if places is None:
        return Told(warnings=["no frontal chest film of both studies could be laid on each other"]), Shown()
    try:
        seen = [see_film(place, reading, context)
                for place, reading in zip(places, (prior, current), strict=True)]
    except RefusedFile as error:
        return Told(warnings=[f"the films were not laid on each other: {error}"]), Shown()
    before, after = seen
    if is_same_picture(before.film.pixels, after.film.pixels):
        raise RefusedFile(RefusalCode.DUPLICATE, SAME_PIXELS)
    alignment = align_films(before.masks, after.masks)
    if alignment is None:
        return Told(warnings=["the films show no lung in common; they were not laid on each other"]), Shown()
    shown = _shown(before, after, alignment, context)
    told = Told(evidence=list(shown.all))
    if not alignment.aligned:
        told.warnings.append("the films could not be laid on each other by their lungs (overlap of the lung fields not "
                             f"above {alignment.before:.2f}); they are compared as they are")
    told.findings += _share_change(before, after, shown, context)
    return told, replace(shown, turned=abs(alignment.turn_deg) > MOST_TURN_DEG)


def is_same_picture(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether two films, 0..1, are one picture but for how it was packed: no two exposures are so alike."""
    return one.shape == other.shape and float(np.abs(one - other).mean()) < PACKED


def see_film(place: Place, reading: StudyReading, context: ToolContext) -> SeenFilm:
    """Load and outline a film; its sides are those that the study's findings name.

    Raises:
        RefusedFile: the film cannot be read.
    """
    from ..localization.network import shipped_network  # torch takes seconds to import, and many pairs are no films
    from ..localization.segment import segment_film

    series, file = place
    film = load_film(series.model_copy(update={"files": (file,)}), context.root, context.limits)
    masks = segment_film(shipped_network(), film.pixels)
    film = film.inverted() if shows_lungs_bright(film.pixels, masks) else film
    if _is_mirrored(film, masks, _right_lung(reading, file)):
        film, masks = film.mirrored(), masks.mirrored()
    return SeenFilm(file, reading.study.date, film, masks)


def _right_lung(reading: StudyReading, file: CaseFile) -> Box | None:
    """The box of the patient's right lung, in pixels of the stored image, as it was measured."""
    cited = {key for item in reading.result.findings
             if item.name == "Right lung" and not item.is_read for key in item.evidence}
    return next((item.locator.box for item in reading.result.evidence if item.id in cited
                 and item.source.file == file.path and isinstance(item.locator, ImageBox)), None)


def _is_mirrored(film: Film, masks: FilmMasks, right_lung: Box | None) -> bool:
    """Whether the right lung's box is that of the lung at the right of the picture."""
    if right_lung is None or not masks.image_left.any() or not masks.image_right.any():
        return False
    gaps = [max(abs(a - b) for a, b in zip(film.to_stored(mask_box(lung)), right_lung, strict=True))
            for lung in (masks.image_left, masks.image_right)]
    return gaps[1] < gaps[0]


def _share_change(before: SeenFilm, after: SeenFilm, shown: Shown, context: ToolContext) -> list[Finding]:
    old, new = (_share(seen, evidence, context)
                for seen, evidence in ((before, shown.prior), (after, shown.current)))
    if old is None or new is None:
        return []
    return [measured_change(old, new, interval_days(before.date, after.date))]


def _share(seen: SeenFilm, evidence: tuple[Evidence, ...], context: ToolContext) -> Finding | None:
    if seen.share_percent is None:
        return None
    return make_finding(
        name=SHARE, category=Category.MEASUREMENT, status=Status.MEASURED, site="Right lung",
        laterality=Laterality.RIGHT, value=Value(number=seen.share_percent, unit="%", ucum="%"),
        evidence=tuple(item.id for item in evidence), tool=TOOL, reader=MEASURED, date=seen.date,
        patient=context.opaque_patient)


def _shown(before: SeenFilm, after: SeenFilm, alignment: FilmAlignment, context: ToolContext) -> Shown:
    picture = None
    if context.pictures is not None:
        name = f"films-{before.file.sha256[:12]}-{after.file.sha256[:12]}-aligned.png"
        titles = (f"Earlier: {before.date or 'no date'}", f"Later: {after.date or 'no date'}")
        save_png(draw_pair((before.film, after.film), (before.masks, after.masks), alignment, titles),
                 context.pictures / name)
        picture = f"overlays/{name}"
    how = alignment_text(alignment)
    earlier, later = (make_evidence(
        source_of(seen.file), ImageBox(box=seen.film.to_stored(_lungs(seen))), date=seen.date, picture=picture,
        caption=f"{which} of two frontal chest films side by side, contours of the lung fields; {how}")
        for which, seen in (("Earlier", before), ("Later", after)))
    return Shown((earlier,), (later,))


def alignment_text(alignment: FilmAlignment) -> str:
    """How the earlier film was laid on the later one, with the check."""
    if not alignment.aligned:
        return (f"not laid on each other: the lungs bring no better overlap of the lung fields (Dice) than "
                f"{alignment.before:.2f}")
    if not alignment.moved:
        return (f"they lie on each other edge to edge without being moved, overlap of the lung fields (Dice) "
                f"{alignment.before:.2f}")
    rows = "; ".join(" ".join(f"{part + 0.0:.4f}" for part in row[:2]) + f" {row[2] + 0.0:.1f}"
                     for row in np.linalg.inv(alignment.to_prior)[:2])
    clock = "clockwise" if alignment.turn_deg >= 0 else "counterclockwise"
    return (f"the earlier one laid on the later one by a similarity from lung landmarks (turned "
            f"{abs(alignment.turn_deg):.1f} degrees {clock}, scaled by {alignment.scale:.3f}; x and y of the upright "
            f"pictures in pixels: [{rows}]); overlap of the lung fields (Dice) {alignment.before:.2f} edge to "
            f"edge, {alignment.after:.2f} so")


def _lungs(seen: SeenFilm) -> Box:
    return mask_box(seen.masks.image_left | seen.masks.image_right)
