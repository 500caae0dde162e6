"""A slide as a set of patches: which ones, how many, and how it is asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendered import assert_as_reviewed

from caseloom.readers.counts import WRAPPED_PICTURE_TOKENS
from caseloom.readers.expect import FreeText, YesNo
from caseloom.readers.recipes.sampling import MOST_PATCHES
from caseloom.readers.recipes.slide import (
    MOST_TOKENS,
    choose_patches,
    diagnosis_request,
    finding_requests,
    patches_that_fit,
)
from caseloom.readers.request import Picture

RECORDED = ("You are an instructor teaching medical students. For education purposes, provide a brief descriptive text "
            "for the set of pathology patches extracted from a pathology slide. Consider the tissue type and procedure "
            "(below) when deciding what to include in the descriptive text.\ncolon, biopsy:")


def patches(count: int, side: int = 4) -> list[np.ndarray]:
    return [np.full((side, side, 3), number % 256, np.uint8) for number in range(count)]


def test_the_recorded_prompt_is_met_byte_for_byte_and_stands_before_the_patches():
    request = diagnosis_request(patches(3), scope="P", procedure="colon, biopsy")
    assert request.parts[0] == RECORDED
    assert [part.pixels[0, 0, 0] for part in request.parts[1:]] == [0, 1, 2]
    assert request.expect == FreeText() and request.system is None


def test_it_is_the_prompt_of_the_recording(shared_data):
    recorded = shared_data / "medgemma15_recorded_outputs" / "high_dimensional_pathology_model_garden.txt"
    assert f'"text": {_json(RECORDED)},' in recorded.read_text("utf-8")


def _json(text: str) -> str:
    import json

    return json.dumps(text)


def test_requests_are_as_reviewed():
    assert_as_reviewed("slide_diagnosis", diagnosis_request(patches(2), scope="P", procedure="colon, biopsy:"))
    assert_as_reviewed("slide_diagnosis_unknown", diagnosis_request(patches(1), scope="P"))
    assert_as_reviewed("slide_diagnosis_after", diagnosis_request(patches(2), scope="P", procedure="skin, excision",
                                                                  patches_first=True))
    assert_as_reviewed("slide_finding", finding_requests(patches(2), ["mitotic figures"], scope="P")[0])


def test_findings_share_all_but_the_last_part():
    shown = [Picture(patch) for patch in patches(5)]
    diagnosis = diagnosis_request(shown, scope="P", patches_first=True)
    requests = finding_requests(shown, ["tumour", "necrosis"], scope="P")
    assert [request.parts[:-1] for request in requests] == [tuple(shown), tuple(shown)]
    assert diagnosis.parts[:-1] == tuple(shown)
    assert '"tumour"' in str(requests[0].parts[-1]) and '"necrosis"' in str(requests[1].parts[-1])
    assert {request.expect for request in requests} == {YesNo()}


@pytest.mark.parametrize("count", [1, 126])
def test_one_patch_and_all_patches_can_be_shown(count: int):
    assert len(diagnosis_request(patches(count), scope="P").pictures) == count


@pytest.mark.parametrize("count", [0, 127])
def test_no_patch_and_one_too_many_are_errors(count: int):
    for ask in (lambda shown: diagnosis_request(shown, scope="P"),
                lambda shown: finding_requests(shown, ["tumour"], scope="P")):
        with pytest.raises(ValueError, match=f"1 to 126 patches can be shown, not {count}"):
            ask(patches(count))


def test_a_patch_that_would_be_stretched_and_a_question_without_words_are_errors():
    with pytest.raises(ValueError, match="not square"):
        diagnosis_request([np.zeros((4, 5, 3), np.uint8)], scope="P")
    with pytest.raises(ValueError, match="nothing is asked"):
        finding_requests(patches(1), [], scope="P")
    with pytest.raises(ValueError, match="a procedure needs 1 to 300"):
        diagnosis_request(patches(1), scope="P", procedure=" \n")


@given(st.lists(st.integers(), min_size=1, max_size=400), st.integers(0, 2**32), st.integers(1, 126))
def test_a_sample_keeps_the_order_and_repeats(places: list[int], seed: int, most: int):
    numbered = list(enumerate(places))
    chosen = choose_patches(numbered, seed, most=most)
    assert len(chosen) == min(most, len(places))
    assert list(chosen) == sorted(set(chosen))
    assert set(chosen) <= set(numbered)
    assert chosen == choose_patches(numbered, seed, most=most)


def test_the_sample_depends_on_the_seed_and_on_nothing_else():
    places = range(1000)
    assert choose_patches(places)[:6] == (25, 35, 40, 52, 56, 75)
    assert choose_patches(places, 1) != choose_patches(places, 2)
    assert choose_patches(range(126)) == tuple(range(126))
    assert len(choose_patches(range(127))) == MOST_PATCHES


def test_every_place_is_drawn_about_as_often():
    counts = np.bincount(np.concatenate([choose_patches(range(40), seed, most=10) for seed in range(2000)]))
    assert counts.min() > 420 and counts.max() < 580


@pytest.mark.parametrize("most", [0, 127, -1])
def test_a_sample_of_none_or_of_too_many_is_an_error(most: int):
    with pytest.raises(ValueError, match="patches can be shown"):
        choose_patches(range(10), most=most)


def test_a_slide_without_tissue_is_an_error():
    with pytest.raises(ValueError, match="no tissue patch"):
        choose_patches([])


@pytest.mark.parametrize(("context", "count"), [(None, 126), (131_072, 126), (34_000, 122), (32_768, 117),
                                                (8192, 22), (2516, 1)])
def test_as_many_patches_as_the_context_holds(context: int | None, count: int):
    assert patches_that_fit(context) == count
    assert context is None or count * WRAPPED_PICTURE_TOKENS + MOST_TOKENS < context


def test_a_context_for_no_patch_is_an_error():
    with pytest.raises(ValueError, match="a context of 2515 tokens holds no patch"):
        patches_that_fit(2515)
