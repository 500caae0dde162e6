"""Measured change between matching findings: pure functions over findings and their evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from ...core.evidence import Evidence, VolumeRegion
from ...core.finding import Change, Direction, Finding

CANDIDATES = ("Pulmonary nodule candidate", "Pulmonary mass candidate")
"""Named by size: what is a nodule at one date may be a mass at the next."""

LEAST_DETECTABLE: Mapping[str, float | None] = {
    # Bankier et al. 2017, Radiology 285(2):584-600: a change of a nodule's mean diameter below 2 mm is not growth.
    "Pulmonary nodule candidate": 2.0,
    # The statement is about nodules; that it holds for larger candidates too is an own choice.
    "Pulmonary mass candidate": 2.0,
    # No repeatability of our own methods has been measured for these; the difference is given, its meaning is not.
    "Lung volume": None,
    "Mean lung attenuation": None,
    "Cardiothoracic ratio": None,
}
"""What is compared, with the smallest difference that can be told from noise, in the finding's unit."""

SAME_PLACE = 0.12
"""Two candidates are one place when each coordinate differs by less than this fraction of the lung's extent: an
own choice, wide enough for two breaths that are not equally deep."""

Place = tuple[float, float, float]


def change_between(prior: float, current: float, *, least_detectable: float | None, interval: int | None,
                   prior_evidence: tuple[str, ...]) -> Change:
    """The change from `prior` to `current`, both in the same unit.

    Args:
        prior: earlier value.
        current: later value.
        least_detectable: smallest difference that counts, in the same unit; below it the direction is `stable`.
            None where it is not known: then only equal values are `stable`.
        interval: days between the two.
        prior_evidence: evidence ids of the earlier value.
    """
    delta = round(current - prior, 6)
    steady = abs(delta) < least_detectable if least_detectable is not None else delta == 0
    direction = Direction.STABLE if steady else Direction.INCREASED if delta > 0 else Direction.DECREASED
    return Change(direction=direction, from_=prior, to=current, delta=delta,
                  relative=round(delta / abs(prior), 4) if prior else None, least_detectable=least_detectable,
                  interval_days=interval, prior_evidence=prior_evidence)


def matching(prior: Sequence[Finding], current: Sequence[Finding],
             evidence: Mapping[str, Evidence]) -> Iterator[tuple[Finding, Finding]]:
    """Pairs of findings that measure the same thing at two dates, in the same unit.

    Single measurements match by name, site and side; lung candidates by their place within the lung of their side.
    """
    for before, after in product(_comparable(prior), _comparable(current)):
        if after.name not in CANDIDATES and _identity(before) == _identity(after):
            yield before, after
    yield from _matching_candidates(prior, current, evidence)


def _comparable(findings: Iterable[Finding]) -> Iterator[Finding]:
    return (item for item in findings if item.name in LEAST_DETECTABLE and item.number is not None)


def _identity(finding: Finding) -> tuple[str | None, ...]:
    return finding.name, finding.site, finding.laterality, finding.value.unit if finding.value else None


def _matching_candidates(prior: Sequence[Finding], current: Sequence[Finding],
                      evidence: Mapping[str, Evidence]) -> Iterator[tuple[Finding, Finding]]:
    before, after = _places(prior, evidence), _places(current, evidence)
    near = sorted((gap, old.id, new.id, old, new) for (old, here), (new, there) in product(before, after)
                  if old.laterality == new.laterality
                  and (gap := max(abs(a - b) for a, b in zip(here, there, strict=True))) < SAME_PLACE)
    used: set[str] = set()
    for _, old_id, new_id, old, new in near:
        if not {old_id, new_id} & used:
            used |= {old_id, new_id}
            yield old, new


def _places(findings: Sequence[Finding], evidence: Mapping[str, Evidence]) -> list[tuple[Finding, Place]]:
    """Candidates with their centre as fractions of the bounding box of the lung of their side."""
    lungs = {item.laterality: region for item in findings if item.name == "Lung volume"
             and (region := _region(item, evidence)) is not None}
    placed = []
    for item in findings:
        here, lung = _region(item, evidence), lungs.get(item.laterality)
        if item.name in CANDIDATES and here is not None and lung is not None:
            placed.append((item, _within(here, lung)))
    return placed


def _region(finding: Finding, evidence: Mapping[str, Evidence]) -> VolumeRegion | None:
    locators = (evidence[key].locator for key in finding.evidence)
    return next((locator for locator in locators if isinstance(locator, VolumeRegion)), None)


def _within(inner: VolumeRegion, outer: VolumeRegion) -> Place:
    """Centre of `inner` in fractions of `outer`'s extent along x, y, z."""
    def fraction(axis: int) -> float:
        low, high = outer.bbox_mm[axis], outer.bbox_mm[axis + 3]
        centre = (inner.bbox_mm[axis] + inner.bbox_mm[axis + 3]) / 2
        return (centre - low) / (high - low)
    return fraction(0), fraction(1), fraction(2)
