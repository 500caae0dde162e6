"""Intervals by bootstrap over whole units: a patient's volumes, films or questions are drawn together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .marks import Marks, Metric, Sums
from .result import Figure

DRAWS = 1000
LEVEL = 0.95
_AT_ONCE = 50
"""Draws that are computed together; bounds the memory."""


@dataclass(frozen=True)
class Marked:
    """One answer's marks, whose they are, and in which group they count."""

    unit: str
    group: str
    marks: Marks


class Tallies:
    """Marks summed by unit, field and group.

    Args:
        marked: every answer.
        fields: that metrics read, though no mark may have them.
    """

    def __init__(self, marked: Sequence[Marked], fields: Iterable[str] = ()) -> None:
        self.units = tuple(dict.fromkeys(one.unit for one in marked))
        self.groups = tuple(dict.fromkeys(one.group for one in marked))
        self.fields = tuple(dict.fromkeys([*fields, *(name for one in marked for name in one.marks)]))
        unit_at, group_at, field_at = ({name: place for place, name in enumerate(names)}
                                       for names in (self.units, self.groups, self.fields))
        self._sums = np.zeros((len(self.units), len(self.fields), len(self.groups)))
        for one in marked:
            for name, number in one.marks.items():
                self._sums[unit_at[one.unit], field_at[name], group_at[one.group]] += number

    @cached_property
    def _flat(self) -> NDArray[np.float64]:
        return self._sums.reshape(len(self.units), -1)

    def sums(self, weights: NDArray[np.float64] | None = None) -> Sums:
        """Sums over units.

        Args:
            weights: (draws, units) how often each unit was drawn; None for each once, in one draw.
        """
        counted = np.ones((1, len(self.units))) if weights is None else weights
        summed = (counted @ self._flat).reshape(len(counted), len(self.fields), len(self.groups))
        return {name: summed[:, place] for place, name in enumerate(self.fields)}

    def of_group(self, group: str) -> Sums:
        """Sums of one group alone, in one draw."""
        place = self.groups.index(group)
        return {name: values[:, place:place + 1] for name, values in self.sums().items()}


def estimate(metric: Metric, tallies: Tallies, *, draws: int = DRAWS, seed: int = 0) -> Figure:
    """A metric's value and its percentile interval (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
    chapter 13): units are drawn with replacement, as many as there are; draws in which the metric cannot be told are
    left out.

    Args:
        metric: the score.
        tallies: the marks.
        draws: number of draws.
        seed: of the draws.
    """
    value = float(metric.of(tallies.sums())[0]) if tallies.units else np.nan
    count = len(tallies.units)
    if not np.isfinite(value) or count < 2:
        return Figure(value=value if np.isfinite(value) else None)
    rng = np.random.default_rng(seed)
    scores = []
    for start in range(0, draws, _AT_ONCE):
        size = min(_AT_ONCE, draws - start)
        weights = rng.multinomial(count, np.full(count, 1 / count), size=size).astype(np.float64)
        scores.append(metric.of(tallies.sums(weights)))
    drawn = np.concatenate(scores)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn[np.isfinite(drawn)], [tail, 1 - tail])
    return Figure(value=value, low=float(low), high=float(high))
