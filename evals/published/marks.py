"""Metrics over marks: each answer gets a few numbers, these are summed by unit and group, and a metric is a function of
the sums. So the same function gives the score, a class's own value, and every draw of a bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Marks = Mapping[str, float]
"""Numbers of one answer by field, such as {"n": 1, "right": 1}."""
Sums = Mapping[str, NDArray[np.float64]]
"""Sums of marks by field, each (draws, groups)."""
Scores = NDArray[np.float64]
"""(draws,), 0..1; NaN where nothing can be said."""


@dataclass(frozen=True)
class Metric:
    """A named score.

    Args:
        key: name for programs.
        title: name for people.
        definition: what it is, one sentence, with its source.
        of: the score from the sums; every field that any mark has is there.
        detail: told beside the others in one table.
    """

    key: str
    title: str
    definition: str
    of: Callable[[Sums], Scores]
    detail: bool = False


def right_or_wrong(truth: object, value: object) -> dict[str, float]:
    """Marks of an answer that is right or wrong; none counts as wrong."""
    return {"n": 1.0, "right": float(value is not None and value == truth)}


def yes_or_no(truth: bool, value: bool | None) -> dict[str, float]:
    """Marks of a yes-or-no answer for accuracy and F1. No usable answer is wrong, and counts as a "no" for F1: a case
    that is positive is missed, one that is negative is no false alarm."""
    said = bool(value)
    return {"n": 1.0, "right": float(value is not None and value == truth),
            "tp": float(truth and said), "fp": float(said and not truth), "fn": float(truth and not said)}


def _part(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quotients, NaN for 0 / 0."""
    unknown = np.full(np.broadcast(top, bottom).shape, np.nan)
    quotient: NDArray[np.float64] = np.divide(top, bottom, out=unknown, where=bottom > 0)
    return quotient


def _mean(values: NDArray[np.float64]) -> Scores:
    """The mean over groups, those without a value left out."""
    known = np.isfinite(values)
    return _part(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1).astype(np.float64))


def macro_accuracy(sums: Sums) -> Scores:
    """Accuracy within each group, then the mean over groups."""
    return _mean(_part(sums["right"], sums["n"]))


def macro_f1(sums: Sums) -> Scores:
    """2 tp / (2 tp + fp + fn) of each group, then the mean over groups; a group without a positive is left out whatever
    was answered, so that all who answer are averaged over the same groups."""
    every = _part(2 * sums["tp"], 2 * sums["tp"] + sums["fp"] + sums["fn"])
    return _mean(np.where(sums["tp"] + sums["fn"] > 0, every, np.nan))


def macro_precision(sums: Sums) -> Scores:
    """tp / (tp + fp) of each group, then the mean; 0 for a group with positives of which none was called."""
    called = sums["tp"] + sums["fp"]
    return _mean(np.where((called == 0) & (sums["fn"] > 0), 0.0, _part(sums["tp"], called)))


def macro_recall(sums: Sums) -> Scores:
    """tp / (tp + fn) of each group, then the mean; groups without a positive are left out."""
    return _mean(_part(sums["tp"], sums["tp"] + sums["fn"]))


def micro_f1(sums: Sums) -> Scores:
    """2 tp / (2 tp + fp + fn) over everything together."""
    tp, fp, fn = (sums[name].sum(axis=1) for name in ("tp", "fp", "fn"))
    return _part(2 * tp, 2 * tp + fp + fn)


def mean_of(name: str, count: str = "n") -> Callable[[Sums], Scores]:
    """The mean of a mark over all answers, groups notwithstanding.

    Args:
        name: field of the mark.
        count: field that counts the answers it was given to.
    """
    return lambda sums: _part(sums[name].sum(axis=1), sums[count].sum(axis=1))


def macro_class_accuracy(classes: tuple[str, ...]) -> Callable[[Sums], Scores]:
    """In each group the mean recall over its classes, then the mean over groups (the macro accuracy of BioViL-T, Bannur
    et al., CVPR 2023). A class that a group does not have is left out there.

    Args:
        classes: marks are `n:CLASS` and `right:CLASS`, see `class_marks`.
    """
    def score(sums: Sums) -> Scores:
        recalls = np.stack([_part(sums[f"right:{name}"], sums[f"n:{name}"]) for name in classes])
        known = np.isfinite(recalls)
        return _mean(_part(np.where(known, recalls, 0.0).sum(axis=0), known.sum(axis=0).astype(np.float64)))

    return score


def class_marks(classes: tuple[str, ...], truth: str, value: str | None) -> dict[str, float]:
    """Marks of one choice among classes for `macro_class_accuracy`, and for plain accuracy."""
    right = float(value == truth)
    return {**right_or_wrong(truth, value), **{f"n:{name}": float(name == truth) for name in classes},
            **{f"right:{name}": right * (name == truth) for name in classes}}
