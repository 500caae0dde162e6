"""Questions about records answered by rules, against answers taken from the resources themselves.

    python -m caseloom.evals.ehr_accuracy BUNDLE... [--write docs/accuracy.md]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from ..agent.door import run_tool
from ..core.result import Answer, AnswerStatus
from ..tools.records.questions import answer_question
from .ehr_questions import NOT_IN_RECORD, Question, questions_of
from .sections import machine, today, write_section

TITLE = "Questions about health records"


def is_right(question: Question, answer: Answer) -> bool:
    """Whether an answer says what the record says, and cites something where it says anything."""
    if question.expected == NOT_IN_RECORD:
        return answer.status is AnswerStatus.NOT_IN_CASE
    value = answer.value
    if answer.status is not AnswerStatus.ANSWERED or value is None or not answer.evidence:
        return False
    if isinstance(question.expected, float):
        return value.number is not None and math.isclose(value.number, question.expected, rel_tol=1e-9)
    if isinstance(question.expected, frozenset):
        return frozenset((value.text or "").split("; ")) == question.expected
    if question.category in ("immunisation date", "medication date"):
        return (value.date or "")[:10] == question.expected
    return value.text == question.expected


def asked(bundle: Path) -> list[tuple[Question, Answer]]:
    """Every question about one bundle with its answer."""
    result = run_tool("records", bundle)
    questions = questions_of(json.loads(bundle.read_text(encoding="utf-8")))
    return [(question, answer_question(question.text, result.findings, result.evidence)) for question in questions]


def table_of(pairs: list[tuple[Question, Answer]]) -> list[str]:
    """A line for each category, then the mean of the categories."""
    right: dict[str, list[bool]] = defaultdict(list)
    for question, answer in pairs:
        right[question.category].append(is_right(question, answer))
    lines = ["| category | right | questions | accuracy |", "|---|---|---|---|"]
    lines += [f"| {name} | {sum(each)} | {len(each)} | {sum(each) / len(each):.3f} |" for name, each in right.items()]
    mean = sum(sum(each) / len(each) for each in right.values()) / len(right)
    every = [one for each in right.values() for one in each]
    return [*lines, f"| mean of the categories | {sum(every)} | {len(every)} | {mean:.3f} |"]


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description="Questions about records.")
    parser.add_argument("bundles", type=Path, nargs="+")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--errors", action="store_true", help="list wrong answers")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["CASELOOM_HOME"] = scratch
        pairs = [pair for bundle in chosen.bundles for pair in asked(bundle)]
    if chosen.errors:
        for question, answer in pairs:
            if not is_right(question, answer):
                sys.stdout.write(f"{question.text} | {question.expected} | {answer.status} {answer.text[:200]}\n")
    lines = [f"Measured on {today()} by `evals/ehr_accuracy.py` ({machine()}) on {len(chosen.bundles)} bundles, "
             "without a model: questions in the ten categories of EHRQA, made from the resources by "
             "`evals/ehr_questions.py`, which shares no code with what answers them.", "", *table_of(pairs)]
    sys.stdout.write("\n".join([f"## {TITLE}", "", *lines, ""]))
    if chosen.write:
        write_section(chosen.write, TITLE, lines)


if __name__ == "__main__":
    main()
