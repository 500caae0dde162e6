"""The served reader against servers that behave and misbehave, each a real HTTP server on this machine."""

from __future__ import annotations

import base64
import io
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loopback_server import (
    MODEL,
    Answer,
    Call,
    LoopbackServer,
    Routes,
    completion,
    llama_cpp,
    ollama,
    plain,
    serving,
    vllm,
)
from PIL import Image
from reader_contract import JSON, WORDS, YES_NO, ReaderContract, ask, assert_one_line, in_scope, picture

from caseloom.core.errors import ReaderFailed, ReaderUnavailable, UsageError
from caseloom.readers.expect import FreeText, YesNo
from caseloom.readers.request import Request
from caseloom.readers.served.reader import ServedReader
from caseloom.readers.served.settings import Patience

QUICK = Patience(inspect_seconds=5, answer_seconds=5, backoff_seconds=0.01, longest_backoff_seconds=0.05)


def reader_of(server: LoopbackServer, model: str | None = None, patience: Patience = QUICK) -> ServedReader:
    return ServedReader(server.url, model, patience=patience)


def answer_by_prompt(call: Call) -> Answer:
    """An answer that depends on what was sent, as a model's does."""
    parts = call.body["messages"][-1]["content"]
    sent = "".join(part.get("text") or part["image_url"]["url"] for part in parts)
    if len(sent) > 150_000:
        return Answer({"error": {"message": "This model's maximum context length is 34816 tokens."}}, 400)
    text = f"<unused94>thought\nHm.<unused95>{len(sent)} {sum(sent.encode()) % 9973} Final Answer: yes"
    return completion(text, prompt=300 * len(parts), generated=9)


class TestServedReader(ReaderContract):
    @pytest.fixture(params=[vllm, llama_cpp, plain])
    def reader(self, request: pytest.FixtureRequest) -> Iterator[ServedReader]:
        routes: Any = request.param
        with serving(routes(answer_by_prompt)) as server:
            yield reader_of(server)

    @pytest.fixture
    def unanswerable(self, reader: ServedReader) -> Request[str]:
        return Request("volume", "contract/1", ("word " * 40_000,), FreeText(), "P-1", 8)


def test_parts_go_in_order_with_pictures_as_lossless_png() -> None:
    with serving(vllm(completion())) as server:
        reader_of(server).read([YES_NO])
    body = server.chats[0].body
    parts = body["messages"][0]["content"]
    assert [part["type"] for part in parts] == ["image_url", "text", "image_url", "text", "text"]
    assert [part["text"] for part in parts if part["type"] == "text"] == [
        part for part in YES_NO.parts if isinstance(part, str)]
    for part, shown in zip((parts[0], parts[2]), YES_NO.pictures, strict=True):
        prefix, code = part["image_url"]["url"].split(",")
        assert prefix == "data:image/png;base64"
        with Image.open(io.BytesIO(base64.b64decode(code))) as arrived:
            assert np.array_equal(np.asarray(arrived), shown.pixels)


def test_the_token_count_is_held_against_the_model_that_an_alias_stands_for() -> None:
    with (serving(vllm(completion(prompt=40), model="reader", root=MODEL)) as server,
          pytest.raises(ReaderFailed, match="40 tokens for 2 pictures")):
        reader_of(server).read([YES_NO])


def test_decoding_is_greedy_and_the_system_text_comes_first() -> None:
    with serving(vllm(completion("words"))) as server:
        reader_of(server).read([WORDS])
    body = server.chats[0].body
    assert (body["temperature"], body["seed"], body["max_tokens"], body["stream"]) == (0, 0, WORDS.max_tokens, False)
    assert body["messages"][0] == {"role": "system", "content": WORDS.system}
    assert body["model"] == MODEL


@pytest.mark.parametrize("routes", [vllm, llama_cpp, ollama, plain])
def test_the_schema_of_a_json_answer_is_sent(routes: Any) -> None:
    with serving(routes(completion("[1, 2]"))) as server:
        readings = reader_of(server).read([JSON])
    assert readings[0].value == [1, 2]
    form = server.chats[0].body["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"]["schema"] == JSON.expect.schema
    assert form["json_schema"]["strict"] is True


