"""The doctor says what is there, what is missing and what must be mended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from loopback_server import Answer, serving

from caseloom.agent.opened import working_with
from caseloom.app.doctor import Health, diagnose
from caseloom.core.settings import Settings


def parts(home: Path, **settings: object) -> dict[str, object]:
    with working_with(Settings(home=home, **settings)):
        return {part.name: part for part in diagnose().parts}


def test_a_new_state_folder_is_sound(tmp_path: Path) -> None:
    with working_with(Settings(home=tmp_path / "home")):
        diagnosis = diagnose()
    assert diagnosis.sound
    by_name = {part.name: part for part in diagnosis.parts}
    assert by_name["Reader measure"].health is Health.WORKS
    assert by_name["DICOM (pydicom)"].health is Health.WORKS
    assert all(part.advice for part in diagnosis.parts if part.health is not Health.WORKS)
    json.loads(diagnosis.model_dump_json())


def test_weights_that_are_not_there_are_missing_not_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    found = parts(tmp_path / "home")["Reader medgemma"]
    assert found.health is Health.MISSING
    assert "hf download" in found.advice


def test_a_trail_that_does_not_hold_is_broken(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "audit.jsonl").write_text("{}\n", encoding="utf-8")
    assert parts(home)["Audit trail"].health is Health.BROKEN


def test_a_timeline_server_is_asked(tmp_path: Path) -> None:
    with serving({"/api/v2/heartbeat": Answer({"nanosecond heartbeat": 1})}) as server:
        assert parts(tmp_path, timeline_server=server.url)["Timeline store"].health is Health.WORKS
    gone = parts(tmp_path, timeline_server=server.url)["Timeline store"]
    assert (gone.health, "chroma run" in gone.advice) == (Health.BROKEN, True)


def test_an_embedder_that_is_no_model_is_broken(tmp_path: Path) -> None:
    assert parts(tmp_path, embedder=tmp_path / "nothing")["Timeline embedder"].health is Health.BROKEN
