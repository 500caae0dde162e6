"""The reader on this machine keeps the contract with and without all that it keeps, and with adapters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_adapter import EVERYWHERE, write_adapter
from plain_generation import plain_text
from reader_contract import ALL, OTHER_YES_NO, WORDS, YES_NO, ReaderContract, ask, essence

from caseloom.readers.local.limits import LocalLimits
from caseloom.readers.local.load import Loaded, load_checkpoint
from caseloom.readers.local.reader import TransformersReader
from caseloom.readers.request import Request
from caseloom.readers.toy import ToyShape, write_toy_checkpoint

NOTHING_KEPT = LocalLimits(feature_memory_bytes=0, feature_disk_bytes=0, prefix_bytes=0)


@pytest.fixture(scope="module")
def loaded(toy_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load_checkpoint(str(toy_checkpoint), cache=tmp_path_factory.mktemp("digests"), device="cpu")


@pytest.fixture(scope="module")
def adapted(toy_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    cache = tmp_path_factory.mktemp("adapted")
    adapters = {"volume": write_adapter(cache / "volume", toy_checkpoint, targets=EVERYWHERE)}
    return load_checkpoint(str(toy_checkpoint), cache=cache, adapters=adapters, device="cpu")


@pytest.fixture(scope="module")
def warm(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that holds every picture of the contract."""
    cache = tmp_path_factory.mktemp("warm")
    TransformersReader(loaded, cache=cache).read(ALL)
    assert any(path.is_file() for path in cache.rglob("*"))
    return cache


class LocalContract(ReaderContract):
    @pytest.fixture
    def unanswerable(self) -> Request[Any]:
        return ask(WORDS.expect, "word " * 131_072)


class TestWithADiskCacheThatIsWarm(LocalContract):
    @pytest.fixture
    def reader(self, loaded: Loaded, warm: Path) -> TransformersReader:
        return TransformersReader(loaded, cache=warm)


class TestWithNothingKept(LocalContract):
    @pytest.fixture
    def reader(self, loaded: Loaded, tmp_path: Path) -> TransformersReader:
        return TransformersReader(loaded, cache=tmp_path, limits=NOTHING_KEPT)


class TestWithAnAdapter(LocalContract):
    @pytest.fixture
    def reader(self, adapted: Loaded, tmp_path: Path) -> TransformersReader:
        return TransformersReader(adapted, cache=tmp_path)


def test_what_is_kept_changes_no_answer(loaded: Loaded, tmp_path: Path) -> None:
    plain = TransformersReader(loaded, cache=tmp_path / "none", limits=NOTHING_KEPT).read(ALL)
    first = TransformersReader(loaded, cache=tmp_path / "kept").read(ALL)
    second = TransformersReader(loaded, cache=tmp_path / "kept").read(ALL)

    assert [essence(one) for one in plain] == [essence(one) for one in first] == [essence(one) for one in second]


def test_scaled_positions_are_read_as_the_library_does(tmp_path: Path) -> None:
    folder = write_toy_checkpoint(tmp_path / "scaled", shape=ToyShape(rope_factor=8.0, text_layers=6))
    scaled = load_checkpoint(str(folder), cache=tmp_path, device="cpu")
    asked = [YES_NO, OTHER_YES_NO, WORDS]

    answers = [one.text for one in TransformersReader(scaled, cache=tmp_path).read(asked)]

    assert answers == [plain_text(scaled, request) for request in asked]
    assert len(set(answers)) == 3


def as_tool(tool: str, request: Request[Any]) -> Request[Any]:
    return Request(tool, request.recipe, request.parts, request.expect, request.scope, request.max_tokens)


def test_each_tool_reads_with_its_own_weights_whatever_was_kept_before(
    loaded: Loaded, adapted: Loaded, tmp_path: Path
) -> None:
    """The adapter reaches the vision tower, so that the same picture has other features for another tool."""
    asked = [as_tool("labs", YES_NO), as_tool("volume", YES_NO)]
    reader = TransformersReader(adapted, cache=tmp_path)

    mixed = [essence(one) for one in reader.read(asked)]
    again = [essence(one) for one in reader.read([*reversed(asked)])]
    base, _ = TransformersReader(loaded, cache=tmp_path).read(asked)

    assert mixed == again[::-1]
    assert mixed[0] == essence(base)
    assert mixed[0] != mixed[1]
