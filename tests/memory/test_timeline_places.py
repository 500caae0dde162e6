"""The same timeline in this process and on a real ChromaDB server; and what a change of embedder does."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import ingest_until_killed
import pytest

from caseloom.core.errors import StoreError, UsageError
from caseloom.core.report import make_event
from caseloom.memory.home import Home
from caseloom.memory.query import Query
from caseloom.memory.store import LAST, NEXT, open_client
from caseloom.memory.timeline import Match, Timeline

ALEX, ROBIN = "P-00000000000000aa", "P-00000000000000bb"


class Lengths:
    """An embedder of its own name; it counts what it embeds."""

    name = "lengths"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[1.0, float(len(text))] for text in texts]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A `chroma run` process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = str(Path(sys.executable).with_name("chroma"))
    folder = tmp_path_factory.mktemp("chroma")
    process = subprocess.Popen([program, "run", "--host", "127.0.0.1", "--port", str(port), "--path", str(folder)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        address = f"http://127.0.0.1:{port}"
        yield address
        open_client(folder, address).close()
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("chroma run did not start")


class Contract:
    """What holds wherever the timeline lies."""

    @pytest.fixture
    def where(self, tmp_path: Path) -> tuple[Home, str | None]:
        raise NotImplementedError

    def test_events_are_kept_once_and_apart(self, where: tuple[Home, str | None]) -> None:
        home, server = where
        alex, robin = (Timeline(home, patient, Lengths(), server=server) for patient in (ALEX, ROBIN))
        assert alex.remember(ingest_until_killed.events(7), case_id="c") == 7
        assert alex.remember(ingest_until_killed.events(9), case_id="c") == 2
        assert robin.matching() == []
        assert len(Timeline(home, ALEX, Lengths(), server=server).matching()) == 9
        assert alex.hits("Result 3", limit=1)[0].event.text == "Result 3"

    def test_corrections_denials_and_dates_hold(self, where: tuple[Home, str | None]) -> None:
        home, server = where
        store = Timeline(home, ALEX, Lengths(), server=server)
        told = {"kind": "lab", "occurred_at": "2025-03-04", "evidence": ("E1",), "origin": "Observation/1"}
        store.remember([make_event(text="Potassium: 6.1 mmol/L", recorded_at="2025-03-04T12:00", **told)], case_id="a")
        store.remember([make_event(text="Potassium: 4.1 mmol/L", recorded_at="2025-03-09T09:00", **told)], case_id="b")
        store.remember([make_event(kind="observation", text="No pneumothorax", occurred_at="2025-04-01",
                                   evidence=("E2",))], case_id="b")
        assert [one.text for one in store.matching(Query(kind="lab"))] == ["Potassium: 4.1 mmol/L"]
        assert [one.text for one in store.matching(Query(as_of="2025-03-05"))] == ["Potassium: 6.1 mmol/L"]
        assert len(store.matching(Query(history=True))) == 3
        assert [hit.match for hit in store.hits("pneumothorax")][:1] == [Match.OPPOSITE]
        assert [one.text for one in store.matching(Query(between=("2025-04", "")))] == ["No pneumothorax"]

    def test_another_embedder_rebuilds_the_vectors(self, where: tuple[Home, str | None]) -> None:
        home, server = where
        Timeline(home, ALEX, Lengths(), server=server).remember(ingest_until_killed.events(9), case_id="c")
        other = Timeline(home, ALEX, ingest_until_killed.DyingEmbedder(10**9), server=server)
        kept = {event.id for event in other.matching()}
        assert len(kept) == len(other.hits("something else", limit=9)) == 9
        assert {event.id for event in Timeline(home, ALEX, Lengths(), server=server).matching()} == kept


class TestEmbedded(Contract):
    @pytest.fixture
    def where(self, tmp_path: Path) -> tuple[Home, str | None]:
        return Home(tmp_path / "home"), None


class TestServer(Contract):
    @pytest.fixture
    def where(self, tmp_path: Path, server: str) -> Iterator[tuple[Home, str | None]]:
        yield Home(tmp_path / "home"), server
        client = open_client(tmp_path, server)
        for collection in client.list_collections():
            client.delete_collection(collection.name)


@pytest.mark.parametrize("last", [5, 699])
def test_killed_while_it_rebuilds_nothing_is_lost(tmp_path: Path, last: int) -> None:
    """700 events in batches of 500: killed in the first batch, and in the last."""
    Timeline(Home(tmp_path), ALEX, Lengths()).remember(ingest_until_killed.events(700), case_id="c")
    done = subprocess.run([sys.executable, ingest_until_killed.__file__, str(tmp_path), ALEX, "700", str(last)],
                          check=False)
    assert done.returncode == -signal.SIGKILL
    wanted = {event.id for event in ingest_until_killed.events(700)}
    for embedder in (Lengths(), ingest_until_killed.DyingEmbedder(10**9)):
        assert {event.id for event in Timeline(Home(tmp_path), ALEX, embedder).matching()} == wanted


@pytest.mark.parametrize("renamed", [1, 2])
def test_a_death_between_the_two_renames_is_made_good(tmp_path: Path, renamed: int) -> None:
    """The state on disk that such a death leaves, made by the same calls."""
    first = Timeline(Home(tmp_path), ALEX, Lengths())
    first.remember(ingest_until_killed.events(5), case_id="c")
    client = open_client(Home(tmp_path).timeline)
    old = client.get_collection(ALEX, embedding_function=None)
    kept = old.get(include=["documents", "metadatas"])
    fresh = client.create_collection(ALEX + NEXT, embedding_function=None,
                                     metadata={"hnsw:space": "cosine", "embedder": "letter counts"})
    letters = ingest_until_killed.DyingEmbedder(10**9)
    fresh.add(ids=kept["ids"], documents=kept["documents"], metadatas=kept["metadatas"],
              embeddings=letters.embed(kept["documents"]))
    old.modify(name=ALEX + LAST)
    if renamed == 2:
        fresh.modify(name=ALEX)
    for embedder in (letters, Lengths(), letters):
        assert len(Timeline(Home(tmp_path), ALEX, embedder).matching()) == 5


def test_a_server_that_is_elsewhere_or_silent_is_said(tmp_path: Path) -> None:
    for address in ("http://example.org:8000", "ftp://127.0.0.1", "nonsense"):
        with pytest.raises(UsageError, match=r"https|address"):
            Timeline(Home(tmp_path), ALEX, Lengths(), server=address).matching()
    with pytest.raises(StoreError, match="ChromaDB server"):
        Timeline(Home(tmp_path), ALEX, Lengths(), server="http://127.0.0.1:9").matching()
