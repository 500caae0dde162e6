"""Nodule and mass candidates of two aligned CT scans: grown, shrunk, stable, new, resolved, or not to be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...core.boxes import BoxMm
from ...core.evidence import Evidence, VolumeRegion
from ...core.finding import Category, Change, Direction, Finding, Laterality, Status, Value, make_finding
from ...core.result import ToolResult
from ..base import MEASURED
from ..drawing import save_png
from ..volume.lungs import lung_name
from ..volume.nodules import LARGEST_NODULE_MM, Candidate
from .again import ball_precision, balls_near, smallest_ball
from .candidates import NEAR_MM, Spot, is_covered, match_spots, move, share_inside
from .draw_scans import Ring, draw_opacity
from .measure import CANDIDATES, OPACITY_VOLUME
from .pairs import interval_days
from .scans import ScanPair, SeenScan
from .telling import TOOL, Shown, Told, change_finding, measured_change

LEAST_LUNG = 0.3
"""Part of a candidate's place and its surroundings that must be aerated lung in a scan which could have shown it."""
SURE_SLICES = 2.5
"""Slice distances that a ball must span to be found wherever it lies: of made ones that span fewer than two, some are
missed."""


@dataclass(frozen=True)
class Side:
    """One scan of a pair, with what its study says.

    Args:
        name: earlier or later.
        seen: the scan.
        result: of the volume tool.
    """

    name: str
    seen: SeenScan
    result: ToolResult

    @property
    def findings(self) -> Mapping[str, Finding]:
        """Candidates by id."""
        return {item.id: item for item in self.result.findings if item.name in CANDIDATES and not item.is_read}

    def spots(self) -> list[Spot]:
        """Candidates that the study's findings tell."""
        regions = {item.id: item.locator.bbox_mm for item in self.result.evidence
                   if isinstance(item.locator, VolumeRegion)}
        told = []
        for key, item in sorted(self.findings.items()):
            box = next((regions[shown] for shown in item.evidence if shown in regions), None)
            if box is not None and item.number is not None and item.value is not None:
                told.append(Spot(_centre(box), item.number, item.value.precision or 0.0, item.laterality, key))
        return told

    def others_near(self, centre_mm: tuple[float, float, float], *, attached: bool) -> list[Spot]:
        """Opacities about a place beside those.

        Args:
            centre_mm: LPS of this scan.
            attached: also those that hang on chest wall or mediastinum, which takes seconds.
        """
        told = [spot.centre_mm for spot in self.spots()]
        found = ([_spot(item) for item in self.seen.candidates] if attached
                 else balls_near(self.seen.volume, self.seen.chest, self.seen.lungs, centre_mm, NEAR_MM))
        return [spot for spot in found
                if all(np.linalg.norm(np.subtract(spot.centre_mm, centre)) > spot.diameter_mm / 2 for centre in told)]

    def is_ball(self, spot: Spot) -> bool:
        """Whether a spot of this scan is found as a ball in lung, and not by its hanging on something."""
        reach = spot.diameter_mm / 2
        return bool(balls_near(self.seen.volume, self.seen.chest, self.seen.lungs, spot.centre_mm, reach))

    @property
    def smallest_mm(self) -> float:
        """Diameter from which on an opacity in lung is found in this scan, whatever the precision and wherever it lies
        between two slices."""
        whatever_precision = smallest_ball(self.seen.volume) + ball_precision(self.seen.volume)
        return round(max(whatever_precision, SURE_SLICES * self.seen.volume.geometry.spacing[0]), 1)


def _spot(item: Candidate) -> Spot:
    return Spot(item.centre_mm, round(item.diameter_mm, 1), round(item.precision_mm, 1), item.side)


def _centre(box: BoxMm) -> tuple[float, float, float]:
    return ((box[0] + box[3]) / 2, (box[1] + box[4]) / 2, (box[2] + box[5]) / 2)


