"""The tools against known truth: the generated demo, and real sample data where it is at hand.

    python -m caseloom.evals.accuracy [--data ../shared/data] [--write docs/accuracy.md]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..agent.door import review_case, run_tool
from ..core.boxes import Box, iou
from ..core.evidence import ImageBox, SlideRegion
from ..core.finding import Category, Finding
from ..core.report import Report
from ..phantoms import write_demo
from .lab_score import f1
from .labs import SUFFIXES
from .sections import machine, today, write_section
from .volume_accuracy import phantom_rows, real_rows

Row = tuple[str, str, str]


def main() -> None:
    """Print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description="The tools against known truth.")
    parser.add_argument("--data", type=Path, help="folder of real sample data")
    parser.add_argument("--write", type=Path, help="also write the tables to this file")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["CASELOOM_HOME"] = f"{scratch}/home"
        tables = {"The demo case against its truth": demo_rows(Path(scratch) / "demo"),
                  "Generated chests": list(phantom_rows(Path(scratch)))}
        if chosen.data:
            tables["Real sample data"] = [*real_rows(chosen.data), *lab_rows(chosen.data)]
    said = f"Measured on {today()} by `evals/accuracy.py` ({machine()}), with the reader `measure`."
    for title, rows in tables.items():
        lines = [said, "", "| what | measured | truth or goal |", "|---|---|---|",
                 *(f"| {' | '.join(row)} |" for row in rows)]
        sys.stdout.write("\n".join([f"## {title}", "", *lines, "", ""]))
        if chosen.write:
            write_section(chosen.write, title, lines)


def demo_rows(folder: Path) -> list[Row]:
    """Every measurement of the demo's report beside the phantom's truth."""
    case = write_demo(folder)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    report = review_case(case)
    return [*_ct_rows(report, truth), *_film_rows(report, truth), *_slide_rows(report, truth),
            *_document_rows(report, truth)]


def _ct_rows(report: Report, truth: dict[str, Any]) -> Iterator[Row]:
    for study in (item for item in truth["studies"] if item["modality"] == "CT"):
        for side in ("right", "left"):
            found = _one(report, "Lung volume", study["date"], side)
            yield f"CT {study['date']}, {side} lung (mL)", _number(found), f"{study['lung_ml'][side]:.0f}"
        for nodule in study["nodules"]:
            found = _one(report, "Pulmonary nodule candidate", study["date"], nodule["side"])
            yield f"CT {study['date']}, nodule, {nodule['side']} (mm)", _number(found), f"{nodule['diameter_mm']:g}"


def _film_rows(report: Report, truth: dict[str, Any]) -> Iterator[Row]:
    boxes = {item.id: item.locator.box for item in report.evidence if isinstance(item.locator, ImageBox)}
    for study in (item for item in truth["studies"] if item["modality"] == "DX"):
        ratio = _one(report, "Cardiothoracic ratio", study["date"], None)
        yield f"Film {study['date']}, cardiothoracic ratio", _number(ratio), f"{study['cardiothoracic_ratio']:.2f}"
        for side in ("right", "left"):
            lung = _one(report, f"{side.capitalize()} lung", study["date"], side)
            yield (f"Film {study['date']}, box of the {side} lung (IoU)", _overlap(lung, boxes,
                   tuple(study["lung_boxes_px"][side])), "1")


def _slide_rows(report: Report, truth: dict[str, Any]) -> Iterator[Row]:
    places = {item.id: item.locator for item in report.evidence if isinstance(item.locator, SlideRegion)}
    regions = [item for item in report.findings if item.name == "Region of high nuclear density"]
    first = max(regions, key=lambda item: item.number or 0.0)
    place, planted = places[first.evidence[0]], truth["slide"]["region_px"]
    x, y = place.x + place.width / 2 - planted["x"], place.y + place.height / 2 - planted["y"]
    inside = 0 <= x <= planted["width"] and 0 <= y <= planted["height"]
    yield "Slide, densest region", "in the planted one" if inside else "elsewhere", "in the planted one"


def _document_rows(report: Report, truth: dict[str, Any]) -> Iterator[Row]:
    files = {item.id: item.source.file for item in report.evidence}
    for document in truth["labs"]:
        found = [item.model_dump() for item in report.findings if item.category is Category.LAB
                 and files[item.evidence[0]] == document["file"]]
        kind = "scanned" if document["scanned"] else "native"
        score = f1(document["results"], found)
        yield f"Lab report, {kind}, F1 of {len(document['results'])} results", f"{score:.3f}", "1"


def _one(report: Report, name: str, date: str, side: str | None) -> Finding | None:
    """The measurement of that name, date and side; None when the tool gave none."""
    return next((item for item in report.findings if item.name == name and (item.date or "")[:10] == date
                 and item.laterality == side and item.category is not Category.CHANGE), None)


def _number(finding: Finding | None) -> str:
    return "not found" if finding is None or finding.number is None else f"{finding.number:g}"


def _overlap(finding: Finding | None, boxes: dict[str, Box], truth: Box) -> str:
    if finding is None:
        return "not found"
    return f"{max(iou(boxes[key], truth) for key in finding.evidence if key in boxes):.3f}"


def lab_rows(data: Path) -> Iterator[Row]:
    """Macro F1 over documents of name, value and unit together, native and scanned apart."""
    scores: dict[str, list[float]] = {"native": [], "scanned": []}
    for path in sorted((data / "lab_series").glob("*.truth.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        document = path.with_name(truth["document"])
        if document.suffix.lower() in SUFFIXES:
            found = [item.model_dump() for item in run_tool("labs", document).findings]
            printed = [*truth["results"], *truth.get("previous_results", [])]
            scores["native" if truth["kind"] == "native" else "scanned"].append(f1(printed, found))
    for kind, each in scores.items():
        yield f"Lab reports, {kind}, macro F1 over {len(each)} documents", f"{np.mean(each):.3f}", "1"


if __name__ == "__main__":
    main()
