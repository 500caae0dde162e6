"""What a timeline answers: restrictions, corrections, two sources of one event, and denials."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from caseloom.core.report import TimelineEvent, make_event
from caseloom.memory.home import Home
from caseloom.memory.query import Query
from caseloom.memory.timeline import Match, Timeline

ALEX = "P-00000000000000aa"


class LetterCounts:
    """An embedder that needs no weights."""

    name = "letter counts"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[1.0, *(float(text.casefold().count(letter)) for letter in "abcdefghijklmnopqrstuvwxyz")]
                for text in texts]


def event(text: str, when: str | None = "2025-03-04", **more: object) -> TimelineEvent:
    return make_event(**{"kind": "lab", "text": text, "occurred_at": when, "evidence": ("E1",)} | more)


@pytest.fixture
def store(tmp_path: Path) -> Timeline:
    return Timeline(Home(tmp_path / "home"), ALEX, LetterCounts())


def texts(events: Sequence[TimelineEvent]) -> list[str]:
    return [item.text for item in events]


def test_by_kind_site_and_analyte(store: Timeline) -> None:
    store.remember([event("Hemoglobin: 10.6 g/dL", analyte="Hemoglobin", code="718-7"),
                    event("Lung volume, right lung: 2536 mL", kind="measurement", analyte="Lung volume",
                          site="right lung"),
                    event("Lung volume, left lung: 2229 mL", kind="measurement", analyte="Lung volume",
                          site="left lung")], case_id="c")
    assert texts(store.matching(Query(kind="lab", analyte="718-7"))) == ["Hemoglobin: 10.6 g/dL"]
    assert texts(store.matching(Query(analyte="hemoglobin"))) == ["Hemoglobin: 10.6 g/dL"]
    assert texts(store.matching(Query(analyte="Haemoglobin"))) == ["Hemoglobin: 10.6 g/dL"]
    assert texts(store.matching(Query(site="right lung"))) == ["Lung volume, right lung: 2536 mL"]
    assert len(store.matching(Query(site="lung"))) == 2
    assert store.matching(Query(site="heart")) == []


def test_an_open_span_has_one_end(store: Timeline) -> None:
    store.remember([event("a", "2024-05-01"), event("b", "2025-05-01"), event("c", None)], case_id="c")
    assert texts(store.matching(Query(between=("2025", "")))) == ["b"]
    assert texts(store.matching(Query(between=("", "2024-12")))) == ["a"]


def test_two_sources_of_one_event_are_one_event_with_both_evidences(store: Timeline) -> None:
    same = ("718-7", "10.6", "2025-11-10T08:05")
    assert store.remember([event("Hemoglobin: 10.6 g/dL", evidence=("ev-page",), same=same)], case_id="a") == 1
    assert store.remember([event("Hemoglobin: 10.6 g/dL [L]", evidence=("ev-record",), same=same)], case_id="b") == 0
    found, = store.matching()
    assert found.evidence == ("ev-page", "ev-record")


def test_a_correction_adds_and_what_was_known_before_stays_known(store: Timeline) -> None:
    first = event("Potassium: 6.1 mmol/L", origin="Observation/1", recorded_at="2025-03-04T12:00")
    store.remember([first], case_id="a")
    store.remember([event("Potassium: 4.1 mmol/L", origin="Observation/1", recorded_at="2025-03-09T09:00")],
                   case_id="b")
    now, = store.matching()
    assert (now.text, now.supersedes) == ("Potassium: 4.1 mmol/L", first.id)
    assert texts(store.matching(Query(as_of="2025-03-05"))) == ["Potassium: 6.1 mmol/L"]
    assert texts(store.matching(Query(as_of="2025-03-09"))) == ["Potassium: 4.1 mmol/L"]
    assert texts(store.matching(Query(history=True))) == ["Potassium: 4.1 mmol/L", "Potassium: 6.1 mmol/L"]


def test_one_entry_that_tells_two_things_is_corrected_thing_by_thing(store: Timeline) -> None:
    pressures = [event(f"{name} blood pressure: {value} mmHg", origin="Observation/1", analyte=f"{name} blood pressure")
                 for name, value in (("Systolic", 138), ("Diastolic", 82))]
    store.remember(pressures, case_id="a")
    store.remember([event("Systolic blood pressure: 183 mmHg", origin="Observation/1",
                          analyte="Systolic blood pressure")], case_id="b")
    assert texts(store.matching()) == ["Diastolic blood pressure: 82 mmHg", "Systolic blood pressure: 183 mmHg"]


def test_a_correction_that_is_learned_later_is_named_then(store: Timeline) -> None:
    first, second = event("Potassium: 6.1 mmol/L"), event("Potassium: 4.1 mmol/L")
    store.remember([second], case_id="a")
    store.remember([first, second.model_copy(update={"supersedes": first.id})], case_id="b")
    assert texts(store.matching()) == ["Potassium: 4.1 mmol/L"]
    assert len(store.matching(Query(history=True))) == 2


def test_a_correction_that_says_no_date_counts_from_when_it_was_learned(store: Timeline) -> None:
    store.remember([event("Potassium: 6.1 mmol/L", origin="Observation/1")], case_id="a")
    store.remember([event("Potassium: 4.1 mmol/L", origin="Observation/1")], case_id="b")
    assert texts(store.matching(Query(as_of="2025-03-05"))) == ["Potassium: 6.1 mmol/L"]
    assert texts(store.matching()) == ["Potassium: 4.1 mmol/L"]


@pytest.mark.parametrize(("asked", "said", "denied"), [
    ("pneumothorax", "Pneumothorax, left", "No pneumothorax"),
    ("pleural effusion", "Pleural effusion, right", "(negated) Pleural effusion"),
    ("nodule", "Pulmonary nodule", "Nodule: absent"),
])
def test_what_is_denied_is_never_a_match_for_what_is_asked(store: Timeline, asked: str, said: str,
                                                           denied: str) -> None:
    store.remember([event(denied), event(said)], case_id="c")
    assert [(hit.event.text, hit.match) for hit in store.hits(asked)] == [
        (said, Match.WORDS), (denied, Match.OPPOSITE)]
    assert store.hits(f"no {asked}")[0].match is not Match.OPPOSITE


def test_a_denial_alone_is_told_as_the_opposite(store: Timeline) -> None:
    store.remember([event("No pneumothorax")], case_id="c")
    assert [hit.match for hit in store.hits("pneumothorax")] == [Match.OPPOSITE]


def test_restrictions_hold_for_what_is_near_in_meaning_too(store: Timeline) -> None:
    store.remember([event(f"Result {n}", f"2025-01-{n:02d}") for n in range(1, 20)], case_id="c")
    found = store.hits("other", Query(between=("2025-01-03", "2025-01-05")), limit=10)
    assert sorted(hit.event.occurred_at or "" for hit in found) == ["2025-01-03", "2025-01-04", "2025-01-05"]
    assert {hit.match for hit in found} == {Match.MEANING}


def test_what_holds_the_words_is_never_left_out_for_what_lies_near(store: Timeline) -> None:
    store.remember([event(f"Cough {n}", f"2025-01-{n:02d}") for n in range(1, 10)], case_id="c")
    store.remember([event("Cold", "2025-02-01")], case_id="c")
    assert len(store.hits("cough", limit=3)) == len(store.worded("cough")) == 9
    assert [hit.match for hit in store.hits("cough", limit=20)] == [Match.WORDS] * 9 + [Match.MEANING]
