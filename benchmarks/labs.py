"""Native laboratory pages to results, beside pdfplumber's table extraction on the same pages.

    python benchmarks/labs.py [--pdfplumber PYTHON] [--write docs/performance.md]

PYTHON is an interpreter of an environment that has pdfplumber (the extra `bench`), this one by default.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import pymupdf

from caseloom.evals.lab_sheets.layouts import TUNING
from caseloom.evals.lab_sheets.write import make_document
from caseloom.evals.labs import predict
from caseloom.evals.sections import machine, today, write_section

TITLE = "Native laboratory pages"
FEWEST_PAGES = 20
ROUNDS = 5
_THEIRS = """
import sys, time, pdfplumber
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    with pdfplumber.open(sys.argv[1]) as document:
        for page in document.pages:
            page.extract_tables()
    print(time.perf_counter() - start)
"""


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description="Native laboratory pages to results.")
    parser.add_argument("--pdfplumber", default=sys.executable,
                        help="interpreter of an environment with pdfplumber")
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "pages.pdf"
        pages = write_pages(path)
        ours = median(our_seconds(path, Path(name) / str(number)) for number in range(ROUNDS))
        done = subprocess.run([chosen.pdfplumber, "-c", _THEIRS, str(path), str(ROUNDS)], capture_output=True,
                              text=True, check=False)
    lines = [f"Measured on {today()} by `benchmarks/labs.py` ({machine()}): one made-up document of {pages} native "
             f"pages, medians of {ROUNDS} rounds in a warm process; ours opens the document in a process of its own "
             f"each round. Load average {os.getloadavg()[0]:.1f} at the end.", "", "| what | ms a page |", "|---|---|",
             f"| pages to results with units, ranges, codes and places | {1000 * ours / pages:.0f} |",
             *beside(done, ours, pages)]
    sys.stdout.write("\n".join([f"## {TITLE}", "", *lines, ""]))
    if chosen.write:
        write_section(chosen.write, TITLE, lines)


def beside(done: subprocess.CompletedProcess[str], ours: float, pages: int) -> list[str]:
    """The rows about pdfplumber, or why there are none."""
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit code {done.returncode}"
        return [f"| pdfplumber | not measured: {why} |"]
    theirs = median(map(float, done.stdout.split()))
    return [f"| pdfplumber, `extract_tables` | {1000 * theirs / pages:.0f} |",
            f"| times as fast | {theirs / ours:.1f} (goal 10) |"]


def write_pages(path: Path) -> int:
    """One document of at least `FEWEST_PAGES` pages in all layouts used for tuning; its number of pages."""
    library: Any = pymupdf
    made = library.open()
    seed = 1
    while len(made) < FEWEST_PAGES:
        for layout in TUNING:
            made.insert_pdf(library.open("pdf", make_document(layout, seed, scan=False)[0]))
        seed += 1
    made.save(path)
    return len(made)


def our_seconds(path: Path, cache: Path) -> float:
    """Seconds from the file to its results, with an empty cache."""
    start = time.perf_counter()
    predict(path, cache)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
