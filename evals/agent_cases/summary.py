"""Scores of many cases in one: ratios with intervals by bootstrap over cases, errors with limits of agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Json = dict[str, Any]
DRAWS = 2000
_SEED = 20_250


@dataclass(frozen=True)
class Ratio:
    """One metric over all cases.

    Attributes:
        value: sum of numerators over sum of denominators.
        low: 2.5th percentile over resampled cases.
        high: 97.5th percentile.
        hits: sum of numerators.
        of: sum of denominators.
        cases: how many cases had something to count.
    """

    value: float
    low: float
    high: float
    hits: float
    of: float
    cases: int


@dataclass(frozen=True)
class Error:
    """A measurement against its truth.

    Attributes:
        count: of measurements.
        mean_absolute: in the quantity's unit.
        mean_relative: of the true value, as a fraction.
        bias: mean of measured minus true.
        low: lower limit of agreement: bias - 1.96 standard deviations (Bland and Altman, Lancet 1986;327:307-310).
        high: upper limit.
    """

    count: int
    mean_absolute: float
    mean_relative: float
    bias: float
    low: float
    high: float


def summary_of(scores: Sequence[Json]) -> Json:
    """Ratios and errors by agent, the mean cost of a case, what the cases held, and every miss with its seed.

    Args:
        scores: of `run.run_case`; an agent need not have had every case.
    """
    agents = list(dict.fromkeys(name for score in scores for name in score["agents"]))
    return {
        "cases": len(scores), "seeds": sorted(score["seed"] for score in scores),
        "holds": {kind: sum(score["holds"][kind] for score in scores) for kind in scores[0]["holds"]} if scores else {},
        "write_seconds": _mean([score["write_seconds"] for score in scores]),
        "agents": {name: _agent([score["agents"][name] for score in scores if name in score["agents"]])
                   for name in agents},
        "misses": {name: _misses(scores, name) for name in agents},
    }


def _agent(scores: Sequence[Json]) -> Json:
    return {"cases": len(scores), "seconds": _mean([score["seconds"] for score in scores]),
            "cpu_seconds": _mean([score["cpu_seconds"] for score in scores]),
            "ratios": {name: asdict(ratio) for name, ratio in ratios_of([score["counts"] for score in scores]).items()},
            "errors": {name: asdict(error) for name, error in errors_of([score["errors"] for score in scores]).items()}}


def _mean(numbers: Sequence[float]) -> float:
    return round(float(np.mean(numbers)), 2) if numbers else 0.0


def _misses(scores: Sequence[Json], agent: str) -> list[Json]:
    return [{"seed": score["seed"], "metric": metric, "what": what}
            for score in sorted(scores, key=lambda one: int(one["seed"]))
            for metric, what in score["agents"].get(agent, {"misses": ()})["misses"]]


def ratios_of(counts: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, Ratio]:
    """Each metric over all cases, by name.

    Args:
        counts: of each case: numerator and denominator by metric.
    """
    draws = _draws(len(counts))
    names = sorted({name for one in counts for name in one})
    return {name: _ratio(np.array([one.get(name, (0.0, 0.0)) for one in counts], float), draws) for name in names}


def _draws(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(_SEED).integers(0, max(count, 1), (DRAWS, count))


def _ratio(pairs: NDArray[np.float64], draws: NDArray[np.int64]) -> Ratio:
    hits, of = pairs.sum(axis=0)
    drawn = pairs[draws].sum(axis=1)
    drawn = drawn[drawn[:, 1] > 0]
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1], (2.5, 97.5))
    return Ratio(round(hits / of, 4), round(float(low), 4), round(float(high), 4), round(float(hits), 3),
                 round(float(of), 3), int((pairs[:, 1] > 0).sum()))


def errors_of(errors: Sequence[Mapping[str, Sequence[Sequence[float]]]]) -> dict[str, Error]:
    """Each measured quantity over all cases, by name.

    Args:
        errors: of each case: (measured, true) pairs by quantity.
    """
    names = sorted({name for one in errors for name in one})
    return {name: _error(np.array([pair for one in errors for pair in one.get(name, ())], float)) for name in names}


def _error(pairs: NDArray[np.float64]) -> Error:
    off = pairs[:, 0] - pairs[:, 1]
    spread = 1.96 * float(off.std(ddof=1)) if len(off) > 1 else 0.0
    bias = float(off.mean())
    relative = np.abs(off) / np.abs(pairs[:, 1])
    told = (float(np.abs(off).mean()), float(relative.mean()), bias, bias - spread, bias + spread)
    return Error(len(off), *(round(number, 4) for number in told))
