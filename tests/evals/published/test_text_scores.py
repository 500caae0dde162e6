"""Scores of texts against values computed by hand."""

from __future__ import annotations

import pytest

from caseloom.evals.published.text_scores import rouge_l, token_f1


@pytest.mark.parametrize(("truth", "said", "value"), [
    ("testing one two", "testing two", 2 * 1 * (2 / 3) / (1 + 2 / 3)),
    ("testing one two", "two testing", 2 * (1 / 2) * (1 / 3) / (1 / 2 + 1 / 3)),
    ("colon, biopsy: Tubular adenoma.", "Colon biopsy: tubular adenoma", 1.0),
    ("a b c d", "a x b y", 0.5), ("testing", "", 0.0), ("", "", 0.0)])
def test_rouge_l_by_hand(truth: str, said: str, value: float) -> None:
    assert rouge_l(truth, said) == pytest.approx(value)


@pytest.mark.parametrize(("truth", "said", "value"), [
    ("Right lung", "the right lung.", 1.0), ("Lung, Heart", "heart", 2 / 3), ("yes", "no", 0.0),
    ("lung lung", "lung", 2 / 3), ("X-ray", "x ray image", 4 / 5), ("", "", 1.0), ("yes", "", 0.0)])
def test_token_f1_by_hand(truth: str, said: str, value: float) -> None:
    assert token_f1(truth, said) == pytest.approx(value)
