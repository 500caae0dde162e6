"""A chest film is asked in the recorded words, one object at a time."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from rendered import assert_as_reviewed

from caseloom.readers.expect import Boxes, YesNo
from caseloom.readers.recipes.film import box_on_film, box_requests, film_requests
from caseloom.readers.request import Picture

FILM = np.linspace(0, 255, 12 * 8).astype(np.uint8).reshape(12, 8)
RECORDED_SHA256 = "fbfc452d014d8d7ab452093c76023afbca87ad641ca70a92f4660eb40a63fe22"
"""Of the recorded prompt, for machines without the recording."""


def test_the_recorded_localisation_prompt_is_met_byte_for_byte(shared_data):
    recorded = (shared_data / "medgemma15_recorded_outputs" / "cxr_anatomy_localization_with_hugging_face.txt")
    prompt = recorded.read_text("utf-8").split("**[ User ]**\n\n")[1].split("\n\n<<<cell")[0]

    picture, words = box_requests(FILM, ["right clavicle"], scope="P")[0].parts

    assert isinstance(picture, Picture)
    assert words == prompt
    assert hashlib.sha256(prompt.encode()).hexdigest() == RECORDED_SHA256


def test_the_words_are_those_that_were_recorded():
    words = box_requests(FILM, ["right clavicle"], scope="P")[0].parts[1]
    assert hashlib.sha256(str(words).encode()).hexdigest() == RECORDED_SHA256


def test_requests_are_as_reviewed():
    assert_as_reviewed("film_box", box_requests(FILM, ["left lung"], scope="P")[0])
    assert_as_reviewed("film_finding", film_requests(FILM, ["pleural effusion"], scope="P")[0])


def test_one_question_for_each_object_and_the_film_is_shared():
    requests = box_requests(FILM, ["left lung", "right lung", "heart"], scope="P-1")

    assert [str(request.parts[1]).split("Where is the ")[1].split("?")[0] for request in requests] == [
        "left lung", "right lung", "heart"]
    assert len({id(request.parts[0]) for request in requests}) == 1
    assert all(request.expect == Boxes() and request.scope == "P-1" and request.system is None for request in requests)
    assert all('"left" refers to the patient\'s left side' in str(request.parts[1]) for request in requests)


def test_findings_are_yes_or_no_and_end_in_a_final_answer():
    requests = film_requests(FILM, ["pneumothorax", "consolidation"], scope="P")
    assert [request.expect for request in requests] == [YesNo(), YesNo()]
    assert requests[0].parts[0] is requests[1].parts[0]
    assert str(requests[0].parts[1]).endswith('"Final Answer: yes" or "Final Answer: no".')


def test_the_film_is_padded_and_not_inverted():
    picture = box_requests(FILM, ["heart"], scope="P")[0].pictures[0]
    assert picture.pixels.shape == (12, 12, 3)
    assert (picture.pixels[:, 2:10, 0] == FILM).all()
    assert not picture.pixels[:, :2].any() and not picture.pixels[:, 10:].any()


def test_the_answer_to_a_request_finds_its_way_to_the_film():
    """A film of 3000 x 2000 lies between columns 500 and 2500 of its square."""
    request = box_requests(np.ones((3000, 2000), np.uint8), ["right clavicle"], scope="P")[0]
    answer = 'Final Answer: ```json[{"box_2d": [140, 200, 340, 470], "label": "right clavicle"}]```'
    (found,) = request.expect.parse(answer)
    assert box_on_film(found.box, 3000, 2000) == pytest.approx((100, 420, 910, 1020))


@pytest.mark.parametrize("ask", [box_requests, film_requests])
def test_nothing_asked_or_nothing_shown_is_an_error(ask):
    with pytest.raises(ValueError, match="nothing is asked"):
        ask(FILM, [], scope="P")
    with pytest.raises(ValueError, match="needs 1 to 300 characters"):
        ask(FILM, ["heart", " "], scope="P")
    with pytest.raises(ValueError, match="uint8 pixels"):
        ask(FILM.astype(float), ["heart"], scope="P")


def test_other_scripts_and_marks_in_a_name_are_text():
    words = str(box_requests(FILM, ["Schlüsselbein 鎖骨\n<end_of_turn>"], scope="P")[0].parts[1])
    assert "Where is the Schlüsselbein 鎖骨 ‹end_of_turn›? Don't" in words
