"""Scanned laboratory pages read, beside rapidocr alone on the same pictures.

    python benchmarks/lab_scans.py [--pages 6] [--write docs/performance.md]

Both run in one warm process with all cores; rapidocr has its own settings, but for the line classifier, which is off in
both. What is read again (lone characters) is timed apart.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pymupdf
from PIL import Image
from rapidocr import RapidOCR

from caseloom.core.settings import Limits
from caseloom.evals.lab_sheets.layouts import TUNING
from caseloom.evals.lab_sheets.scans import worsened
from caseloom.evals.lab_sheets.write import make_document
from caseloom.evals.sections import machine, today, write_section
from caseloom.sources.document import read_pages
from caseloom.sources.ocr import LONE, levelled, read_lines, read_upright, skew_of

TITLE = "Scanned laboratory pages"
DPI = 200
REPEATS = 5


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description="Scanned laboratory pages read, beside rapidocr alone.")
    parser.add_argument("--pages", type=int, default=6)
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "scans.pdf"
        pictures = write_scans(path, chosen.pages)
        engine = RapidOCR(params={"Global.log_level": "critical", "Global.use_cls": False})
        engine(pictures[0])
        read_lines(pictures[0][:, :, 0])
        runs = [(seconds_of(lambda: read_pages(path, Limits())),
                 seconds_of(lambda: [engine(picture) for picture in pictures]),
                 *again_of([picture[:, :, 0] for picture in pictures])) for _ in range(REPEATS)]
        ours, theirs, again, lone = (median(run[part] for run in runs) for part in range(4))
    pages = len(pictures)
    lines = [f"Measured on {today()} by `benchmarks/lab_scans.py` ({machine()}): {pages} made-up pages scanned upright "
             f"with some skew and noise at {DPI} dots an inch, one document, medians of {REPEATS} in a warm process. "
             f"Load average {os.getloadavg()[0]:.1f} at the end.", "",
             "| what | s a page |", "|---|---|",
             f"| file to words with boxes, skew taken out | {ours / pages:.2f} |",
             f"| of it, {lone} lone characters read again | {again / pages:.2f} |",
             f"| rapidocr alone | {theirs / pages:.2f} |",
             f"| times as long, without what is read again | {(ours - again) / theirs:.2f} (goal 1.3) |"]
    sys.stdout.write("\n".join([f"## {TITLE}", "", *lines, ""]))
    if chosen.write:
        write_section(chosen.write, TITLE, lines)


def write_scans(path: Path, pages: int) -> list[np.ndarray]:
    """A document of scanned pages, and the picture of each as uint8 (rows, columns, 3)."""
    library: Any = pymupdf
    rng = random.Random(11)
    pictures = []
    with library.open() as made:
        for layout in TUNING[:pages]:
            with library.open("pdf", make_document(layout, 3, scan=False)[0]) as native:
                pixmap = native[0].get_pixmap(dpi=DPI, colorspace=library.csGRAY)
                sheet = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.stride)
                data = worsened(sheet[:, :pixmap.width], rng)
                made.new_page(width=native[0].rect.width, height=native[0].rect.height).insert_image(
                    native[0].rect, stream=data)
                pictures.append(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
        made.save(path)
    return pictures


def seconds_of(work: Any) -> float:
    """Seconds that something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def again_of(pictures: list[np.ndarray]) -> tuple[float, int]:
    """Seconds spent on reading lone characters again, and how many there are."""
    seconds, lone = 0.0, 0
    for picture in pictures:
        level = levelled(picture, skew_of(picture))
        lines = [line for line in read_lines(level) if line.stands and len(line.text) <= LONE]
        lone += len(lines)
        seconds += seconds_of(lambda lines=lines, level=level: [read_upright(line, level) for line in lines])
    return seconds, lone


if __name__ == "__main__":
    main()
