"""Laboratory extraction on made-up documents with exact truth, layout by layout, and the table of it.

    python -m caseloom.evals.lab_accuracy [--seeds 21 22 25] [--scan-seeds 31] [--write docs/accuracy.md]

The layouts called held out were never looked into while the extraction was written; their seeds are their own too.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .lab_score import agrees
from .lab_sheets.write import SETS, write_documents
from .labs import predict
from .sections import machine, today, write_section

TITLE = "Laboratory documents made with exact truth"
Row = dict[str, Any]


@dataclass(frozen=True)
class Score:
    """One document against its truth. `false` are results without the mark `indeterminate` that no row bears out;
    `strange` are results given to another person than most of their own."""

    layout: str
    rows: int
    f1: float
    false: int
    coded: int
    coded_right: int
    strange: int


def score(truth: dict[str, Any], findings: Sequence[Row]) -> Score:
    """One document's score; earlier results that carry their own date are neither right nor wrong.

    Args:
        truth: as `lab_sheets.write` gives it.
        findings: as `labs.predict` gives them.
    """
    left = list(findings)
    pairs: list[tuple[Row, Row]] = []
    for row in truth["results"]:
        fitting = [item for item in left if agrees(row, item)]
        if fitting:
            best = max(fitting, key=lambda item: closeness(row, item))
            left.remove(best)
            pairs.append((row, best))
    left = [item for item in left if not any(agrees(row, item) and same_day(row, item)
                                             for row in truth["previous_results"])]
    owners = Counter((row["patient"], item["patient"]) for row, item in pairs)
    usual = {person: max((count, given) for (whose, given), count in owners.items() if whose == person)[1]
             for person, _ in owners}
    coded = [(row, item) for row, item in pairs if item["code"]]
    total = len(truth["results"]) + len(pairs) + len(left)
    return Score(layout=truth["layout"], rows=len(truth["results"]), f1=2 * len(pairs) / total if total else 1.0,
                 false=sum(item["status"] != "indeterminate" for item in left), coded=len(coded),
                 coded_right=sum(item["code"]["code"] == row["loinc"] for row, item in coded),
                 strange=sum(item["patient"] != usual[row["patient"]] for row, item in pairs))


def closeness(row: Row, finding: Row) -> tuple[bool, bool]:
    """How well a finding that fits a row fits it: date, page."""
    return same_day(row, finding), any(place.get("page") == row["page"] for place in finding["evidence"])


def same_day(row: Row, finding: Row) -> bool:
    """Whether both are of one day."""
    return bool(row["collected_at"][:10] == (finding["date"] or "")[:10])


def scores_of(which: str, seeds: list[int], *, scan: bool) -> list[Score]:
    """Write a set's documents, read them, score them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_documents(which, folder / "made", seeds, scan=scan)
        scores = []
        for path in sorted((folder / "made").glob("*.truth.json")):
            truth = json.loads(path.read_text(encoding="utf-8"))
            found = predict(path.with_name(truth["document"]), folder / "cache")
            scores.append(score(truth, found["findings"]))
        return scores


def table_of(kinds: dict[str, list[Score]]) -> list[str]:
    """One table for a set: a line for each layout, then all together, native and scanned apart."""
    lines = ["| layout | " + " | ".join(f"{kind}: F1 | false" for kind in kinds) + " |",
             "|---|" + "---|---|" * len(kinds)]
    names = list(dict.fromkeys(item.layout for scores in kinds.values() for item in scores))
    for name in [*names, "all"]:
        cells = []
        for scores in kinds.values():
            own = [item for item in scores if name in ("all", item.layout)]
            cells += [f"{np.mean([item.f1 for item in own]):.3f}", str(sum(item.false for item in own))]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    for kind, scores in kinds.items():
        given, right = sum(item.coded for item in scores), sum(item.coded_right for item in scores)
        lines.append(f"| {kind}: {len(scores)} documents, {sum(item.rows for item in scores)} results; LOINC right in "
                     f"{right} of {given} given; results of another person: {sum(i.strange for i in scores)} "
                     + "| " * (2 * len(kinds)) + "|")
    return lines


def main() -> None:
    """Print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description="Laboratory extraction on made-up documents.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 25])
    parser.add_argument("--scan-seeds", type=int, nargs="*", default=[31])
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    lines = [f"Measured on {today()} by `evals/lab_accuracy.py` ({machine()}): macro F1 over documents of name (or "
             "LOINC), value and unit together. `false`: results not marked indeterminate that the page does not "
             "bear out. Every fifth seed makes a document about two people.", ""]
    for which in SETS:
        kinds = {"native": scores_of(which, chosen.seeds, scan=False)}
        if chosen.scan_seeds:
            kinds["scanned"] = scores_of(which, chosen.scan_seeds, scan=True)
        heading = "Layouts used for tuning" if which == "tuning" else "Layouts held out"
        lines += [f"### {heading}", "", *table_of(kinds), ""]
    sys.stdout.write("\n".join(["", f"## {TITLE}", "", *lines, ""]))
    if chosen.write:
        write_section(chosen.write, TITLE, lines)


if __name__ == "__main__":
    main()
