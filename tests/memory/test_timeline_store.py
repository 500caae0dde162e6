"""The store under the timeline: silent, local, safe when a process dies, one writer at a time."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import ingest_until_killed
import pytest
from filelock import FileLock
from ingest_until_killed import DyingEmbedder

from caseloom.core.errors import StoreError
from caseloom.core.report import make_event
from caseloom.memory.home import Home
from caseloom.memory.query import Query
from caseloom.memory.timeline import Timeline

ALEX = "P-00000000000000aa"
ENOUGH = 10**9


def timeline(folder: Path, **more: float) -> Timeline:
    return Timeline(Home(folder), ALEX, DyingEmbedder(ENOUGH), **more)


def child(folder: Path, number: int, last: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, ingest_until_killed.__file__, str(folder), ALEX, str(number), str(last)])


def test_killed_in_the_middle_of_an_ingest_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    number = 1200
    assert child(tmp_path, number, last=1000).wait(60) == -signal.SIGKILL
    kept = {event.id for event in timeline(tmp_path).matching()}
    wanted = {event.id for event in ingest_until_killed.events(number)}
    assert len(kept) == 1000 and kept < wanted
    assert timeline(tmp_path).remember(ingest_until_killed.events(number), case_id="c") == 200
    found = timeline(tmp_path).matching()
    assert len(found) == number and {event.id for event in found} == wanted
    assert timeline(tmp_path).hits("Result 1199", limit=1)[0].event.text == "Result 1199"


def test_killed_at_any_moment_the_ingest_is_finished_by_the_next(tmp_path: Path) -> None:
    number, lock = 3000, tmp_path / "locks" / "timeline.lock"
    for seconds in (0.3, 0.8, 1.3):
        lock.unlink(missing_ok=True)  # made again when the child begins to write
        process = child(tmp_path, number, last=ENOUGH)
        while not lock.exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(seconds)
        process.kill()
        process.wait(60)
    timeline(tmp_path).remember(ingest_until_killed.events(number), case_id="c")
    found = timeline(tmp_path).matching()
    assert len(found) == number == len({event.id for event in found})


def test_a_second_writer_waits_and_then_says_who_holds_the_store(tmp_path: Path) -> None:
    store = timeline(tmp_path, wait=0.1)
    with FileLock(tmp_path / "locks" / "timeline.lock"), pytest.raises(StoreError, match="another process"):
        store.remember(ingest_until_killed.events(1), case_id="c")
    assert store.remember(ingest_until_killed.events(1), case_id="c") == 1


def test_neither_the_environment_nor_a_file_can_send_the_store_elsewhere(tmp_path: Path,
                                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens at port 9: a client for a server would fail to connect."""
    telling = {"CHROMA_API_IMPL": "chromadb.api.fastapi.FastAPI", "CHROMA_SERVER_HOST": "127.0.0.1",
               "CHROMA_SERVER_HTTP_PORT": "9", "ANONYMIZED_TELEMETRY": "True",
               "CHROMA_OTEL_COLLECTION_ENDPOINT": "http://127.0.0.1:9", "CHROMA_OTEL_GRANULARITY": "all"}
    (tmp_path / ".env").write_text("\n".join(f"{name}={value}" for name, value in telling.items()), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name, value in telling.items():
        monkeypatch.setenv(name, value)
    store = timeline(tmp_path / "home")
    store.remember(ingest_until_killed.events(3), case_id="c")
    assert len(store.matching()) == 3
    assert (tmp_path / "home" / "timeline" / "chroma.sqlite3").exists()


def test_telemetry_is_off_and_the_default_embedder_is_never_set(tmp_path: Path) -> None:
    from chromadb.api.shared_system_client import SharedSystemClient

    store = timeline(tmp_path)
    store.remember(ingest_until_killed.events(1), case_id="c")
    settings = SharedSystemClient._identifier_to_system[str(tmp_path / "timeline")].settings
    assert settings.anonymized_telemetry is False
    assert not settings.chroma_otel_collection_endpoint
    assert store._collection._embedding_function is None


def test_a_time_span_and_what_is_dated_vaguely(tmp_path: Path) -> None:
    store = timeline(tmp_path)
    dates = ("2024-12-31", "2025-01-01", "2025-03-04T10:00:00Z", "2025-03-05", "2025")
    store.remember([make_event(kind="lab", text=when, occurred_at=when, evidence=("E1",)) for when in dates],
                   case_id="c")
    assert [event.text for event in store.matching(Query(between=("2025-01-01", "2025-03-04")))] == [
        "2025-01-01", "2025-03-04T10:00:00Z"]
    assert [event.text for event in store.matching(Query(as_of="2025-03-04"))] == [
        "2024-12-31", "2025-01-01", "2025-03-04T10:00:00Z"]
    assert "2025" in [event.text for event in store.matching(Query(as_of="2025"))]


def test_numbers_and_codes_are_found_as_wholes(tmp_path: Path) -> None:
    store = timeline(tmp_path)
    store.remember([make_event(kind="lab", text=text, occurred_at="2025-01-01", evidence=("E1",)) for text in (
        "White cells 14.6", "White cells 4.6", "Hemoglobin A1c/Hemoglobin.total 6.1 %")], case_id="c")
    assert store.hits("4.6", limit=1)[0].event.text == "White cells 4.6"
    assert store.hits("a1c", limit=1)[0].event.text.startswith("Hemoglobin A1c")
