"""What the reader keeps between sessions, and which weights answer for which tool."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_adapter import EVERYWHERE, merged, write_adapter
from plain_generation import plain_text
from pydantic import TypeAdapter

from caseloom.readers.expect import FreeText, Json
from caseloom.readers.local.constrain import Grammars
from caseloom.readers.local.load import Loaded, load_checkpoint
from caseloom.readers.local.reader import TransformersReader
from caseloom.readers.request import Picture, Request

PICTURES = tuple(Picture(np.random.default_rng(seed).integers(0, 256, (40, 60, 3), dtype=np.uint8))
                 for seed in range(4))
STOPS = frozenset({1, 106})


def ask(tool: str, question: str = "Is there a nodule?") -> Request[str]:
    return Request(tool, "ct/1", (*PICTURES, question), FreeText(), "P-1", 12)


@pytest.fixture(scope="module")
def loaded(toy_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load_checkpoint(str(toy_checkpoint), cache=tmp_path_factory.mktemp("digests"), device="cpu")


class CountingReader(TransformersReader):
    """Counts the pictures that its model encodes."""

    def __init__(self, loaded: Loaded, cache: Path) -> None:
        self.encoded = 0
        hook = loaded.model.model.vision_tower.register_forward_pre_hook(self._count, with_kwargs=True)
        self.stop_counting = hook.remove
        super().__init__(loaded, cache=cache)

    def _count(self, module: Any, args: Sequence[Any], named: dict[str, Any]) -> None:
        self.encoded += len(named["pixel_values"])


def encoded(loaded: Loaded, cache: Path, *requests: Request[str]) -> int:
    """How many pictures a new session encodes to answer."""
    reader = CountingReader(loaded, cache)
    for request in requests:
        reader.read([request])
    reader.stop_counting()
    return reader.encoded


def test_each_picture_is_encoded_once_in_and_across_sessions(loaded: Loaded, tmp_path: Path) -> None:
    twice = replace(ask("volume"), parts=(*PICTURES, *PICTURES, "What?"))
    assert encoded(loaded, tmp_path, ask("volume"), ask("volume", "And now?"), twice) == len(PICTURES)
    assert encoded(loaded, tmp_path, ask("volume")) == 0


def test_other_recipes_patients_and_scalings_are_encoded_anew(loaded: Loaded, tmp_path: Path) -> None:
    encoded(loaded, tmp_path, ask("volume"))
    assert encoded(loaded, tmp_path, replace(ask("volume"), recipe="ct/2")) == len(PICTURES)
    assert encoded(loaded, tmp_path, replace(ask("volume"), scope="P-2")) == len(PICTURES)
    processor = loaded.processor.image_processor
    usual, processor.image_mean = processor.image_mean, [0.4] * 3
    try:
        assert encoded(loaded, tmp_path, ask("volume")) == len(PICTURES)
    finally:
        processor.image_mean = usual


def test_damaged_files_change_no_answer(loaded: Loaded, tmp_path: Path) -> None:
    encoded(loaded, tmp_path, ask("volume"))
    for file in (tmp_path / "features").rglob("*.safetensors"):
        file.write_bytes(file.read_bytes()[:-3])
    (reading,) = TransformersReader(loaded, cache=tmp_path).read([ask("volume")])
    assert reading.text == plain_text(loaded, ask("volume"))


def test_threads_take_turns(loaded: Loaded, tmp_path: Path) -> None:
    reader = TransformersReader(loaded, cache=tmp_path)
    asked = [ask("volume", f"Question {number}?") for number in range(8)]
    with ThreadPoolExecutor(4) as threads:
        readings = list(threads.map(lambda request: reader.read([request])[0], asked))
    assert [reading.text for reading in readings] == [plain_text(loaded, request) for request in asked]


@pytest.mark.parametrize("targets", [r".*language_model.*\.(q_proj|v_proj|down_proj)", EVERYWHERE],
                         ids=["decoder", "vision too"])
def test_a_tool_with_an_adapter_reads_with_it_and_the_others_without(
    toy_checkpoint: Path, tmp_path: Path, targets: str
) -> None:
    folder = write_adapter(tmp_path / "adapter", toy_checkpoint, targets=targets)
    adapted = load_checkpoint(str(toy_checkpoint), cache=tmp_path, adapters={"volume": folder}, device="cpu")
    alone = load_checkpoint(str(toy_checkpoint), cache=tmp_path, device="cpu")
    tuned = replace(alone, model=merged(toy_checkpoint, folder))
    reader = TransformersReader(adapted, cache=tmp_path)

    plain, own, again, other = (reading.text for reading in reader.read(
        [ask("pathology"), ask("volume"), ask("volume"), ask("localization")]))

    assert (own, again) == (plain_text(tuned, ask("volume")),) * 2
    assert (plain, other) == (plain_text(alone, ask("volume")),) * 2
    assert own != plain
    shared = targets != EVERYWHERE
    assert len(list((tmp_path / "features").rglob("*.safetensors"))) == len(PICTURES) * (1 if shared else 2)


@pytest.mark.parametrize(("schema", "written", "allowed"), [
    ({"type": "integer"}, "12", True),
    ({"type": "integer"}, "x", False),
    ({"type": "array", "items": {"type": "integer"}}, "[1, 2]", True),
    ({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"],
      "additionalProperties": False}, '{\n  "name": "Größe"\n}', True),
    ({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"],
      "additionalProperties": False}, "{}", False),
    ({"type": "string"}, "<unused94>", False),
])
def test_only_json_of_the_schema_can_be_written(
    loaded: Loaded, schema: dict[str, Any], written: str, allowed: bool
) -> None:
    size = loaded.model.config.get_text_config().vocab_size
    constraint = Grammars(loaded.tokenizer, size, STOPS).constraint(schema)
    possible = True
    for token in loaded.tokenizer.encode(written, add_special_tokens=False):
        possible = possible and not constraint.forbidden()[token]
        if possible:
            constraint.accept(token)
    possible = possible and (constraint.finished or not constraint.forbidden()[106])
    assert possible == allowed


def test_white_space_alone_cannot_fill_an_answer(loaded: Loaded) -> None:
    size = loaded.model.config.get_text_config().vocab_size
    constraint = Grammars(loaded.tokenizer, size, STOPS).constraint(Json(TypeAdapter(list[int])).schema)
    space = loaded.tokenizer.encode(" ", add_special_tokens=False)[-1]
    opening = loaded.tokenizer.encode("[", add_special_tokens=False)[-1]
    constraint.accept(opening)
    count = 0
    while not constraint.forbidden()[space]:
        constraint.accept(space)
        count += 1
        assert count < 64
    assert count > 4


def test_a_schema_that_cannot_be_followed_is_an_error(loaded: Loaded) -> None:
    with pytest.raises(ValueError, match="decoding cannot follow"):
        Grammars(loaded.tokenizer, 640, STOPS).constraint({"type": "nonsense"})
