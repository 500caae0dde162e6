"""The served reader against a real OpenAI-compatible server of other people: `transformers serve` with the toy."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from reader_contract import ALL, JSON, SLICES, WORDS, YES_NO, ReaderContract, ask, picture

from caseloom.core.errors import ReaderFailed, ReaderUnavailable
from caseloom.readers.expect import FreeText, YesNo
from caseloom.readers.request import Picture, Request
from caseloom.readers.served import server
from caseloom.readers.served.reader import ServedReader

START_SECONDS = 90
SERVE = "from transformers.cli.transformers import main; main()"


@pytest.fixture(scope="module")
def toy_server(toy_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a server process that has the toy, stopped at the end."""
    folder = tmp_path_factory.mktemp("transformers-serve")
    (folder / "hub").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "HF_HOME": str(folder), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SERVE, "serve", str(toy_checkpoint), "--host", "127.0.0.1", "--port", str(port),
               "--device", "cpu", "--dtype", "float32"]
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
    try:
        _wait(f"http://127.0.0.1:{port}", process, folder / "log.txt")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", trust_env=False, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"transformers serve did not start:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="module")
def in_process(toy_checkpoint: Path) -> tuple[Any, Any]:
    """Model and processor of the same checkpoint in this process."""
    from transformers import AutoModelForImageTextToText, AutoProcessor

    return AutoModelForImageTextToText.from_pretrained(toy_checkpoint), AutoProcessor.from_pretrained(toy_checkpoint)


def generate(model: Any, processor: Any, request: Request[Any]) -> tuple[int, str]:
    """Tokens of the prompt, and the words of plain greedy decoding."""
    content = [{"type": "image", "image": Image.fromarray(part.pixels)} if isinstance(part, Picture)
               else {"type": "text", "text": part} for part in request.parts]
    messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
    if request.system is not None:
        messages.insert(0, {"role": "system", "content": [{"type": "text", "text": request.system}]})
    inputs = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=True,
                                           return_tensors="pt")
    prompt = inputs["input_ids"].shape[1]
    written = model.generate(**inputs, do_sample=False, max_new_tokens=request.max_tokens)[0, prompt:]
    return prompt, processor.decode(written, skip_special_tokens=True)


class TestServedByTransformers(ReaderContract):
    @pytest.fixture
    def reader(self, toy_server: str, toy_checkpoint: Path) -> ServedReader:
        return ServedReader(toy_server, str(toy_checkpoint))

    @pytest.fixture
    def unanswerable(self) -> Request[str]:
        return Request("volume", "contract/1", ("What?",), FreeText(), "P-1", -1)

    def test_answers_as_the_same_model_in_this_process(self, reader: ServedReader, in_process: tuple[Any, Any]) -> None:
        for request, reading in zip(ALL, reader.read(ALL), strict=True):
            assert (reading.tokens.prompt, reading.text) == generate(*in_process, request)

    def test_pictures_arrive_between_the_texts(self, reader: ServedReader) -> None:
        words = [part for part in YES_NO.parts if isinstance(part, str)]
        moved = ask(YesNo(), *words[:2], *YES_NO.pictures, words[2])
        shown, elsewhere, unseen, other = reader.read([
            YES_NO, moved, ask(YesNo(), *words), ask(YesNo(), picture(8), *SLICES[1:], words[2])])
        assert shown.tokens.prompt >= unseen.tokens.prompt + 2 * 4, "a picture of the toy has four tokens"
        assert len({shown.text, elsewhere.text, unseen.text, other.text}) == 4

    def test_is_a_toy_and_says_so(self, reader: ServedReader, toy_checkpoint: Path) -> None:
        assert reader.identity.model == toy_checkpoint.name
        assert reader.identity.unfit == "the server's model is a toy for tests"

    def test_the_mark_of_a_toy_is_the_one_that_the_server_modules_know(self) -> None:
        from caseloom.readers.toy import TOY_MARK

        assert server.TOY_MARK == TOY_MARK

    def test_json_that_the_server_does_not_constrain_is_noted(self, reader: ServedReader) -> None:
        reading = reader.read([JSON])[0]
        assert reading.notes == ("transformers serve does not hold an answer to its JSON schema",)

    def test_the_model_must_be_named(self, toy_server: str) -> None:
        with pytest.raises(ReaderUnavailable, match="lists no model"):
            ServedReader(toy_server)

    def test_an_unknown_model_fails_when_it_is_asked(self, toy_server: str) -> None:
        with pytest.raises(ReaderFailed, match=r"^the server answered 400: Server is pinned to"):
            ServedReader(toy_server, "other").read([WORDS])