def test_no_patient_is_named_and_vllm_caches_for_one_patient_only() -> None:
    with serving(vllm(completion())) as server:
        reader_of(server).read([YES_NO, in_scope(YES_NO, "P-other")])
    assert not [call for call in server.calls if "P-" in str(call.body)]
    one, other = (call.body["cache_salt"] for call in server.chats)
    assert one != other


def test_requests_that_share_pictures_wait_for_the_first_and_then_go_side_by_side() -> None:
    under_way, most, order = [], [], []
    lock = threading.Lock()

    def chat(call: Call) -> Answer:
        question = call.body["messages"][0]["content"][-1]["text"]
        with lock:
            under_way.append(question)
            order.append(question)
            most.append(list(under_way))
        time.sleep(0.1)
        with lock:
            under_way.remove(question)
        return completion(f"{question} Final Answer: yes")

    shared = picture(1)
    requests = [ask(YesNo(), shared, f"question {number}") for number in range(9)]
    with serving(vllm(chat)) as server:
        readings = reader_of(server).read(requests)
    assert [reading.text.split(" F")[0] for reading in readings] == [f"question {number}" for number in range(9)]
    assert most[0] == ["question 0"]
    assert all("question 0" not in together for together in most[1:]), "the others waited for the first"
    assert max(map(len, most)) == QUICK.parallel


def test_reused_tokens_are_counted_as_the_server_says() -> None:
    answer = completion()
    answer.content["usage"]["prompt_tokens_details"] = {"cached_tokens": 700}
    with serving(vllm(answer)) as server:
        reading = reader_of(server).read([YES_NO])[0]
    assert (reading.tokens.prompt, reading.tokens.reused, reading.tokens.generated) == (30_000, 700, 5)


@pytest.mark.parametrize("answer", [
    completion("Final Answer: yes", reasoning_content="Final Answer: no"),
    completion("Final Answer: yes", reasoning="Final Answer: no"),
    completion("<unused94>thought\nFinal Answer: no<unused95>Final Answer: yes"),
])
def test_thinking_is_never_the_answer(answer: Answer) -> None:
    with serving(vllm(answer)) as server:
        reading = reader_of(server).read([YES_NO])[0]
    assert reading.value is True
    assert reading.thinking == "Final Answer: no"
    assert reading.answer == "Final Answer: yes"


def test_an_answer_that_reached_the_limit_is_cut_off() -> None:
    with serving(vllm(completion("There is", finish="length"))) as server:
        reading = reader_of(server).read([YES_NO])[0]
    assert reading.cut_off
    assert reading.value is None
    assert "cut off" in (reading.problem or "")


def test_an_empty_answer_is_a_problem_and_no_failure() -> None:
    with serving(vllm(completion(None))) as server:
        reading = reader_of(server).read([YES_NO])[0]
    assert reading.value is None
    assert reading.problem