def tell_opacities(pair: ScanPair, prior: ToolResult, current: ToolResult, shown: Shown, patient: str) -> Told:
    """The changes of all candidates that either study tells.

    A candidate that has no partner among those of the other study's findings is looked for at its place in that scan:
    a study tells its largest candidates only. Then it is new or resolved, but only where the other scan could have
    shown it.

    Args:
        pair: aligned scans.
        prior: what the volume tool found in the earlier one.
        current: in the later one.
        shown: evidence of both scans as a whole, which every change cites.
        patient: opaque.
    """
    teller = _Teller(pair, Side("earlier", pair.prior, prior), Side("later", pair.current, current), shown, patient)
    before, after = teller.before.spots(), teller.after.spots()
    pairs, old, new = match_spots(before, after, pair.alignment.to_current)
    for spot in new:
        found = teller.partner(spot, teller.after, teller.before)
        pairs += [(found, spot)] if found else []
    for spot in old:
        found = teller.partner(spot, teller.before, teller.after)
        pairs += [(spot, found)] if found else []
    met = {spot for both in pairs for spot in both}
    new, old = ([spot for spot in spots if spot not in met] for spots in (new, old))
    for number, (one, other) in enumerate(pairs, 1):
        teller.tell_pair(number, one, other)
    for number, spot in enumerate(new, 1):
        teller.tell_alone(f"new{number}", spot, teller.after, teller.before)
    for number, spot in enumerate(old, 1):
        teller.tell_alone(f"resolved{number}", spot, teller.before, teller.after)
    return teller.told


class _Teller:
    """Turns matched and unmatched spots into findings.

    Args:
        pair: the scans.
        before: the earlier side.
        after: the later side.
        shown: evidence of the scans as a whole.
        patient: opaque.
    """

    def __init__(self, pair: ScanPair, before: Side, after: Side, shown: Shown, patient: str) -> None:
        self._pair, self.before, self.after, self._whole, self._patient = pair, before, after, shown, patient
        self._interval = interval_days(pair.prior.date, pair.current.date)
        self.told = Told()

    def partner(self, spot: Spot, here: Side, there: Side) -> Spot | None:
        """The same opacity in the other scan, where it is none of its study's findings."""
        onwards = (self._pair.alignment.to_prior if here is self.after else self._pair.alignment.to_current)
        place = move(onwards, spot.centre_mm)
        others = there.others_near((float(place[0]), float(place[1]), float(place[2])), attached=not here.is_ball(spot))
        pairs, _, _ = match_spots([spot], others, onwards)
        return pairs[0][1] if pairs else None

    def tell_pair(self, number: int, old: Spot, new: Spot) -> None:
        """One opacity that both scans show."""
        gap = float(np.linalg.norm(move(self._pair.alignment.to_current, old.centre_mm) - new.centre_mm))
        picture = self._draw(f"opacity{number}", Ring(old.centre_mm, old.diameter_mm),
                             Ring(new.centre_mm, new.diameter_mm))
        same = f"the same opacity by its place ({gap:.1f} mm apart after alignment) and size"
        shown = self._shown([(spot, f"{_about(side, spot)}; {same}")
                             for side, spot in ((self.before, old), (self.after, new))], picture)
        first = self._finding(self.before, old, shown.prior)
        second = self._finding(self.after, new, shown.current)
        together = Shown(shown.prior + self._whole.prior, shown.current + self._whole.current)
        self.told.findings.append(measured_change(first, second, self._interval, shown=together))
        volumes = [_volume_of(item, side.result.findings) for item, side in ((first, self.before),
                                                                            (second, self.after))]
        if volumes[0] is not None and volumes[1] is not None:
            self.told.findings.append(measured_change(volumes[0], volumes[1], self._interval, shown=together))

    def tell_alone(self, name: str, spot: Spot, here: Side, there: Side) -> None:
        """An opacity that one scan shows: new or resolved, unless the other could not have shown it."""
        is_new = here is self.after
        matrix = self._pair.alignment.to_prior if is_new else self._pair.alignment.to_current
        x, y, z = (round(float(part), 1) for part in move(matrix, spot.centre_mm))
        place = Spot((x, y, z), spot.diameter_mm, spot.precision_mm, spot.side)
        reason = _why_unseen(place, there)
        if reason:
            self.told.warnings.append(
                f"{_about(here, spot)}: {reason}; whether it is {'new' if is_new else 'resolved'} is not known")
            return
        rings = [Ring(spot.centre_mm, spot.diameter_mm), Ring(place.centre_mm, None)]
        picture = self._draw(name, *(rings[::-1] if is_new else rings))
        texts = [(spot, _about(here, spot)), (place, (
            f"The same place in the {there.name} scan, centre x {x:.1f} y {y:.1f} z {z:.1f} mm (LPS) by alignment, "
            f"where no solid opacity is found; one of {there.smallest_mm:g} mm would be"))]
        shown = self._shown(texts[::-1] if is_new else texts, picture)
        self._tell_one_sided(spot, here, shown, Direction.NEW if is_new else Direction.RESOLVED)

    def _tell_one_sided(self, spot: Spot, here: Side, shown: Shown, direction: Direction) -> None:
        is_new = direction is Direction.NEW
        finding = self._finding(here, spot, shown.current if is_new else shown.prior)
        change = Change(direction=direction, from_=None if is_new else finding.number,
                        to=finding.number if is_new else None, interval_days=self._interval,
                        prior_evidence=() if is_new else finding.evidence)
        now = finding if is_new else finding.model_copy(update={
            "value": None, "date": self._pair.current.date, "evidence": tuple(item.id for item in shown.current)})
        together = Shown(shown.prior + self._whole.prior, shown.current + self._whole.current)
        self.told.findings.append(change_finding(finding, now, change, status=Status.MEASURED, shown=together))

    def _finding(self, side: Side, spot: Spot, shown: tuple[Evidence, ...]) -> Finding:
        """The study's own finding, or one for an opacity that was found by looking again."""
        if spot.finding_id is not None:
            return side.findings[spot.finding_id]
        large = spot.diameter_mm > LARGEST_NODULE_MM
        return make_finding(
            name=CANDIDATES[large], category=Category.OBSERVATION, status=Status.INDETERMINATE, laterality=spot.side,
            site=lung_name(spot.side or Laterality.BILATERAL), evidence=tuple(item.id for item in shown), tool=TOOL,
            value=Value(number=spot.diameter_mm, unit="mm", ucum="mm", precision=spot.precision_mm), reader=MEASURED,
            date=side.seen.date, patient=self._patient)

    def _shown(self, texts: Sequence[tuple[Spot, str]], picture: str | None) -> Shown:
        """Evidence for a place in the earlier and one in the later scan, in this order."""
        first, second = (side.seen.region(_box(spot), text, picture)
                         for side, (spot, text) in zip((self.before, self.after), texts, strict=True))
        self.told.evidence += [first, second]
        return Shown((first,), (second,))

    def _draw(self, name: str, old: Ring, new: Ring) -> str | None:
        path = self._pair.picture_path(name)
        if path is None:
            return None
        save_png(draw_opacity(self._pair.volumes, (old, new), self._pair.alignment.to_prior, self._pair.current.window,
                              self._pair.titles), path[0])
        return path[1]


