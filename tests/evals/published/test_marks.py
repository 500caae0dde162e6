"""Metrics against values computed by hand, and their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from caseloom.evals.published import marks
from caseloom.evals.published.bootstrap import Marked, Tallies, estimate
from caseloom.evals.published.marks import Metric

FIELDS = ("n", "right", "tp", "fp", "fn")
# condition, truth, answer
ANSWERS = (("a", True, True), ("a", True, False), ("a", False, True), ("a", False, False),
           ("b", True, True), ("b", False, None), ("b", False, False), ("b", True, None),
           ("c", False, False))


def tallies() -> Tallies:
    return Tallies([Marked(str(number), group, marks.yes_or_no(truth, said))
                    for number, (group, truth, said) in enumerate(ANSWERS)], FIELDS)


@pytest.mark.parametrize(("score", "value"), [
    # a: tp 1, fp 1, fn 1, so 1/2; b: tp 1, fp 0, fn 1, so 2/3; c holds no positive and none was called
    (marks.macro_f1, (1 / 2 + 2 / 3) / 2),
    (marks.macro_precision, (1 / 2 + 1) / 2),
    (marks.macro_recall, (1 / 2 + 1 / 2) / 2),
    # a 2 of 4, b 2 of 4 (no answer is wrong, whatever the truth), c 1 of 1
    (marks.macro_accuracy, (1 / 2 + 1 / 2 + 1) / 3),
    # tp 2, fp 1, fn 2
    (marks.micro_f1, 4 / 7),
    (marks.mean_of("right"), 5 / 9)])
def test_scores_by_hand(score: object, value: float) -> None:
    found = estimate(Metric("m", "M", "", score), tallies())
    assert found.value == pytest.approx(value)
    assert found.low is not None and found.high is not None
    assert found.low <= value <= found.high


def test_a_condition_that_is_there_and_never_called_has_no_precision() -> None:
    told = Tallies([Marked("1", "a", marks.yes_or_no(True, False))], FIELDS)
    assert estimate(Metric("m", "M", "", marks.macro_precision), told).value == 0.0


def test_macro_accuracy_of_classes_by_hand() -> None:
    """Edema: improved 1 of 2, stable 1 of 1, no worsened. Pneumonia: worsened 0 of 1."""
    classes = ("improved", "stable", "worsened")
    told = Tallies([Marked(str(number), finding, marks.class_marks(classes, truth, said))
                    for number, (finding, truth, said) in enumerate((
                        ("edema", "improved", "improved"), ("edema", "improved", "stable"),
                        ("edema", "stable", "stable"), ("pneumonia", "worsened", None)))])
    found = estimate(Metric("m", "M", "", marks.macro_class_accuracy(classes)), told)
    assert found.value == pytest.approx(((1 / 2 + 1) / 2 + 0) / 2)


def test_units_are_drawn_whole() -> None:
    """All of one unit is right, all of the other wrong: a third of the draws or so is all right or all wrong."""
    told = Tallies([Marked(unit, "a", marks.right_or_wrong(1, said)) for unit, said in (("p", 1), ("q", 0))
                    for _ in range(100)])
    found = estimate(Metric("m", "M", "", marks.mean_of("right")), told)
    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)
    one = Tallies([Marked("p", "a", marks.right_or_wrong(1, said)) for said in (1, 0)])
    assert estimate(Metric("m", "M", "", marks.mean_of("right")), one).low is None


def test_an_interval_is_near_the_known_one() -> None:
    """Of a share of 0.7 among 400 the standard error is 0.0229."""
    told = Tallies([Marked(str(number), "a", marks.right_or_wrong(1, int(number < 280))) for number in range(400)])
    found = estimate(Metric("m", "M", "", marks.mean_of("right")), told)
    assert np.allclose([found.low, found.high], [0.7 - 1.96 * 0.0229, 0.7 + 1.96 * 0.0229], atol=0.006)
