"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares the demo runs in one process, all else by file, so that no module's fixture is made twice."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group("demo" if "demo" in item.fixturenames else str(item.path)))


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
