"""Ids of evidence that a chat adds: one for one thing, kept, and never given twice by two processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from caseloom.agent.chat.shelf import Shelf
from caseloom.agent.chat.told import Saying, Told
from caseloom.core.errors import StoreError
from caseloom.core.evidence import DocumentSpan, Evidence, Source, make_evidence


def piece(words: str) -> Evidence:
    return make_evidence(Source(file="a.pdf", sha256="0" * 64), DocumentSpan(page=1, bbox=(0, 0, 1, 1), text=words),
                         caption=words)


def told(*words: str) -> Told:
    shown = tuple(map(piece, words))
    return Told((Saying("x", tuple(item.id for item in shown)),), evidence=shown)


def test_what_one_chat_shelved_another_opens(tmp_path: Path) -> None:
    file = tmp_path / "chats" / "case.evidence.jsonl"
    one, other = Shelf([], file), Shelf([], file)
    assert [item.id for item in one.shelve(told("a", "b")).evidence] == ["R1", "R2"]
    assert [item.id for item in other.shelve(told("b", "c")).evidence] == ["R2", "R3"]
    found = one.get("r3")
    assert found is not None and found.caption == "c"
    assert Shelf([piece("a").model_copy(update={"id": "E7"})], file).shelve(told("a")).sayings[0].evidence == ("E7",)
    file.write_bytes(file.read_bytes() + b'{"id": "R9", half')
    assert [item.id for item in Shelf([], file).shelve(told("d")).evidence] == ["R4"]
    assert Shelf([], file).get("R4") is not None and file.stat().st_mode & 0o777 == 0o600


def test_ids_are_given_once_however_many_ask(tmp_path: Path) -> None:
    shelves = [Shelf([], tmp_path / "case.evidence.jsonl") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda at: shelves[at % 4].shelve(told(f"piece {at}")), range(24)))
    ids = [item.id for one in done for item in one.evidence]
    assert len(set(ids)) == 24 == len((tmp_path / "case.evidence.jsonl").read_text().splitlines())


def test_a_whole_line_that_is_nothing_we_wrote_is_an_error_and_no_silent_loss(tmp_path: Path) -> None:
    file = tmp_path / "case.evidence.jsonl"
    Shelf([], file).shelve(told("a"))
    file.write_text('{"written": "by another version"}\n' + file.read_text())
    with pytest.raises(StoreError, match=r"line 1 of case\.evidence\.jsonl"):
        Shelf([], file).get("R1")
