"""The driver of the benchmarks runs every script, says what it skips, and tells that one failed; each runs on its least
input."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ONCE = {"server", "reader_rounding"}
"""A run of a minute under load, and differences of numbers that do not vary."""
BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def driver() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmarks_all", BENCHMARKS / "all.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_benchmark_that_writes_a_section_is_run(driver: ModuleType) -> None:
    writing = {file.stem for file in BENCHMARKS.glob("*.py") if '"--write"' in file.read_text(encoding="utf-8")}
    assert {one.script for one in driver.ALL} == writing - {"all"}


def test_each_section_of_the_document_says_which_script_wrote_it_when_and_how_often() -> None:
    text = (BENCHMARKS.parent / "docs" / "performance.md").read_text(encoding="utf-8")
    for section in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]:
        title = section.splitlines()[0]
        script, = set(re.findall(r"`benchmarks/(\w+)\.py`", section))
        assert (BENCHMARKS / f"{script}.py").is_file(), title
        assert re.search(r"\b20\d\d-\d\d-\d\d\b", section), title
        often = re.search(r"(?i)medians? of 5", section) or script in ONCE or "NVIDIA" in section
        assert often, f"{title} gives no medians of five"


@pytest.mark.long
def test_every_benchmark_that_has_a_small_input_runs_on_it(driver: ModuleType, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(BENCHMARKS / "all.py"), "--small"], capture_output=True, text=True,
                          env={**os.environ, "CASELOOM_HOME": str(tmp_path)}, timeout=1200, check=False)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    told = re.findall(r"^\w+ +done in \d+ s$", done.stdout, re.MULTILINE)
    assert len(told) == sum(one.small is not None for one in driver.ALL), done.stdout[-2000:]


def test_what_is_skipped_is_said_and_costs_nothing() -> None:
    done = subprocess.run([sys.executable, str(BENCHMARKS / "all.py"), "--small", "--only", "report", "comparison"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert done.stdout.count("skipped: it has no small input") == 2


def test_a_benchmark_that_fails_is_told(driver: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    chosen = argparse.Namespace(small=False, write=None, histolab=None)
    assert driver.outcome(driver.Benchmark("no_such_script"), chosen).startswith("FAILED with exit code 2")
    assert "not installed" in driver.outcome(driver.Benchmark("labs", needs="no_such_package"), chosen)
    assert "no_such_script" in capfd.readouterr().err
