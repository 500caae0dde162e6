"""What a question about the timeline gives where it is long, and what is said where it holds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from caseloom.agent.chat.lookups import MOST_EVENTS, search_timeline
from caseloom.core.report import make_event
from caseloom.memory.home import Home
from caseloom.memory.query import Query
from caseloom.memory.timeline import Timeline


class NoWeights:
    """An embedder that is not to be asked."""

    name = "none"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[1.0, 0.0] for _ in texts]


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """As much of a chat's context as the timeline needs: 90 events, three a year, every third a denial."""
    events = [make_event(kind="record", text=("No cough" if number % 3 == 0 else "Cough") + f" {number}",
                         occurred_at=f"{1990 + number // 3}-0{1 + number % 3}-01", evidence=(f"E{number + 1}",))
              for number in range(90)]
    store = Timeline(Home(tmp_path_factory.mktemp("long")), "P-00000000000000aa", NoWeights())
    store.remember(events, case_id="c")
    return SimpleNamespace(timeline=store, report=SimpleNamespace(timeline=tuple(events)))


def test_a_long_answer_keeps_the_latest_and_counts_the_rest(long: Any) -> None:
    told = search_timeline(long, "", Query())
    head, *events = told.sayings
    assert head.text == f"90 events; the latest {MOST_EVENTS} of them are told, {90 - MOST_EVENTS} left out."
    assert len(head.evidence) == 90
    assert events[0].text.startswith("2006-03-01") and events[-1].text.startswith("2019-03-01: Cough 89")
    assert len(events) == MOST_EVENTS


def test_what_holds_the_words_comes_before_what_denies_them(long: Any) -> None:
    head, *events = search_timeline(long, "cough", Query()).sayings
    assert head.text.startswith("90 events") and len(events) == MOST_EVENTS
    assert not any("No cough" in event.text for event in events)
    assert len(search_timeline(long, "cough 7", Query()).sayings) == 1


def test_an_empty_answer_says_what_was_asked_for(long: Any) -> None:
    told = search_timeline(long, "fracture", Query(between=("2001-03", "2001-03")))
    assert told.reason == "The timeline holds no event with the words “fracture” in March 2001."
