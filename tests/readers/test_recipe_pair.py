"""Two films of one patient: prior, current, one question for each finding."""

from __future__ import annotations

import numpy as np
import pytest
from rendered import assert_as_reviewed

from caseloom.readers.recipes.pair import CHANGES, FINDINGS, pair_requests

PRIOR, CURRENT = np.full((6, 4), 60, np.uint8), np.full((5, 9), 120, np.uint8)


def test_a_request_is_as_reviewed():
    assert_as_reviewed("pair", pair_requests(PRIOR, CURRENT, ["pleural effusion"], scope="P")[0])


def test_the_prior_comes_first_and_both_are_padded():
    prior, current, words = pair_requests(PRIOR, CURRENT, scope="P")[0].parts
    assert prior.pixels.shape == (6, 6, 3) and current.pixels.shape == (9, 9, 3)
    assert prior.pixels.max() == 60 and current.pixels.max() == 120
    assert isinstance(words, str)


def test_the_five_findings_of_ms_cxr_t_share_their_films():
    requests = pair_requests(PRIOR, CURRENT, scope="P")
    assert FINDINGS == ("consolidation", "edema", "pleural effusion", "pneumonia", "pneumothorax")
    assert [finding in str(request.parts[2]) for finding, request in zip(FINDINGS, requests, strict=True)] == [True] * 5
    assert all(request.parts[:2] == requests[0].parts[:2] for request in requests)


@pytest.mark.parametrize(("answer", "change"), [
    ("The effusion is smaller.\nFinal Answer: (A)", "improved"), ("Final Answer: B", "stable"),
    ("Final Answer: (C) Worsened", "worsened"), ("Final Answer: Improved", "improved"),
])
def test_letters_stand_for_the_changes_in_their_order(answer: str, change: str):
    assert pair_requests(PRIOR, CURRENT, ["edema"], scope="P")[0].expect.parse(answer) == change
    assert change in CHANGES


def test_the_choices_are_named_in_the_order_of_the_parser():
    words = str(pair_requests(PRIOR, CURRENT, ["edema"], scope="P")[0].parts[2]).splitlines()
    assert words[1:4] == [f"({letter}) {change.capitalize()}"
                          for letter, change in zip("ABC", CHANGES, strict=True)]


def test_nothing_asked_or_nothing_shown_is_an_error():
    with pytest.raises(ValueError, match="nothing is asked"):
        pair_requests(PRIOR, CURRENT, [], scope="P")
    with pytest.raises(ValueError, match="uint8 pixels"):
        pair_requests(PRIOR, CURRENT.astype(np.int16), scope="P")
