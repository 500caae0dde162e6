"""A server with a small case, and somebody who may use it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from running_server import ended, serving
from small_case import write_picture_case, write_small_case


@pytest.fixture(scope="session")
def demo_parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Roots of cases: `small` (reports and a record) and `pictures` (images, a page)."""
    root = tmp_path_factory.mktemp("roots")
    write_small_case(tmp_path_factory.mktemp("small")).rename(root / "small")
    write_picture_case(tmp_path_factory.mktemp("pictures")).rename(root / "pictures")
    return root


@pytest.fixture(scope="session")
def reviewed_home(demo_parts: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A state folder whose server has reviewed the small case, and the id; tests that change it copy it."""
    home = tmp_path_factory.mktemp("reviewed") / "home"
    with serving(home, roots=(demo_parts,)) as client:
        case = client.post("/api/cases", json={"folder": "small"}).json()["id"]
        job = client.post(f"/api/cases/{case}/reviews", json={}).json()["job"]["id"]
        assert ended(client, job)["job"]["state"] == "done"
    return home, case


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A server that knows no case yet."""
    with serving(tmp_path / "home") as asked:
        yield asked


@pytest.fixture(scope="session")
def shared(reviewed_home: tuple[Path, str], demo_parts: Path) -> Iterator[tuple[TestClient, str]]:
    """A server with the reviewed case, for tests that change nothing about it; and the case's address."""
    home, case = reviewed_home
    with serving(home, roots=(demo_parts,)) as asked:
        yield asked, f"/api/cases/{case}"


@pytest.fixture
def own(reviewed_home: tuple[Path, str], demo_parts: Path, tmp_path: Path) -> Iterator[tuple[TestClient, str]]:
    """The same in a state folder of its own."""
    home, case = reviewed_home
    shutil.copytree(home, tmp_path / "home")
    with serving(tmp_path / "home", roots=(demo_parts,)) as asked:
        yield asked, f"/api/cases/{case}"
