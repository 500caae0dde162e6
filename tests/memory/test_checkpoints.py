"""Checkpoints hold our own words and nothing else."""

from pathlib import Path

import pytest

from caseloom.core.errors import StoreError
from caseloom.core.report import make_event
from caseloom.memory.checkpoints import open_checkpoints, storable_types


def test_every_word_that_a_state_holds_is_storable() -> None:
    types = set(storable_types())
    assert ("caseloom.core.report", "Report") in types
    assert ("caseloom.core.finding", "Direction") in types
    assert ("pathlib", "Path") not in types


def test_a_word_comes_back_as_itself(tmp_path: Path) -> None:
    event = make_event(kind="lab", text="x", occurred_at="2025", evidence=("E1",))
    with open_checkpoints(tmp_path / "c.sqlite") as saver:
        assert saver.serde.loads_typed(saver.serde.dumps_typed(event)) == event


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").write_bytes(b"this is no database, only some text" * 100)
    with pytest.raises(StoreError, match=r"remove c\.sqlite"), open_checkpoints(tmp_path / "c.sqlite"):
        pass


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """A state folder that was there before may be open to others."""
    with open_checkpoints(tmp_path / "c.sqlite"):
        assert {file.stat().st_mode & 0o077 for file in tmp_path.iterdir()} == {0}
