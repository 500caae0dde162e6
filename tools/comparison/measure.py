"""Measured change between matching findings: pure functions over findings.

The least detectable change is the larger of two: what two measurements can differ by through the method alone, the
root of the sum of their squared precisions, and what repeated examinations are known to differ by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import hypot

from ...core.finding import Change, Direction, Finding
from ..volume.density import LOW_AREA

CANDIDATES = ("Pulmonary nodule candidate", "Pulmonary mass candidate")
"""Named by size: what is a nodule at one date may be a mass at the next."""
OPACITY_VOLUME = "Opacity volume"
_BY_PLACE = (*CANDIDATES, OPACITY_VOLUME)
PARTIAL = "(partial)"
"""In the site of a lung that the field of view cuts: its part is not the same part at two dates."""


@dataclass(frozen=True)
class Repeat:
    """What repeated examinations differ by.

    Args:
        least: in the finding's unit.
        relative: as a fraction of the larger of both values.
    """

    least: float = 0.0
    relative: float = 0.0


_ON_95 = 1.96 * 1.2533
"""From a mean absolute difference to the limit that 95 % of the differences of a normal distribution stay below."""

REPEATS: Mapping[str, Repeat] = {
    # A change of a nodule's mean diameter below 2 mm is not growth (Bankier et al., Radiology 285(2):584-600, 2017).
    # Differences below 10 % of a tumour's diameter are seen between scans minutes apart (Oxnard et al., J Clin Oncol
    # 29(23):3114-3119, 2011).
    **dict.fromkeys(CANDIDATES, Repeat(2.0, 0.10)),
    # The volumes of a nodule in two scans differ by up to 29 % in 95 % of the cases (Hein et al., Eur Radiol
    # 20(1):157-164, 2010).
    OPACITY_VOLUME: Repeat(relative=0.29),
    # Scans a week apart, at full inspiration: mean absolute differences of 169 mL in 5802 mL, 5.0 HU, and 0.66
    # percentage points below -950 HU (Chong et al., Proc SPIE 7963:796339, 2011).
    "Lung volume": Repeat(relative=round(_ON_95 * 169 / 5802, 3)),
    "Mean lung attenuation": Repeat(round(_ON_95 * 5.0)),
    LOW_AREA: Repeat(round(_ON_95 * 0.66, 1)),
    # What lies in the skull does not move: the method's own precision stands alone.
    "Hyperdense volume": Repeat(),
    # Two films of one person differ with a standard deviation of 0.029 (Chon et al., J Korean Med Sci
    # 26(11):1446-1453, 2011); this tool on a film turned, scaled, darkened and made noisy, with 0.013.
    "Cardiothoracic ratio": Repeat(0.06),
    # In percent of both lung fields. This tool on six pairs of films of five patients, days apart in the same
    # projection: root mean square difference 2.3; on one film turned, scaled, darkened and made noisy: 0.5.
    "Lung field share": Repeat(5.0),
}
"""What is compared."""

DENSITIES = ("Mean lung attenuation", LOW_AREA)
"""What kernel, slice thickness and contrast agent change: not compared across techniques."""


def least_detectable(before: Finding, after: Finding) -> float:
    """The smallest difference that can be told from noise, in the findings' unit, rounded as it is printed.

    Args:
        before: the earlier measurement, of a name in `REPEATS`.
        after: the later one.
    """
    repeat = REPEATS[after.name]
    own = hypot(*(item.value.precision or 0.0 for item in (before, after) if item.value is not None))
    larger = max(abs(before.number or 0.0), abs(after.number or 0.0))
    return round_like(max(repeat.least, repeat.relative * larger, own))


def round_like(number: float) -> float:
    """Whole from 10 on, else to two digits after the point."""
    return float(round(number)) if number >= 10 else round(number, 2)


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


def matching(prior: Sequence[Finding], current: Sequence[Finding]) -> Iterator[tuple[Finding, Finding]]:
    """Pairs of findings that measure the same thing at two dates: one name, site, side and unit.

    What a study measured twice under one name and site (two films of one day, say) is left out, as is a part of a
    lung, and candidates, which match by place.
    """
    before, after = _single(prior), _single(current)
    return ((before[key], after[key]) for key in sorted(before.keys() & after.keys(), key=str))


def _single(findings: Iterable[Finding]) -> dict[tuple[str | None, ...], Finding]:
    alike: dict[tuple[str | None, ...], list[Finding]] = defaultdict(list)
    for item in findings:
        if item.name in REPEATS and item.name not in _BY_PLACE and not item.is_read and item.number is not None:
            alike[_identity(item)].append(item)
    return {key: items[0] for key, items in alike.items() if len(items) == 1 and PARTIAL not in (items[0].site or "")}


def _identity(finding: Finding) -> tuple[str | None, ...]:
    return finding.name, finding.site, finding.laterality, finding.value.unit if finding.value else None
