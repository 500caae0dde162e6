"""The verifier on sentences with planted errors and on true paraphrases, kind by kind, and the table of it.

    python -m caseloom.evals.verifier_accuracy [--suite "held out"] [--first] [--list] [--write docs/accuracy.md]

A mutated sentence counts as caught when the verifier does not let its text stand as supported; a true one as refused
when it does not stand exactly as written, supported. `--first` keeps the score as a suite's first run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ..agent.verify import verify
from ..core.report import Section, Sentence, SentenceKind, Support
from .sections import machine, today, write_section
from .verifier_suite import DATA, SUITES, TRUE, Told, read_suite

TITLE = "The verifier on planted errors and paraphrases"
FIRST = DATA / "verifier_first_run.json"
NOTES = {"third": "Of two cases of their own. Their writer knew the verifier's code."}
Score = dict[str, tuple[int, int]]
"""By kind: how many came out right (caught, or kept where true), and of how many."""


def stands(told: Told) -> bool:
    """Whether the verifier lets the sentence stand as written."""
    kind = (SentenceKind.COMPARISON if any(item.change for item in told.findings) else SentenceKind.FINDING)
    sentence = Sentence(text=told.text, evidence=tuple(place.id for place in told.evidence),
                        findings=tuple(item.id for item in told.findings), kind=kind, support=Support.SUPPORTED)
    sections, _ = verify([Section(title="Findings", sentences=(sentence,))], told.findings, told.evidence)
    return any(kept.text == told.text and kept.support == Support.SUPPORTED
               for section in sections for kept in section.sentences)


def failures(suite: Sequence[Told]) -> list[Told]:
    """Errors let through and true sentences refused."""
    return [told for told in suite if stands(told) != (told.kind == TRUE)]


def score(suite: Sequence[Told], wrong: Sequence[Told]) -> Score:
    """The score by kind, true sentences last."""
    kinds = sorted({told.kind for told in suite}, key=lambda kind: (kind == TRUE, kind))
    counts = {kind: sum(told.kind == kind for told in suite) for kind in kinds}
    return {kind: (count - sum(told.kind == kind for told in wrong), count) for kind, count in counts.items()}


def summary(points: Score) -> tuple[int, int, int, int]:
    """Errors caught, errors, true sentences refused, true sentences."""
    errors = [point for kind, point in points.items() if kind != TRUE]
    kept, true = points[TRUE]
    return sum(right for right, _ in errors), sum(count for _, count in errors), true - kept, true


def table_of(first: Score | None, last: Score) -> list[str]:
    """A line for each kind with both runs beside each other, and one for all errors."""
    lines = ["| kind | sentences | right, first run | right, last run |", "|---|---|---|---|"]
    for kind, (right, count) in last.items():
        before = first.get(kind) if first else None
        name = "true, kept as written" if kind == TRUE else kind.replace("_", " ")
        lines.append(f"| {name} | {count} | {f'{before[0]} of {before[1]}' if before else '–'} | {right} |")
    lines.append(f"| all errors | {summary(last)[1]} | {_caught(first) if first else '–'} | {_caught(last)} |")
    lines.append(f"| true, refused | {summary(last)[3]} | {_refused(first) if first else '–'} | {_refused(last)} |")
    return lines


def _caught(points: Score) -> str:
    caught, errors, _, _ = summary(points)
    return f"{caught} of {errors} ({100 * caught / errors:.1f} %)"


def _refused(points: Score) -> str:
    _, _, refused, true = summary(points)
    return f"{refused} of {true} ({100 * refused / true:.1f} %)"


def first_runs() -> dict[str, Score]:
    """The kept first-run scores by suite."""
    if not FIRST.exists():
        return {}
    kept = json.loads(FIRST.read_text(encoding="utf-8"))
    return {suite: {kind: (right, count) for kind, (right, count) in points.items()} for suite, points in kept.items()}


def keep_first(suite: str, points: Score) -> None:
    """Write a suite's first-run score; one that is kept already stays."""
    kept = {suite: points} | first_runs()
    FIRST.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def lines_of(points: dict[str, Score]) -> list[str]:
    """The section's lines for the scored suites."""
    lines = [f"Measured on {today()} by `evals/verifier_accuracy.py` ({machine()}). The sentences were written by hand "
             "from a list of errors, without sight of the verifier's code where nothing else is said; each cites "
             "made-up findings in the form the tools give. An error is caught when its sentence does not stand as "
             "supported; a true sentence is refused when it does not stand exactly as written. The first run is of the "
             "verifier as it was when the sentences were written; it was then improved by cause with the suite at "
             "hand.", ""]
    for suite, last in points.items():
        note = [NOTES[suite], ""] if suite in NOTES else []
        lines += [f"### {suite.capitalize()}", "", *note, *table_of(first_runs().get(suite), last), ""]
    return lines


def main() -> None:
    """Print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description="The verifier on planted errors and paraphrases.")
    parser.add_argument("--suite", choices=list(SUITES), nargs="+",
                        default=[suite for suite, name in SUITES.items() if (DATA / name).exists()])
    parser.add_argument("--first", action="store_true", help="keep the score as the first run")
    parser.add_argument("--list", action="store_true", help="list what came out wrong")
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    points = {}
    for suite in chosen.suite:
        told = read_suite(SUITES[suite])
        wrong = failures(told)
        points[suite] = score(told, wrong)
        if chosen.first:
            keep_first(suite, points[suite])
        if chosen.list:
            sys.stdout.writelines(f"{item.kind}: {item.text}\n" for item in wrong)
    lines = lines_of(points)
    sys.stdout.write("\n".join(["", f"## {TITLE}", "", *lines, ""]))
    if chosen.write:
        write_section(chosen.write, TITLE, lines)


if __name__ == "__main__":
    main()
