"""Write made-up laboratory documents with their truth.

    python -m caseloom.evals.lab_sheets.write tuning|held-out FOLDER [--seeds 1 2 3] [--scans]

Tuning and held-out documents differ in layouts and in seeds; nobody looks into the held-out ones.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

from .content import make_report
from .draw import Drawing
from .layouts import HELD_OUT, TUNING, Layout
from .scans import scanned

SETS: dict[str, tuple[tuple[Layout, ...], int]] = {"tuning": (TUNING, 1000), "held-out": (HELD_OUT, 500_000)}
_TWO_PEOPLE, _TURNED = 5, 7
"""Every fifth document is about two people; every seventh is turned as a whole."""


def make_document(layout: Layout, seed: int, *, scan: bool) -> tuple[bytes, dict[str, Any]]:
    """A PDF and its truth, in the form of the published lab truth files."""
    rng = random.Random(f"{layout.name} {seed}")  # noqa: S311 — a seeded drawing, no secret
    people = 2 if seed % _TWO_PEOPLE == 0 else 1
    drawings = []
    for _ in range(people):
        drawing = Drawing(make_report(layout, rng), layout, rng)
        drawing.draw()
        drawings.append(drawing)
    first = drawings[0]
    rows, previous, pages = list(first.rows), list(first.previous), first.sheet.page
    for other in drawings[1:]:
        first.sheet.append(other.sheet)
        rows += [row | {"page": row["page"] + pages} for row in other.rows]
        previous += [row | {"page": row["page"] + pages} for row in other.previous]
        pages += other.sheet.page
    if seed % _TURNED == 0 and not scan:
        first.sheet.turned(rng.choice((90, 180, 270)))
    data = first.sheet.to_bytes()
    truth = {"document": "", "set": "made", "layout": layout.name, "kind": "scan" if scan else "native",
             "features": [], "pages": pages, "results": rows, "previous_results": previous,
             "patients": [{"id": d.report.person.id, "name": d.report.person.name} for d in drawings]}
    return (scanned(data, rng.randrange(2**31)) if scan else data), truth


def write_documents(which: str, folder: Path, seeds: list[int], *, scan: bool) -> None:
    """Write `<layout>-<seed>.pdf` and `<layout>-<seed>.truth.json` for every layout of a set and every seed."""
    folder.mkdir(parents=True, exist_ok=True)
    layouts, offset = SETS[which]
    for layout in layouts:
        for seed in seeds:
            data, truth = make_document(layout, offset + seed, scan=scan)
            stem = f"{layout.name.replace(' ', '_')}-{seed}{'-scan' if scan else ''}"
            (folder / f"{stem}.pdf").write_bytes(data)
            text = json.dumps(truth | {"document": f"{stem}.pdf"}, indent=1, ensure_ascii=False)
            (folder / f"{stem}.truth.json").write_text(text, encoding="utf-8")


def main() -> None:
    """Read the arguments and write."""
    parser = argparse.ArgumentParser(description="Made-up laboratory documents with their truth.")
    parser.add_argument("which", choices=tuple(SETS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 5, 7])
    parser.add_argument("--scans", action="store_true")
    chosen = parser.parse_args()
    write_documents(chosen.which, chosen.folder, chosen.seeds, scan=chosen.scans)


if __name__ == "__main__":
    main()
