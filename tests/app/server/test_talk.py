"""Timeline and chat over REST: the same answers as through every other door."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from running_server import ended, serving

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
    assert (none["events"], "no such event" in none["none"]) == ([], True)
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


def test_two_cases_of_the_same_files_share_nothing(reviewed_home: tuple[Path, str], demo_parts: Path, tmp_path: Path
                                                   ) -> None:
    home, first = reviewed_home
    shutil.copytree(home, tmp_path / "home")
    with serving(tmp_path / "home", roots=(demo_parts,)) as client:
        second = client.post("/api/cases", json={"folder": "small"}).json()["id"]
        job = client.post(f"/api/cases/{second}/reviews", json={}).json()["job"]["id"]
        assert ended(client, job)["job"]["state"] == "done"
        before = client.get(f"/api/cases/{second}/report")
        client.post(f"/api/cases/{first}/chat", json={"question": QUESTION})
        signed = client.post(f"/api/cases/{first}/report/signature", json={"name": "Ana"})
        assert signed.json()["status"] == "signed"
        after = client.get(f"/api/cases/{second}/report")
        assert (after.content, after.json()["status"]) == (before.content, "draft")
        assert client.get(f"/api/cases/{second}/chat").json() == {"turns": []}
        assert client.get(f"/api/cases/{first}/chat").json()["turns"]
        assert "signed" not in [one["action"] for one in client.get(f"/api/cases/{second}/trail").json()["entries"]]


def test_nothing_is_reviewed_to_answer(reviewed_home: tuple[Path, str], demo_parts: Path, tmp_path: Path) -> None:
    home, _ = reviewed_home
    roots = tmp_path / "roots"
    shutil.copytree(home, tmp_path / "home")
    shutil.copytree(demo_parts / "small", roots / "small")
    with serving(tmp_path / "home", roots=(roots,)) as client:
        other = client.post("/api/cases", json={"folder": "small"}).json()["id"]
        assert client.post(f"/api/cases/{other}/chat", json={"question": QUESTION}).status_code == 404
        job = client.post(f"/api/cases/{other}/reviews", json={}).json()["job"]["id"]
        assert ended(client, job)["job"]["state"] == "done"
        (roots / "small" / "new.txt").write_text("a further file")
        refused = client.post(f"/api/cases/{other}/chat", json={"question": QUESTION})
        assert (refused.status_code, "a file changed since" in refused.json()["detail"]) == (409, True)
        assert client.get(f"/api/cases/{other}/timeline").json()["events"]  # what was reviewed is still told


def test_who_leaves_before_the_answer_stops_it(own: tuple[TestClient, str]) -> None:
    client, case = own
    service = client.app.state.service
    user, entry = service.users.named("local"), service.registry.get(case.rpartition("/")[2])

    class Gone(Exception):
        """Whoever asked is gone."""

    def leave(_: object) -> None:
        raise Gone

    with pytest.raises(Gone):
        service.chats.ask(user, entry, QUESTION, watch=leave)
    assert client.get(f"{case}/chat").json() == {"turns": []}
    assert client.post(f"{case}/chat", json={"question": QUESTION}).json()["status"] == "answered"