class TestIdentity:
    def test_is_the_servers_name_of_the_model(self) -> None:
        with serving(vllm(completion())) as server:
            identity = reader_of(server).identity
        assert (identity.name, identity.model, identity.unfit) == ("served", MODEL, None)
        assert (identity.revision, identity.weights_sha256) == (None, None)

    def test_of_a_file_is_its_name(self) -> None:
        with serving(llama_cpp(completion())) as server:
            assert reader_of(server).identity.model == "medgemma-1.5-4b-it-Q8_0.gguf"

    @pytest.mark.parametrize(("model", "root"), [("my-toy", MODEL), (MODEL, "/srv/toy_gemma"), ("toy", "toy")])
    def test_of_a_toy_is_unfit(self, model: str, root: str) -> None:
        with serving(vllm(completion(), model=model, root=root)) as server:
            assert reader_of(server).identity.unfit

    def test_a_folder_with_the_mark_of_a_toy_is_unfit_whatever_it_is_called(self, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text('{"caseloom_toy": true}', encoding="utf-8")
        with serving(vllm(completion(), root=str(tmp_path))) as server:
            assert reader_of(server).identity.unfit

    def test_a_name_that_contains_the_letters_is_no_toy(self) -> None:
        with serving(vllm(completion(), model="toyota-med", root="toyota-med")) as server:
            assert reader_of(server).identity.unfit is None


class TestModels:
    def test_one_of_several_must_be_chosen(self) -> None:
        with serving(plain(completion(), "b/med", "/srv/gemma.gguf")) as server:
            with pytest.raises(ReaderUnavailable, match=r"several models.*b/med, gemma\.gguf"):
                reader_of(server)
            assert reader_of(server, "b/med").identity.model == "b/med"
            assert reader_of(server, "med").identity.model == "b/med"
            assert reader_of(server, "/srv/gemma.gguf").identity.model == "gemma.gguf"

    def test_one_that_the_server_does_not_have_is_refused_with_those_it_has(self) -> None:
        with (serving(plain(completion(), "b/med")) as server,
              pytest.raises(ReaderUnavailable, match=r"no model 'other'.*b/med")):
            reader_of(server, "other")

    def test_none_at_all_is_refused(self) -> None:
        with (serving({"/v1/models": Answer({"data": []})}) as server,
              pytest.raises(ReaderUnavailable, match="lists no model")):
            reader_of(server)

    def test_ollamas_latest_needs_no_tag(self) -> None:
        routes = {**ollama(completion()), "/v1/models": Answer({"data": [{"id": "med:latest"}]})}
        with serving(routes) as server:
            assert reader_of(server, "med").identity.model == "med:latest"


class TestContext:
    """A prompt that cannot fit is refused before it is sent, most of all where the server would cut it silently."""

    @pytest.mark.parametrize(("routes", "fits"), [
        (vllm(completion(), context=900), True), (vllm(completion(), context=500), False),
        (llama_cpp(completion(), context=900), True), (llama_cpp(completion(), context=500), False),
        (ollama(completion(), context=900), True), (ollama(completion(), context=500), False),
        (ollama(completion(), parameters="stop <end_of_turn>\nnum_ctx    500\n"), False),
        (ollama(completion(), parameters="num_ctx 500", context=900), True),
        (plain(completion()), True),
    ])
    def test_is_asked_of_each_kind_of_server(self, routes: Routes, fits: bool) -> None:
        request = ask(YesNo(), picture(1), picture(2), "Is there a nodule?")
        with serving(routes) as server:
            reader = reader_of(server)
            if fits:
                assert reader.read([request])[0].value is True
                return
            with pytest.raises(ReaderFailed, match=r"contract/1 needs about 5\d\d tokens \(2 pictures\).*500"):
                reader.read([WORDS, request])
        assert not server.chats, "nothing is sent when one request cannot be read"

    def test_of_an_ollama_that_says_nothing_is_its_small_default(self) -> None:
        slices = [part for number in range(16) for part in (picture(number, 2, 2),)]
        with serving(ollama(completion())) as server, pytest.raises(ReaderFailed, match="4096"):
            reader_of(server).read([ask(YesNo(), *slices, "Is there a nodule?")])

    @pytest.mark.parametrize("said", [
        {"error": {"message": "This model's maximum context length is 8192 tokens.", "code": 400}},
        {"object": "error", "message": "The decoder prompt (length 9000) is longer than max_model_len of 8192"},
        {"error": {"code": 400, "message": "the request exceeds the available context size, try increasing it"}},
    ])
    def test_that_the_server_finds_too_small_is_explained(self, said: Any) -> None:
        with serving(plain(Answer(said, 400))) as server, pytest.raises(ReaderFailed, match="too long for the"):
            reader_of(server).read([YES_NO])


class TestPictures:
    def test_limit_of_vllm_is_explained(self) -> None:
        said = {"error": {"message": "At most 1 image(s) may be provided in one prompt.", "type": "BadRequestError"}}
        with serving(vllm(Answer(said, 400))) as server, pytest.raises(ReaderFailed, match="takes 1 pictures"):
            reader_of(server).read([YES_NO])

    def test_between_texts_are_not_given_to_ollama(self) -> None:
        with (serving(ollama(completion(), context=9000)) as server,
              pytest.raises(ReaderFailed, match=r"before its text.*vLLM")):
            reader_of(server).read([YES_NO])
        assert not server.chats

    def test_before_the_text_are_read_by_ollama(self) -> None:
        with serving(ollama(completion(), context=9000)) as server:
            assert reader_of(server).read([ask(YesNo(), picture(1), picture(2), "A nodule?")])[0].value is True

    def test_are_not_sent_to_a_server_without_projector(self) -> None:
        with serving(llama_cpp(completion(), vision=False)) as server:
            reader = reader_of(server)
            with pytest.raises(ReaderFailed, match="--mmproj"):
                reader.read([YES_NO])
            assert reader.read([WORDS])[0].text

    @pytest.mark.parametrize("routes", [vllm, llama_cpp])
    def test_that_did_not_arrive_are_noticed_by_the_token_count(self, routes: Any) -> None:
        with serving(routes(completion(prompt=40))) as server:
            reader = reader_of(server)
            with pytest.raises(ReaderFailed, match="40 tokens for 2 pictures"):
                reader.read([YES_NO])
            assert reader.read([WORDS])[0].tokens.prompt == 40


class TestBusy:
    @pytest.mark.parametrize("first", [
        Answer({"error": "busy"}, 429), Answer({"error": "busy"}, 429, {"retry-after": "7"}), Answer(b"", 502),
        Answer({"error": {"message": "Loading model"}}, 503), Answer(b"<html>", 504), Answer(close=True),
    ])
    def test_is_asked_again(self, first: Answer) -> None:
        left = [first, first]
        with serving(plain(lambda _: left.pop() if left else completion())) as server:
            assert reader_of(server).read([YES_NO])[0].value is True
        assert len(server.chats) == 3

    def test_for_ever_is_given_up(self) -> None:
        with serving(plain(Answer({"error": "busy"}, 429))) as server, pytest.raises(ReaderFailed, match="429: busy"):
            reader_of(server).read([YES_NO])
        assert len(server.chats) == QUICK.attempts

    @pytest.mark.parametrize("status", [400, 404, 422, 500])
    def test_an_error_of_another_kind_is_not_tried_again(self, status: int) -> None:
        with serving(plain(Answer({"detail": "wrong"}, status))) as server, pytest.raises(ReaderFailed, match="wrong"):
            reader_of(server).read([YES_NO])
        assert len(server.chats) == 1

    def test_one_failure_costs_one_answer(self) -> None:
        requests = [ask(YesNo(), f"question {number}") for number in range(9)]
        said = lambda call: Answer({"detail": "lost"}, 500) if "question 4" in str(call.body) else completion()  # noqa: E731
        with serving(plain(said)) as server:
            readings = reader_of(server).read(requests)
        assert [reading.value for reading in readings] == [True] * 4 + [None] + [True] * 4
        assert readings[4].unread and "lost" in (readings[4].problem or "")
        assert not any(reading.unread for reading in readings[:4] + readings[5:])

    def test_a_refused_request_is_no_failure_of_the_server(self) -> None:
        said = lambda call: Answer({"detail": "no"}, 400) if "question 1" in str(call.body) else completion()  # noqa: E731
        with serving(plain(said)) as server, pytest.raises(ReaderFailed, match="400"):
            reader_of(server).read([ask(YesNo(), f"question {number}") for number in range(3)])

    @pytest.mark.parametrize("finish", ["stop", "length", "abort", "content_filter", "error", None])
    def test_only_an_answer_that_ended_of_its_own_is_whole(self, finish: str | None) -> None:
        with serving(plain(completion("It may be so", finish=finish))) as server:
            reading = reader_of(server).read([ask(FreeText(), "what is it?")])[0]
        assert reading.cut_off is (finish not in ("stop", None))
        assert (reading.value is None) is reading.cut_off
        assert ("the server does not say whether its answer is whole" in reading.notes) is (finish is None)

    def test_failures_in_a_row_end_the_reading(self) -> None:
        requests = [ask(YesNo(), f"question {number}") for number in range(40)]
        with serving(plain(Answer({"detail": "wrong"}, 500, hang=0.02))) as server, pytest.raises(ReaderFailed):
            reader_of(server).read(requests)
        assert len(server.chats) < len(requests)


class TestGarbage:
    @pytest.mark.parametrize("answer", [
        Answer(b"<html><body>It works!</body></html>"), Answer(b""), Answer(b"\xff\xfe\x00"), Answer(b"[" * 100_000),
        Answer([]), Answer("text"), Answer(None), Answer({}), Answer({"choices": []}), Answer({"choices": [{}]}),
        Answer({"choices": [{"message": {"content": 7}}]}), Answer({"choices": [{"message": None}]}),
        Answer({"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": "many"}}),
        Answer({"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": -1}}),
        Answer({"choices": {"0": 1}}), Answer(b"{}", headers={"content-encoding": "gzip"}),
        Answer(b"x", headers={"content-length": "nonsense"}),
    ])
    def test_fails_in_one_line(self, answer: Answer) -> None:
        with serving(plain(answer)) as server, pytest.raises(ReaderFailed) as failed:
            reader_of(server).read([YES_NO])
        assert_one_line(failed.value)

    def test_a_server_that_does_not_count_is_read_with_a_note(self) -> None:
        with serving(plain(Answer({"choices": [{"message": {"content": "Final Answer: no"}}]}))) as server:
            reading = reader_of(server).read([YES_NO])[0]
        assert reading.value is False
        assert reading.notes == ("the server does not count tokens",
                                 "the server does not say whether its answer is whole")

    def test_half_a_character_is_replaced(self) -> None:
        with serving(plain(Answer(b'{"choices": [{"message": {"content": "a \\ud800"}}]}'))) as server:
            assert reader_of(server).read([WORDS])[0].text == "a ?"

    def test_an_error_is_told_without_folders_and_pictures(self) -> None:
        said = {"detail": "Cannot load /home/ada/secret/model.bin\nnor " + "iVBORw0KGgo" * 500}
        with serving(plain(Answer(said, 400))) as server, pytest.raises(ReaderFailed) as failed:
            reader_of(server).read([YES_NO])
        assert str(failed.value) == "the server answered 400: Cannot load … nor …"

    def test_too_much_is_not_read(self) -> None:
        patience = Patience(most_bytes=10_000, attempts=1)
        with (serving(plain(Answer(b" " * 5_000_000))) as server,
              pytest.raises(ReaderFailed, match="more than 10000 bytes")):
            reader_of(server, patience=patience).read([YES_NO])

    def test_a_redirect_is_not_followed(self) -> None:
        with serving(plain(completion())) as other:
            moved = Answer(b"", 307, {"location": f"{other.url}/v1/chat/completions"})
            with serving(plain(moved)) as server, pytest.raises(ReaderFailed, match=r"307.*final URL"):
                reader_of(server).read([YES_NO])
        assert not other.calls


