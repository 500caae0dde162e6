"""Timeline and chat over REST: the same answers as through every other door."""

from __future__ import annotations

import json

from fastapi.testclient import TestClient

QUESTION = "What was the hemoglobin in March 2025?"


def test_the_timeline_is_asked_by_date_and_words(shared: tuple[TestClient, str]) -> None:
    client, case = shared
    every = client.get(f"{case}/timeline").json()
    assert every["events"] and every["none"] == ""
    labs = client.get(f"{case}/timeline", params={"kind": "lab", "analyte": "Hemoglobin"}).json()["events"]
    assert {hit["event"]["kind"] for hit in labs} == {"lab"}
    assert len(labs) < len(every["events"])
    found = client.get(f"{case}/timeline", params={"search": "Hemoglobin"}).json()["events"]
    assert found[0]["match"] == "words"
    none = client.get(f"{case}/timeline", params={"since": "1950", "until": "1951"}).json()
    assert (none["events"], "holds no event" in none["none"]) == ([], True)
    assert client.get(f"{case}/timeline", params={"since": "yesterday"}).status_code == 422
    assert client.get(f"{case}/timeline", params={"since": "2026", "until": "2025"}).status_code == 409


def test_an_answer_cites_its_evidence(own: tuple[TestClient, str]) -> None:
    client, case = own
    answer = client.post(f"{case}/chat", json={"question": QUESTION}).json()
    assert answer["status"] == "answered"
    assert "13.9" in answer["text"]
    assert {key for sentence in answer["sentences"] for key in sentence["evidence"]} == {
        item["id"] for item in answer["evidence"]}
    assert [turn["question"] for turn in client.get(f"{case}/chat").json()["turns"]] == [QUESTION]
    declined = client.post(f"{case}/chat", json={"question": "Should I prescribe iron?"}).json()
    assert declined["status"] == "declined"


def test_an_answer_streams_its_tools_first(own: tuple[TestClient, str]) -> None:
    client, case = own
    text = client.post(f"{case}/chat/stream", json={"question": QUESTION}).text
    kinds = [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]
    assert kinds[0] == "tool"
    assert kinds[-1] == "answer"
    last = [line for line in text.splitlines() if line.startswith("data: ")][-1]
    assert json.loads(last.removeprefix("data: "))["status"] == "answered"