def _about(side: Side, spot: Spot) -> str:
    x, y, z = spot.centre_mm
    return (f"Solid opacity of {spot.diameter_mm:.1f} mm in the {side.name} scan, "
            f"{lung_name(spot.side or Laterality.BILATERAL).lower()}, centre x {x:.1f} y {y:.1f} z {z:.1f} mm (LPS)")


def _why_unseen(place: Spot, there: Side) -> str:
    """Why a scan could not have shown an opacity at a place; empty when it could."""
    radius, seen = place.diameter_mm / 2, there.seen
    if not is_covered(seen.volume.geometry, place.centre_mm, radius):
        return f"its place is not covered by the {there.name} scan"
    if share_inside(seen.lungs, seen.grid, place.centre_mm, radius) < LEAST_LUNG:
        return f"at its place the {there.name} scan shows no aerated lung"
    if place.diameter_mm < there.smallest_mm:
        return f"the {there.name} scan shows opacities from {there.smallest_mm:g} mm on only"
    return ""


def _box(spot: Spot) -> BoxMm:
    reach = spot.diameter_mm / 2
    low, high = ([round(part + shift, 1) + 0.0 for part in spot.centre_mm] for shift in (-reach, reach))
    return (low[0], low[1], low[2], high[0], high[1], high[2])


def _volume_of(candidate: Finding, findings: Iterable[Finding]) -> Finding | None:
    """The volume that was measured at the same place as a candidate's diameter."""
    return next((item for item in findings if item.name == OPACITY_VOLUME and item.evidence == candidate.evidence
                 and item.number is not None), None)