class TestSlow:
    IMPATIENT = Patience(inspect_seconds=5, answer_seconds=0.3, backoff_seconds=0.01)

    def test_a_server_that_hangs_is_left(self) -> None:
        with serving(plain(Answer({}, hang=30))) as server:
            start = time.monotonic()
            with pytest.raises(ReaderFailed, match=r"no answer within 0\.3 seconds"):
                reader_of(server, patience=self.IMPATIENT).read([YES_NO])
            assert time.monotonic() - start < 5
        assert len(server.chats) == 1, "it may be at work still: it is not asked again"

    def test_a_server_that_dribbles_is_left(self) -> None:
        with (serving(plain(Answer(b"{}", hang=0.05, dribble=200, headers={"content-length": "202"}))) as server,
              pytest.raises(ReaderFailed, match="whole answer")):
            reader_of(server, patience=self.IMPATIENT).read([YES_NO])

    def test_a_server_that_hangs_when_it_is_chosen_is_unavailable(self) -> None:
        with (serving({"/v1/models": Answer({}, hang=30)}) as server,
              pytest.raises(ReaderUnavailable, match="no answer")):
            reader_of(server, patience=Patience(inspect_seconds=0.3))


class TestUnavailable:
    def test_a_server_that_is_down(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with pytest.raises(ReaderUnavailable, match=r"cannot be reached.*start it.*measure works now") as refused:
            ServedReader(f"http://127.0.0.1:{port}", patience=QUICK)
        assert "\n" not in str(refused.value)

    def test_a_server_that_went_down_fails_and_is_tried_again(self) -> None:
        with serving(plain(completion())) as server:
            reader = reader_of(server)
        with pytest.raises(ReaderFailed, match="cannot be reached"):
            reader.read([YES_NO])

    @pytest.mark.parametrize(("answer", "reason"), [
        (Answer(b"<html>"), "no JSON"), (Answer({"models": []}), "lists no models"), (Answer({}, 404), "404"),
        (Answer({"error": {"message": "Loading model"}}, 503), "503: Loading model"),
        (Answer({}, 401), "CASELOOM_SERVER_KEY"), (Answer(b"", 302, {"location": "http://127.0.0.1:1/"}), "elsewhere"),
    ])
    def test_a_server_of_another_kind(self, answer: Answer, reason: str) -> None:
        with serving({"/v1/models": answer}) as server, pytest.raises(ReaderUnavailable, match=reason):
            reader_of(server)


class TestAddress:
    @pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
    def test_may_end_with_or_without_the_version(self, suffix: str) -> None:
        with serving(plain(completion())) as server:
            ServedReader(server.url + suffix, patience=QUICK)
        assert server.calls[0].path == "/v1/models"

    @pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://", "http://127.0.0.1:port", "127.0.0.1:8000",
                                     "http://127.0.0.1:8000/?a=b", "http://ada:secret@127.0.0.1:8000"])
    def test_of_another_form_is_wrong_usage(self, url: str) -> None:
        with pytest.raises(UsageError) as refused:
            ServedReader(url, patience=QUICK)
        assert "secret" not in str(refused.value)

    @pytest.mark.parametrize("url", ["http://10.0.0.7:8000", "http://server.example", "http://127.0.0.1.example:80",
                                     "http://localhost.example/v1"])
    def test_of_another_machine_needs_https_or_permission(self, url: str) -> None:
        with pytest.raises(ReaderUnavailable, match=r"unprotected.*--allow-plain-http"):
            ServedReader(url, patience=QUICK)

    def test_the_environments_proxy_is_not_used_for_this_machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with serving({}) as proxy, serving(plain(completion())) as server:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, proxy.url)
            monkeypatch.delenv("NO_PROXY", raising=False)
            monkeypatch.delenv("no_proxy", raising=False)
            assert reader_of(server).read([YES_NO])[0].value is True
        assert not proxy.calls

    def test_the_key_is_sent_only_when_it_is_set_and_never_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CASELOOM_SERVER_KEY", raising=False)
        with serving(plain(completion())) as server:
            reader_of(server).read([WORDS])
            assert not [call for call in server.calls if "authorization" in map(str.lower, call.headers)]
            monkeypatch.setenv("CASELOOM_SERVER_KEY", "k-1234")
            reader = reader_of(server)
            reader.read([WORDS])
        assert {name.lower(): value for name, value in server.chats[-1].headers.items()}["authorization"] == (
            "Bearer k-1234")
        assert "k-1234" not in repr(reader._address)

    def test_a_key_that_cannot_be_sent_is_wrong_usage(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CASELOOM_SERVER_KEY", "k\n1234")
        with pytest.raises(UsageError) as refused:
            ServedReader("http://127.0.0.1:9", patience=QUICK)
        assert "1234" not in str(refused.value)
