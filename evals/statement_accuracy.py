"""Findings that the statement scorer finds in chest film reports, against the indexing by people that comes with them.

    python -m caseloom.evals.statement_accuracy REPORTS [--errors FINDING] [--write docs/accuracy.md]

REPORTS is a folder of the XML files of Open-i's Indiana collection (Demner-Fushman et al., JAMIA 2016), or its archive
NLMCXR_reports.tgz. Each report carries headings that people chose for what it says is there, such as
"Pleural Effusion/left/moderate". Odd numbers are for tuning, even ones are scored alone.
"""

from __future__ import annotations

import argparse
import re
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import defusedxml.ElementTree

from .published.statements import statements_of
from .sections import machine, today, write_section

TITLE = "Statements of reports against indexing by people"
HELD_OUT, TUNING = "held out", "tuning"
FIRST_RUN = "0.835"
"""F1 of all findings on the half held out, the first time the rules met these reports."""
_SECTIONS = ("FINDINGS", "IMPRESSION")
_NOT_INDEXED = "No Indexing"
_THERE = ("present", "uncertain", "historical")
"""What people index: what may be there too, and old fractures."""
_HEADINGS: Mapping[str, str] = {
    "cardiomegaly": r"Cardiomegaly|(?:Cardiac Shadow|Heart)/enlarged",
    "pleural effusion": r"Pleural Effusion|Hydropneumothorax|Hemothorax",
    "pneumothorax": r"(?i:\w*pneumothorax)",
    "atelectasis": r"Pulmonary Atelectasis|Volume Loss",
    "edema": r"Pulmonary Edema|Pulmonary Congestion",
    "consolidation": r"Consolidation|Airspace Disease",
    "pneumonia": r"Pneumonia",
    "lung nodule": r"Nodule",
    "mass": r"Mass",
    "granuloma": r"Calcified Granuloma|Granuloma|Granulomatous Disease",
    "emphysema": r"(?:Pulmonary |Bullous )?Emphysema",
    "hyperinflation": r"Lung/hyperdistention",
    "hiatal hernia": r"Hernia, Hiatal",
    "tortuous aorta": r"Aorta(?:, Thoracic)?/(?:enlarged/)?tortuous",
    "pleural thickening": r"Thickening/pleura",
    "scoliosis": r"Scoliosis",
    "fracture": r"Fractures, Bone",
}
"""Headings, from their beginning, that mean a finding of the list; findings without a heading of their own are not
compared."""


@dataclass(frozen=True)
class Report:
    """One report.

    Args:
        number: in the collection.
        text: findings and impression.
        headings: chosen by people.
    """

    number: int
    text: str
    headings: tuple[str, ...]

    @property
    def part(self) -> str:
        """Whether it was looked at."""
        return TUNING if self.number % 2 else HELD_OUT

    def indexed(self, finding: str) -> list[str]:
        """Its headings of a finding."""
        pattern = re.compile(rf"(?:{_HEADINGS[finding]})(?:/|$)")
        return [heading for heading in self.headings if pattern.match(heading)]


@dataclass(frozen=True)
class Compared:
    """One finding in one report.

    Args:
        report: whose.
        finding: of the list.
        indexed: people gave it a heading.
        found: the text says that it is present, may be, or was.
        mentioned: the text names it at all.
        sides: by the headings, and by the text; where both name one.
    """

    report: Report
    finding: str
    indexed: bool
    found: bool
    mentioned: bool
    sides: tuple[str, str] | None


def reports_in(path: Path) -> Iterator[Report]:
    """The indexed reports with text of a folder or an archive."""
    for content in _contents(path):
        root = defusedxml.ElementTree.fromstring(content, forbid_dtd=True)
        texts = {part.get("Label"): part.text or "" for part in root.iter("AbstractText")}
        text = "\n\n".join(f"{label}: {texts[label]}" for label in _SECTIONS if texts.get(label))
        headings = tuple(item.text.strip() for item in root.iter("major") if item.text)
        number = root.find("uId")
        if text and headings and headings != (_NOT_INDEXED,) and number is not None:
            yield Report(int(number.get("id", "").removeprefix("CXR")), text, headings)


