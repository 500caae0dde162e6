"""The audit trail shows whatever was done to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from caseloom.core.errors import StoreError
from caseloom.memory.audit import AuditTrail, Deed, account, acting_as
from caseloom.memory.home import Home


@pytest.fixture
def trail(tmp_path: Path) -> AuditTrail:
    trail = AuditTrail(Home(tmp_path / "home"))
    for action in ("drafted", "edited", "signed", "exported"):
        trail.record(action, "case-1" if action != "exported" else "case-2", "someone", content_sha256="ab" * 32)
    return trail


def lines(trail: AuditTrail) -> list[bytes]:
    return (trail.home.path / "audit.jsonl").read_bytes().splitlines(keepends=True)


def put(trail: AuditTrail, changed: list[bytes]) -> None:
    (trail.home.path / "audit.jsonl").write_bytes(b"".join(changed))


def test_entries_are_numbered_and_kept_in_order(trail: AuditTrail) -> None:
    assert [(entry.number, entry.action) for entry in trail.entries()] == [
        (1, "drafted"), (2, "edited"), (3, "signed"), (4, "exported")]
    assert [entry.action for entry in trail.entries("case-2")] == ["exported"]


@pytest.mark.parametrize(("change", "said"), [
    (lambda kept: [kept[0], kept[1].replace(b"edited", b"signed"), *kept[2:]], "entry 2 was changed"),
    (lambda kept: [kept[0].replace(b"someone", b"anybody"), *kept[1:]], "entry 1 was changed"),
    (lambda kept: [kept[0], *kept[2:]], "before entry 2"),
    (lambda kept: [kept[1], kept[0], *kept[2:]], "before entry 1"),
    (lambda kept: [*kept[:2], kept[1], *kept[2:]], "before entry 3"),
    (lambda kept: kept[:2], "4 entries were written, 2 are there"),
    (lambda kept: [], "4 entries were written, 0 are there"),
    (lambda kept: [*kept[:3], kept[3][:40]], "entry 4 cannot be read"),
])
def test_any_change_shows_and_nothing_is_added_to_it(trail: AuditTrail, change, said: str) -> None:
    put(trail, change(lines(trail)))
    with pytest.raises(StoreError, match=said):
        trail.entries()
    before = lines(trail)
    with pytest.raises(StoreError, match=said):
        trail.record("signed", "case-1", "someone")
    assert lines(trail) == before


def test_a_seal_cannot_be_made_without_the_key(trail: AuditTrail, tmp_path: Path) -> None:
    stranger = AuditTrail(Home(tmp_path / "stranger"))
    forged = stranger.record("signed", "case-1", "someone")
    put(trail, [*lines(trail)[:0], forged.model_dump_json().encode() + b"\n"])
    with pytest.raises(StoreError, match="entry 1 was changed"):
        trail.entries()


def test_a_kill_between_entry_and_end_loses_nothing(trail: AuditTrail) -> None:
    end = trail.home.path / "audit.end"
    kept = end.read_bytes()
    trail.record("signed", "case-3", "someone")
    end.write_bytes(kept)
    assert len(trail.entries()) == 5
    trail.record("exported", "case-3", "someone")
    assert len(trail.entries()) == 6
    assert json.loads(end.read_bytes())["number"] == 6


ADD_FIVE = """
import sys
from pathlib import Path
from caseloom.memory.audit import AuditTrail, Deed, account, acting_as
from caseloom.memory.home import Home
trail = AuditTrail(Home(Path(sys.argv[1])))
for number in range(5):
    trail.record("exported", f"case-{number}", "someone")
"""


def test_two_processes_write_one_trail(tmp_path: Path) -> None:
    home = tmp_path / "home"
    Home(home).key()
    both = [subprocess.Popen([sys.executable, "-c", ADD_FIVE, str(home)]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(AuditTrail(Home(home)).entries()) == 10


def test_a_long_trail_is_added_to_by_its_end_and_checked_whole(tmp_path: Path) -> None:
    trail = AuditTrail(Home(tmp_path / "home"), stem="access", long=True)
    for first in (0, 15):
        trail.record_all([Deed("looked", f"case-{number}", "someone", {"what": "x" * 400})
                          for number in range(first, first + 15)])
    kept = trail.home.path / "access.jsonl"
    assert [entry.number for entry in trail.entries()] == list(range(1, 31))
    whole = kept.read_bytes().splitlines(keepends=True)
    end = (trail.home.path / "access.end").read_bytes()
    trail.record_all([Deed("looked", "case-30", "someone", {})] * 3)
    (trail.home.path / "access.end").write_bytes(end)  # stopped between the entries and what is kept of their end
    assert trail.record("looked", "case-31", "someone").number == 34
    kept.write_bytes(b"".join([whole[0].replace(b"looked", b"signed"), *whole[1:]]))
    with pytest.raises(StoreError, match=r"the access trail does not hold.* entry 1 was changed"):
        trail.entries()
    kept.write_bytes(b"".join(whole[:20]))
    with pytest.raises(StoreError, match="the access trail does not hold"):
        trail.record("looked", "case-31", "someone")


def test_a_server_acts_for_its_users() -> None:
    own = account()
    with acting_as("web:ana"):
        assert account() == "web:ana"
    assert account() == own


def test_half_a_line_that_a_crash_left_is_passed_over(trail: AuditTrail) -> None:
    whole = lines(trail)
    put(trail, [*whole, b'{"number": 5, "at"'])
    assert len(trail.entries()) == 4
    assert trail.record("exported", "case-2", "someone").number == 5
    assert [entry.number for entry in trail.entries()] == [1, 2, 3, 4, 5]


def test_an_end_that_cannot_be_read_is_told(trail: AuditTrail) -> None:
    (trail.home.path / "audit.end").write_bytes(b"")
    assert not trail.holds()
    with pytest.raises(StoreError, match=r"audit\.end cannot be read"):
        trail.record("signed", "case-1", "someone")
    trail.restart("someone", {})
    assert trail.holds()
