"""What every reader promises, as tests: a subclass called Test... gives the fixtures `reader` and `unanswerable`."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from caseloom.core.errors import ReaderFailed
from caseloom.core.report import ReaderIdentity
from caseloom.readers.answers import split_thinking
from caseloom.readers.expect import Boxes, Choice, Expect, FreeText, Json, LabelledBox, YesNo
from caseloom.readers.protocol import Reader
from caseloom.readers.reading import Reading
from caseloom.readers.request import Part, Picture, Request

PATIENT, OTHER_PATIENT = "P-0000000000000001", "P-0000000000000002"
MAX_TOKENS = 24
FOLDER = re.compile(r"(^|[\s'\"(])(/|~|[A-Za-z]:[\\/])")


def picture(seed: int, rows: int = 64, columns: int = 64) -> Picture:
    """Noise: the same for the same seed."""
    return Picture(np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), dtype=np.uint8))


def ask(expect: Expect[Any], *parts: Part, scope: str = PATIENT, system: str | None = None) -> Request[Any]:
    """A request of the recipe `contract/1`."""
    return Request("volume", "contract/1", parts, expect, scope, MAX_TOKENS, system)


SLICES: tuple[Part, ...] = (picture(1), "SLICE 1", picture(2), "SLICE 2")
"""Leading parts that several requests share."""
YES_NO = ask(YesNo(), *SLICES, "Is there pleural effusion? Final Answer: yes or no.")
OTHER_YES_NO = ask(YesNo(), *SLICES, "Is there a nodule? Final Answer: yes or no.")
CHOICE = ask(Choice(("improved", "stable", "worsened")), picture(3), picture(4), "How did the consolidation change?")
BOXES = ask(Boxes(), picture(5), "Where is the right lung? Final Answer: boxes.")
JSON = ask(Json(TypeAdapter(list[int])), picture(6), "Which numbers are on the page?")
WORDS = ask(FreeText(), "What is a nodule? Größe 5 µm – “ok”.", system="Answer briefly.")
ODD = tuple(ask(FreeText(), picture(7, *size), "What is this?") for size in ((1, 1), (7, 300), (513, 17)))
ALL = (YES_NO, OTHER_YES_NO, CHOICE, BOXES, JSON, WORDS, *ODD)
"""Every request that the contract asks, apart from `unanswerable`."""


def in_scope(request: Request[Any], scope: str) -> Request[Any]:
    """The same question about another patient."""
    return Request(request.tool, request.recipe, request.parts, request.expect, scope, request.max_tokens,
                   request.system)


def essence(reading: Reading[Any]) -> tuple[Any, ...]:
    """What equal requests have in common, times and reuse aside."""
    return (reading.value, reading.problem, reading.text, reading.answer, reading.thinking, reading.cut_off,
            reading.tokens.prompt, reading.tokens.generated)


def assert_one_line(error: ReaderFailed) -> None:
    assert str(error).strip()
    assert "\n" not in str(error)
    assert not FOLDER.search(str(error)), "a message for a person must not name a folder"


class IdentityContract:
    """What even a reader without a model promises."""

    @pytest.fixture
    def reader(self) -> Reader:
        raise NotImplementedError

    def test_says_who_it_is_without_naming_a_folder(self, reader: Reader) -> None:
        identity = reader.identity
        assert identity.name
        assert identity == reader.identity
        assert ReaderIdentity.model_validate_json(identity.model_dump_json()) == identity.model_copy(
            update={"unfit": None, "origin": None})
        assert identity.weights_sha256 is None or re.fullmatch(r"[0-9a-f]{64}", identity.weights_sha256)
        said = [*_strings(identity.model_dump()), identity.unfit or ""]
        assert not [text for text in said if FOLDER.search(text)]

    def test_nothing_asked_is_nothing_read(self, reader: Reader) -> None:
        assert reader.read([]) == []


class SilentReaderContract(IdentityContract):
    """A reader that interprets nothing."""

    def test_interprets_nothing_and_names_no_model(self, reader: Reader) -> None:
        assert not reader.identity.interprets
        assert reader.identity.model is None

    def test_refuses_to_read(self, reader: Reader) -> None:
        with pytest.raises(ReaderFailed) as refused:
            reader.read([WORDS])
        assert_one_line(refused.value)


class ReaderContract(IdentityContract):
    """A reader with a model."""

    @pytest.fixture
    def unanswerable(self) -> Request[Any]:
        """A request that this reader has no answer to: too long, not recorded."""
        raise NotImplementedError

    def test_names_its_model_or_says_why_it_is_unfit(self, reader: Reader) -> None:
        identity = reader.identity
        assert identity.interprets
        assert identity.model or identity.unfit

    def test_answers_come_in_the_order_of_the_requests(self, reader: Reader) -> None:
        forward = reader.read([YES_NO, WORDS, OTHER_YES_NO, BOXES])
        backward = reader.read([BOXES, OTHER_YES_NO, WORDS, YES_NO])
        alone = [reader.read([request])[0] for request in (YES_NO, WORDS, OTHER_YES_NO, BOXES)]
        assert [essence(reading) for reading in forward] == [essence(reading) for reading in reversed(backward)]
        assert [essence(reading) for reading in forward] == [essence(reading) for reading in alone]

    def test_equal_requests_have_equal_readings(self, reader: Reader) -> None:
        one, other = reader.read([CHOICE, in_scope(CHOICE, PATIENT)])
        assert essence(one) == essence(other)
        assert essence(reader.read([CHOICE])[0]) == essence(one)

    def test_a_reading_has_a_value_or_a_problem(self, reader: Reader) -> None:
        for reading in reader.read(ALL):
            assert (reading.value is None) != (reading.problem is None)
            if reading.problem is not None:
                assert "\n" not in reading.problem

    def test_thinking_is_kept_apart(self, reader: Reader) -> None:
        for reading in reader.read(ALL):
            assert (reading.thinking, reading.answer) == split_thinking(reading.text)
            assert not re.search(r"<unused9[4-7]>", reading.answer)

    def test_tokens_are_counted(self, reader: Reader) -> None:
        for reading in reader.read(ALL):
            assert 0 <= reading.tokens.reused <= reading.tokens.prompt
            assert 0 <= reading.tokens.generated <= MAX_TOKENS
            assert reading.tokens.generated > 0 or not reading.text
            assert min(reading.seconds.encode, reading.seconds.prefill, reading.seconds.decode) >= 0
        pictures, words = (reader.read([request])[0].tokens.prompt for request in (YES_NO, WORDS))
        assert pictures > 0
        assert words > 0

    def test_values_are_of_the_expected_type(self, reader: Reader) -> None:
        yes, change, boxes, numbers, words = (
            reading.value for reading in reader.read([YES_NO, CHOICE, BOXES, JSON, WORDS]))
        assert yes is None or isinstance(yes, bool)
        assert change is None or change in {"improved", "stable", "worsened"}
        assert boxes is None or all(isinstance(box, LabelledBox) and _within_picture(box) for box in boxes)
        assert numbers is None or all(type(number) is int for number in numbers)
        assert words is None or isinstance(words, str)

    def test_another_patient_gets_an_answer_of_their_own(self, reader: Reader) -> None:
        one, other = reader.read([YES_NO, in_scope(YES_NO, OTHER_PATIENT)])
        assert essence(one) == essence(other)
        later = reader.read([in_scope(OTHER_YES_NO, "P-0000000000000003")])[0]
        assert later.tokens.reused == 0, "work on one patient's pictures was used for another"

    def test_pictures_of_odd_sizes_are_read(self, reader: Reader) -> None:
        assert len(reader.read(ODD)) == len(ODD)

    def test_what_cannot_be_answered_fails_in_one_line(self, reader: Reader, unanswerable: Request[Any]) -> None:
        """All of them fail, or, where the reader answers one by one, that one alone is unread."""
        with pytest.raises(ReaderFailed) as failed:
            reader.read([unanswerable])
        assert_one_line(failed.value)
        try:
            answered, other = reader.read([WORDS, unanswerable])
        except ReaderFailed as error:
            assert_one_line(error)
        else:
            assert (answered.unread, other.unread, other.value) == (False, True, None)
            assert_one_line(ReaderFailed(other.problem or ""))
        assert len(reader.read([WORDS])) == 1


def _strings(content: Any) -> list[str]:
    return re.findall(r'"((?:[^"\\]|\\.)*)"', json.dumps(content))


def _within_picture(box: LabelledBox) -> bool:
    left, top, right, bottom = box.box
    return 0 <= left < right <= 1 and 0 <= top < bottom <= 1