def _contents(path: Path) -> Iterator[bytes]:
    if path.is_dir():
        yield from (file.read_bytes() for file in sorted(path.rglob("*.xml")))
        return
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".xml") else None
            if file is not None:
                yield file.read()


def compare(report: Report) -> Iterator[Compared]:
    """Every finding that has headings, in one report."""
    told = statements_of(report.text)
    for finding in _HEADINGS:
        headings = report.indexed(finding)
        said = [one for one in told.get(finding, ()) if one.status in _THERE]
        sides = _side(_sides_of(headings)), _side(one.side for one in said)
        yield Compared(report, finding, bool(headings), bool(said), finding in told, sides if all(sides) else None)


def _sides_of(headings: Iterable[str]) -> Iterator[str]:
    for heading in headings:
        yield from (part for part in heading.split("/")[1:] if part in ("left", "right", "bilateral"))


def _side(sides: Iterable[str]) -> str:
    """The side that several statements together tell: left and right are bilateral; empty where none says one."""
    named = {side for side in sides if side}
    return "bilateral" if len(named) > 1 else next(iter(named), "")


def score_rows(compared: Sequence[Compared]) -> Iterator[tuple[str, ...]]:
    """Each finding, then all together: indexed, precision, recall and F1 of being there, precision of mere mention."""
    groups = {finding: [one for one in compared if one.finding == finding] for finding in _HEADINGS}
    for finding, own in [*groups.items(), ("all", list(compared))]:
        hits = sum(one.indexed and one.found for one in own)
        indexed, found, mentioned = (sum(getattr(one, name) for one in own) for name in (
            "indexed", "found", "mentioned"))
        named = sum(one.indexed and one.mentioned for one in own)
        sided = [one.sides[0] == one.sides[1] for one in own if one.sides]
        yield (finding, str(indexed), _share(hits, found), _share(hits, indexed), _share(2 * hits, found + indexed),
               _share(named, mentioned), f"{sum(sided)} of {len(sided)}" if sided else "–")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "–"


def section(compared: Sequence[Compared]) -> list[str]:
    """Lines of the section."""
    lines = [
        f"Measured on {today()} by `evals/statement_accuracy.py` ({machine()}) on the reports of Open-i's Indiana "
        "collection (Demner-Fushman et al., JAMIA 2016): whether `evals/published/statements.py` finds as present, "
        "uncertain or past what people indexed. Half of the reports (odd numbers) served for tuning, the others were "
        f"looked at by the score alone; on the first run it was {FIRST_RUN} for all findings of that half. The "
        "indexing is no exact truth: people chose headings for the whole report, not always every one, and seldom for "
        "what only may be there. `mention` is the precision of taking every mention for a finding, whatever is said of "
        "it; `side` compares sides where heading and text give one.", ""]
    for part in (HELD_OUT, TUNING):
        own = [one for one in compared if one.report.part == part]
        number = len({one.report.number for one in own})
        lines += [f"### {number} reports, {part}", "",
                  "| finding | indexed | precision | recall | F1 | mention | side |", "|---|---|---|---|---|---|---|",
                  *("| " + " | ".join(row) + " |" for row in score_rows(own)), ""]
    return lines


def _show_errors(compared: Sequence[Compared], finding: str) -> None:
    for one in compared:
        if one.finding == finding and one.report.part == TUNING and one.indexed != one.found:
            sys.stdout.write(f"{'missed' if one.indexed else 'too much'} in {one.report.number}: "
                             f"{one.report.indexed(finding)}\n  {one.report.text}\n")


def main() -> None:
    """Compare every report, print the tables, write them where wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", type=Path)
    parser.add_argument("--errors", choices=list(_HEADINGS), help="print what differs in the tuning half")
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    compared = [one for report in reports_in(chosen.reports) for one in compare(report)]
    if chosen.errors:
        _show_errors(compared, chosen.errors)
        return
    lines = section(compared)
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.write:
        write_section(chosen.write, TITLE, lines)


if __name__ == "__main__":
    main()
