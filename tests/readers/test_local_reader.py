"""The reader answers as plain generation does, whatever is shared, batched, cut into pieces or kept."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from plain_generation import plain_logits, plain_text, plain_tokens
from pydantic import TypeAdapter
from transformers import Gemma3ForConditionalGeneration

from caseloom.core.errors import ReaderFailed
from caseloom.readers.expect import Expect, FreeText, Json
from caseloom.readers.local.decode import Decoder, Row
from caseloom.readers.local.language import Language
from caseloom.readers.local.limits import LocalLimits
from caseloom.readers.local.load import Loaded, load_checkpoint
from caseloom.readers.local.reader import TransformersReader
from caseloom.readers.local.render import Renderer, common_length
from caseloom.readers.local.sight import make_tower
from caseloom.readers.reading import Reading
from caseloom.readers.request import Part, Picture, Request

TINY_PIECES = LocalLimits(vision_chunk=2, prefill_tokens=7, rows=2)
BFLOAT16_TOLERANCE = 0.2
"""Largest difference of a logit in bfloat16, as a fraction of the logits' standard deviation.
Rounding to bfloat16 alone moves the plain model's logits by about half of it (measured)."""


def picture(seed: int, rows: int = 40, columns: int = 60) -> Picture:
    return Picture(np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), dtype=np.uint8))


def slices(count: int, seed: int = 0) -> tuple[Part, ...]:
    numbered = [(picture(seed + number), f"SLICE {number + 1}") for number in range(count)]
    return ("Read this CT.", *[part for pair in numbered for part in pair])


def ask(*parts: Part, scope: str = "P-1", most: int = 24, expect: Expect[Any] | None = None,
        tool: str = "volume") -> Request[Any]:
    return Request(tool, "ct/1", parts, expect or FreeText(), scope, most)


QUESTIONS = ("Is there pleural effusion? Final Answer: yes or no.", "Nodule?", "a", "\n\nIs the heart enlarged?",
             "What is in the left lung, and what is in the right lung? Reason first.")
VOLUME = slices(9)
ASKED = tuple(ask(*VOLUME, question) for question in QUESTIONS)


