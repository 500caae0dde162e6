"""Promise: kill it anywhere, run it again, and it goes on. The process is really killed."""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from pathlib import Path

import forked
import pytest

NODES = ("intake", "plan", "run_tool", "compare", "remember", "compose", "verify", "render")


def review(case: Path, home: Path, log: Path, *node: str) -> int:
    """Run the review in a child process; its exit status, negative for the signal that ended it."""
    done = forked.run("review_in_a_child:main", case, home, log, *node)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


@pytest.fixture(scope="module")
def small_case(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record and a lab report: two tool tasks that take no time."""
    case = tmp_path_factory.mktemp("small") / "case"
    case.mkdir()
    for name in ("record.json", "documents/lab_2025-03-03.pdf", "case.yaml"):
        shutil.copy(demo / name, case)
    return case


@pytest.fixture(scope="module")
def undisturbed(small_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of a review that nobody killed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert review(small_case, folder / "home", folder / "log") == 0
    return folder / "home"


def written(home: Path) -> dict[str, bytes]:
    """What a review wrote."""
    run, = (home / "runs").iterdir()
    return {str(file.relative_to(run)): file.read_bytes() for file in sorted(run.rglob("*")) if file.is_file()}


@pytest.mark.parametrize("node", NODES)
def test_killed_inside_a_node_it_goes_on(node: str, small_case: Path, tmp_path: Path,
                                         undisturbed: Path) -> None:
    home, log = tmp_path / "home", tmp_path / "log"
    home.mkdir()
    shutil.copy(undisturbed / "key", home)
    assert review(small_case, home, log, node) == -signal.SIGKILL
    assert review(small_case, home, log) == 0
    finished = Counter(line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("finished"))
    assert len(finished) == 2
    assert set(finished.values()) == {1}, "finished tool work was redone"
    assert written(home) == written(undisturbed)


def test_a_finished_review_is_not_done_again(small_case: Path, tmp_path: Path, undisturbed: Path) -> None:
    home, log = tmp_path / "home", tmp_path / "log"
    shutil.copytree(undisturbed, home)
    shutil.copy(undisturbed.parent / "log", log)
    before = log.read_text(encoding="utf-8")
    assert review(small_case, home, log) == 0
    assert log.read_text(encoding="utf-8") == before
