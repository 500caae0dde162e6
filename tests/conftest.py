"""What every test may use."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


_SHARED = re.compile(r"\b(demo|reviewed|planted): ")
"""Parameters of tests that rest on the demo case, or on the one with orders planted in it."""


class ByFixture(LoadScopeScheduling):
    """Tests of one file run in one process, and so do all files that use the same case: no fixture is made twice."""

    def _split_scope(self, nodeid: str) -> str:
        return _group_of(nodeid.partition("::")[0])


@cache
def _group_of(file: str) -> str:
    text = (Path(__file__).parents[1] / file).read_text(encoding="utf-8")
    used = set(_SHARED.findall(text)) if file.startswith("tests/agent/") and "def reviewed(" not in text else set()
    return "planted" if used == {"planted"} else "demo" if used else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """How `-n` shares the tests out."""
    return ByFixture(config, log)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real sample data, beside the checkout; tests that need it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real sample data not found at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def toy_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a random checkpoint of MedGemma's architecture at toy size."""
    import torch

    from caseloom.readers.toy import write_toy_checkpoint

    torch.set_num_threads(1)  # so small a model gains nothing from more, and waits for them on a busy machine
    return write_toy_checkpoint(tmp_path_factory.mktemp("checkpoints") / "toy-gemma")