@pytest.fixture(scope="module")
def loaded(toy_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load_checkpoint(str(toy_checkpoint), cache=tmp_path_factory.mktemp("digests"), device="cpu")


@pytest.fixture(scope="module")
def plain(loaded: Loaded) -> list[str]:
    return [plain_text(loaded, request) for request in ASKED]


def texts(readings: Sequence[Reading[Any]]) -> list[str]:
    return [reading.text for reading in readings]


def test_the_prompt_is_far_longer_than_the_sliding_window(loaded: Loaded) -> None:
    window = loaded.model.config.get_text_config().sliding_window
    assert len(Renderer(loaded.processor).prompt(ASKED[0]).ids) > 5 * window


@pytest.mark.parametrize("limits", [LocalLimits(), TINY_PIECES, LocalLimits(prefill_tokens=33, rows=3)],
                         ids=["whole", "tiny pieces", "middling"])
def test_tokens_are_those_of_plain_generation(
    loaded: Loaded, plain: list[str], tmp_path: Path, limits: LocalLimits
) -> None:
    reader = TransformersReader(loaded, cache=tmp_path, limits=limits)

    together, again = reader.read(ASKED), reader.read(ASKED)

    assert texts(together) == plain
    assert texts(again) == plain
    assert len(set(plain)) == len(plain), "the toy must tell the questions apart"
    assert all(reading.tokens.reused > len(VOLUME) for reading in again)


def test_one_by_one_equals_all_together(loaded: Loaded, plain: list[str], tmp_path: Path) -> None:
    alone = [TransformersReader(loaded, cache=tmp_path / str(number)).read([request])[0]
             for number, request in enumerate(ASKED)]
    assert texts(alone) == plain
    assert [reading.tokens.reused for reading in alone] == [0] * len(ASKED)


def test_long_answers_outgrow_the_window_and_stay_equal(loaded: Loaded, tmp_path: Path) -> None:
    requests = [replace(request, max_tokens=150) for request in ASKED[:3]]
    reader = TransformersReader(loaded, cache=tmp_path, stops=frozenset())
    assert [reading.tokens.generated for reading in reader.read(requests)] == [150] * 3
    ordinary = TransformersReader(loaded, cache=tmp_path).read(requests)
    assert texts(ordinary) == [plain_text(loaded, request) for request in requests]


def first_logits(loaded: Loaded, requests: Sequence[Request[Any]], size: int, cut: int | None) -> torch.Tensor:
    """Logits of the first tokens through the shared path: (requests, vocabulary)."""
    prompts = [Renderer(loaded.processor).prompt(request) for request in requests]
    pictures = {one.sha256: one for request in requests for one in request.pictures}
    with torch.inference_mode():
        features = dict(zip(pictures, make_tower(loaded)(list(pictures.values())), strict=True))
        decoder = Decoder(Language(loaded.model), frozenset(), size)
        beginning = decoder.extend(prompts[0], cut or prompts[0].stem, None, features)
        return decoder.begin([Row(prompt, 1) for prompt in prompts], beginning, features)[1]


@pytest.mark.parametrize("size", [1000, 50, 5])
def test_logits_equal_the_plain_models(loaded: Loaded, size: int) -> None:
    plain = torch.stack([plain_logits(loaded, request) for request in ASKED])
    ours = first_logits(loaded, ASKED, size, None)
    assert (ours - plain).abs().max() <= 1e-5 * plain.abs().max()
    assert (ours[0] - ours[1]).abs().max() > 0.1


def test_a_beginning_may_end_between_any_two_pictures(loaded: Loaded) -> None:
    others = [ask(*VOLUME[:7], picture(77), "SLICE 4", "Is there a nodule?"), ASKED[0]]
    prompts = [Renderer(loaded.processor).prompt(request) for request in others]
    cut = common_length(prompts[0].keys, prompts[1].keys)
    plain = torch.stack([plain_logits(loaded, request) for request in others])
    assert (first_logits(loaded, others, 20, cut) - plain).abs().max() <= 1e-5 * plain.abs().max()


def test_in_bfloat16_logits_differ_by_rounding_alone(loaded: Loaded) -> None:
    rounded = replace(loaded, model=copy.deepcopy(loaded.model).to(torch.bfloat16), dtype=torch.bfloat16)
    plain = torch.stack([plain_logits(rounded, request) for request in ASKED])
    ours = first_logits(rounded, ASKED, 50, None)
    assert (ours - plain).abs().max() <= BFLOAT16_TOLERANCE * plain.std()


def test_a_follow_up_question_feeds_only_itself(loaded: Loaded, tmp_path: Path) -> None:
    reader = TransformersReader(loaded, cache=tmp_path)
    reader.read(ASKED[:1])
    later = ask(*VOLUME, "Is there anything else?")

    (reading,) = reader.read([later])

    assert reading.text == plain_text(loaded, later)
    assert 0 < reading.tokens.prompt - reading.tokens.reused < 40


def test_a_longer_beginning_continues_a_shorter_one(loaded: Loaded, tmp_path: Path) -> None:
    reader = TransformersReader(loaded, cache=tmp_path)
    reader.read([ask(*slices(5), "Nodule?")])
    longer = ask(*slices(5), *slices(3, seed=50)[1:], "Nodule?")

    (reading,) = reader.read([longer])

    assert reading.text == plain_text(loaded, longer)
    assert 0 < reading.tokens.reused < reading.tokens.prompt / 2 + 40


def test_nothing_is_shared_between_patients(loaded: Loaded, tmp_path: Path) -> None:
    reader = TransformersReader(loaded, cache=tmp_path)
    mine, theirs = ask(*VOLUME, "Nodule?"), ask(*VOLUME, "Nodule?", scope="P-2")
    first, second = reader.read([mine, theirs])
    assert first.text == second.text
    assert (first.tokens.reused, second.tokens.reused) == (0, 0)
    assert len(list((tmp_path / "features").iterdir())) == 2


def test_requests_of_many_kinds_keep_their_order(loaded: Loaded, tmp_path: Path) -> None:
    mixed = [ask("What is a nodule?"), ASKED[0], ask(picture(1), picture(2), "Compare."), ASKED[1],
             ask(picture(1), "Where?"), ask("A record. " * 60 + "Question one?"), ask("A record. " * 60 + "Two?")]
    readings = TransformersReader(loaded, cache=tmp_path, limits=TINY_PIECES).read(mixed)
    assert texts(readings) == [plain_text(loaded, request) for request in mixed]


@pytest.mark.parametrize("count", [0, 1, 85, 126])
def test_any_number_of_slices(loaded: Loaded, tmp_path: Path, count: int) -> None:
    asked = [ask(*slices(count), question, most=6) for question in QUESTIONS[:2]]
    readings = TransformersReader(loaded, cache=tmp_path).read(asked)
    assert texts(readings) == [plain_text(loaded, request) for request in asked]


def test_an_answer_that_reaches_its_limit_is_cut_off(loaded: Loaded, tmp_path: Path) -> None:
    (reading,) = TransformersReader(loaded, cache=tmp_path, stops=frozenset()).read([ask("Speak.", most=5)])
    assert (reading.cut_off, reading.tokens.generated) == (True, 5)
    assert reading.problem is not None


def test_an_answer_ends_at_a_stop_token(loaded: Loaded, tmp_path: Path) -> None:
    written = plain_tokens(loaded, ASKED[0])
    (reading,) = TransformersReader(loaded, cache=tmp_path, stops=frozenset({written[5]})).read([ASKED[0]])
    before = written[:written.index(written[5])]
    assert (reading.text, reading.cut_off) == (loaded.tokenizer.decode(before), False)
    assert reading.tokens.generated == len(before)


@pytest.mark.parametrize("kind", [list[int], dict[str, str], list[dict[str, float | None]]])
def test_json_answers_parse_or_are_cut_off(loaded: Loaded, tmp_path: Path, kind: Any) -> None:
    requests = [ask(*VOLUME, question, expect=Json(TypeAdapter(kind)), most=most)
                for question in QUESTIONS for most in (6, 60)]
    readings = TransformersReader(loaded, cache=tmp_path).read([*requests, ASKED[0]])
    assert all(reading.cut_off for reading in readings if reading.value is None)
    assert all(reading.thinking is None for reading in readings[:-1])
    for reading in readings[:-1]:
        if not reading.cut_off:
            assert TypeAdapter(kind).validate_json(reading.text) == reading.value
    assert readings[-1].text == plain_text(loaded, ASKED[0])


def test_a_prompt_that_the_model_cannot_take_fails_in_one_line(loaded: Loaded, tmp_path: Path) -> None:
    with pytest.raises(ReaderFailed, match=r"^the prompt has [0-9,]+ tokens, but the model takes 131,072;[^\n]*$"):
        TransformersReader(loaded, cache=tmp_path).read([ask("word " * 131_072)])


def test_a_huge_picture_fails_in_one_line(loaded: Loaded, tmp_path: Path) -> None:
    with pytest.raises(ReaderFailed, match=r"^a picture of 40 x 60 pixels is too large[^\n]*$"):
        TransformersReader(loaded, cache=tmp_path, limits=LocalLimits(picture_pixels=2399)).read(ASKED[:1])


class SmallMachine(Gemma3ForConditionalGeneration):
    """A model on a machine whose memory takes only so many pictures and tokens at once, and so many kept tokens."""

    pictures = 1000
    tokens = 100_000
    kept = 1_000_000
    message = "[enforce fail at alloc_cpu.cpp:121] not enough memory: you tried to allocate 12345 bytes."

    def get_image_features(self, pixel_values: torch.Tensor, **kwargs: Any) -> Any:
        if len(pixel_values) > self.pictures:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().get_image_features(pixel_values, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs["inputs_embeds"].shape[1] > self.tokens or len(kwargs["past_key_values"].slots[None]) > self.kept:
            raise RuntimeError(self.message)
        return super().forward(*args, **kwargs)


def small_machine(loaded: Loaded, **limits: int) -> Loaded:
    model = SmallMachine(loaded.model.config).eval()
    model.load_state_dict(loaded.model.state_dict())
    model.generation_config = loaded.model.generation_config
    vars(model).update(limits)
    return replace(loaded, model=model)


def test_the_picture_chunk_is_halved_and_said(loaded: Loaded, plain: list[str], tmp_path: Path) -> None:
    readings = TransformersReader(small_machine(loaded, pictures=3), cache=tmp_path).read(ASKED)
    assert texts(readings) == plain
    assert all(reading.notes == ("memory did not suffice to encode 8 pictures at once: 2 were",)
               for reading in readings)


def test_the_answers_written_at_once_are_halved_and_said(loaded: Loaded, plain: list[str], tmp_path: Path) -> None:
    readings = TransformersReader(small_machine(loaded, kept=210), cache=tmp_path).read(ASKED)
    assert texts(readings) == plain
    assert all(reading.notes == ("memory did not suffice to write 3 answers at once: 2 were",)
               for reading in readings)


def test_the_prompt_is_fed_in_smaller_pieces_and_said(loaded: Loaded, plain: list[str], tmp_path: Path) -> None:
    readings = TransformersReader(small_machine(loaded, tokens=70), cache=tmp_path).read(ASKED)
    assert texts(readings) == plain
    assert all(any("pieces of 64 tokens" in note for note in reading.notes) for reading in readings)


@pytest.mark.parametrize("limits", [{"pictures": 0}, {"tokens": 3}, {"kept": 30}])
def test_too_little_memory_fails_in_one_line(loaded: Loaded, tmp_path: Path, limits: dict[str, int]) -> None:
    with pytest.raises(ReaderFailed, match=r"^memory does not suffice[^\n]*$"):
        TransformersReader(small_machine(loaded, **limits), cache=tmp_path).read(ASKED)


def test_another_fault_of_torch_is_no_shortage(loaded: Loaded, tmp_path: Path) -> None:
    small = small_machine(loaded, tokens=3)
    small.model.message = "mat1 and mat2 shapes cannot be multiplied"
    with pytest.raises(RuntimeError, match="mat1"):
        TransformersReader(small, cache=tmp_path).read(ASKED[:1])
