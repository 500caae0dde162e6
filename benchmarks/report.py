"""Seconds to compose, verify and render a report, without its PDF, by number of findings.

    python benchmarks/report.py [--write docs/performance.md]

The findings are the demo case's, repeated on earlier and earlier days.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from caseloom.agent.compose import compose
from caseloom.agent.door import open_case, review_case
from caseloom.agent.verify import verify
from caseloom.core.case import Case
from caseloom.core.report import Report
from caseloom.evals.sections import machine, today, write_section
from caseloom.phantoms import write_demo
from caseloom.report.fhir import bundle_of
from caseloom.report.html import html_of
from caseloom.report.markdown import markdown_of
from caseloom.report.view import view_of
from caseloom.report.write import json_of, load_pictures

TITLE = "A report composed, verified and rendered"
COUNTS = (500, 1000, 2000)
REPEATS = 5
GOAL_S = 3.0
STEPS = ("compose", "verify", "render")


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help="also put the section into this Markdown file")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CASELOOM_HOME"] = f"{folder}/home"
        demo = write_demo(Path(folder) / "demo")
        report = review_case(demo, out=Path(folder) / "out")
        case, pictures = open_case(demo), load_pictures(report, Path(folder) / "out" / "overlays")
        rows = {count: measure(case, repeated(report, count), pictures) for count in COUNTS}
    lines = section(rows)
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.write:
        write_section(chosen.write, TITLE, lines)


def repeated(report: Report, count: int) -> Report:
    """A report with `count` findings: those of `report`, each copy 30 days before the last."""
    findings, evidence = [], []
    for copy in range(-(-count // len(report.findings))):
        back, names = timedelta(days=30 * copy), {}
        for item in report.evidence:
            names[item.id] = f"E{len(evidence) + 1}"
            evidence.append(item.model_copy(update={"id": names[item.id], "date": earlier(item.date, back)}))
        for item in report.findings:
            change = item.change.model_copy(update={"prior_evidence": tuple(
                names[key] for key in item.change.prior_evidence)}) if item.change else None
            findings.append(item.model_copy(update={
                "id": f"F{len(findings) + 1}", "date": earlier(item.date, back), "change": change,
                "evidence": tuple(names[key] for key in item.evidence)}))
    return report.model_copy(update={"findings": tuple(findings[:count]), "evidence": tuple(evidence)})


def earlier(moment: str | None, back: timedelta) -> str | None:
    """An ISO date so much earlier; what is no whole date stays."""
    if moment is None or len(moment) < len("2025-01-01"):
        return moment
    return str(date.fromisoformat(moment[:10]) - back) + moment[10:]


def measure(case: Case, report: Report, pictures: dict[str, bytes]) -> dict[str, float]:
    """Median seconds of each step."""
    seconds: dict[str, list[float]] = {step: [] for step in STEPS}
    for _ in range(REPEATS):
        taken, sections = timed(lambda: compose(case, report.findings, report.evidence, report.reader))
        seconds["compose"].append(taken)
        taken, (sections, _) = timed(lambda s=sections: verify(s, report.findings, report.evidence))
        seconds["verify"].append(taken)
        whole = report.model_copy(update={"sections": sections})
        seconds["render"].append(timed(lambda w=whole: render(w, pictures))[0])
    return {step: statistics.median(times) for step, times in seconds.items()}


def render(report: Report, pictures: dict[str, bytes]) -> int:
    """Characters of JSON, Markdown, HTML and FHIR."""
    view = view_of(report)
    return sum(map(len, (json_of(report), markdown_of(view), html_of(view, pictures), bundle_of(report))))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Wall-clock seconds, and what came of it."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def section(rows: dict[int, dict[str, float]]) -> list[str]:
    """The lines of the table, with machine and date."""
    head = " | ".join(STEPS)
    return [
        f"Measured on {today()} by `benchmarks/report.py`: {machine()}; load average {os.getloadavg()[0]:.1f}.",
        f"Wall-clock seconds, medians of {REPEATS}; rendered are JSON, Markdown, HTML with its pictures, and FHIR. "
        f"Goal: {GOAL_S:.0f} s for 500 findings, and linear.", "",
        f"| findings | {head} | all | ms a finding |", f"|---|{'---|' * len(STEPS)}---|---|",
        *[f"| {count:,} | {' | '.join(f'{row[step]:.2f}' for step in STEPS)} | {sum(row.values()):.2f} | "
          f"{1000 * sum(row.values()) / count:.1f} |" for count, row in rows.items()]]


if __name__ == "__main__":
    main()
