"""How results look on a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from rich.console import Console

    from ..agent.training import TrainingSet
    from ..core.finding import Finding
    from ..core.report import Report, TimelineEvent
    from ..core.result import ToolResult
    from ..memory.audit import Entry
    from ..memory.timeline import Hit
    from ..sources.inspect import Inspection
    from .doctor import Diagnosis


MATCHES = {"": "Timeline", "words": "Holds the words", "opposite": "Holds the words, and says the opposite",
           "meaning": "Does not hold the words, only lies near in meaning (proves nothing)"}
"""How events are headed, by why a search found them."""
MOST_NEAR = 5
DIGEST = 64
"""Characters of a SHA-256."""


def print_json(document: BaseModel | Mapping[str, Any]) -> None:
    """One JSON document on stdout."""
    import sys

    plain = _plain(document)
    sys.stdout.write(json.dumps(plain, ensure_ascii=False, indent=2) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def say(line: str) -> None:
    """A line for the person at the terminal, on stderr."""
    _console(stderr=True).print(line, highlight=False, markup=False, soft_wrap=True)


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr)


def _table(title: str, *columns: str) -> Any:
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _row(table: Any, *cells: str | None) -> None:
    """Add a row whose cells are shown as they are: text from files is never markup."""
    from rich.text import Text

    table.add_row(*(Text(cell or "") for cell in cells))


def show_inspection(inspection: Inspection) -> None:
    """What every file is, and who is in the folder."""
    table = _table("Files", "file", "kind", "patient", "read by", "refused")
    for entry in inspection.files:
        _row(table, entry.file, entry.kind, entry.patient, entry.reader,
             f"{entry.code}: {entry.reason}" if entry.code else "")
    _console().print(table)


def show_report(report: Report, folder: Path) -> None:
    """What the report holds, and where it lies."""
    console = _console()
    console.print(f"{report.status.upper()}: {len(report.findings)} findings, {len(report.evidence)} pieces of "
                  f"evidence, {len(report.not_read)} files not read", highlight=False)
    if report.answer is not None:
        console.print(report.answer.text, markup=False, highlight=False)
    console.print(f"Report: {(folder / 'report.html').resolve()}", markup=False, highlight=False, soft_wrap=True)


def show_result(result: ToolResult) -> None:
    """Findings, refusals and warnings of one tool."""
    console = _console()
    read = any(item.is_read for item in result.findings)
    several = len({item.patient for item in result.findings}) > 1
    table = _table(f"{result.tool} ({result.reader})", "id", "finding", "site", "value", "status",
                   *(["by"] if read else []), "date", *(["patient"] if several else []), "evidence")
    for item in result.findings:
        _row(table, item.id, item.name, item.site or item.laterality, _value(item), item.status,
             *([item.reader] if read else []), item.date, *([item.patient] if several else []),
             ", ".join(item.evidence))
    console.print(table)
    for refusal in result.refused:
        console.print(f"not read: {refusal.file}: {refusal.reason} [{refusal.code}]", markup=False, highlight=False)
    for warning in result.warnings:
        console.print(f"note: {warning}", markup=False, highlight=False)
    if result.answer is not None:
        console.print(result.answer.text, markup=False, highlight=False)


def _value(finding: Finding) -> str:
    """The value, or for a change what it was and what it is."""
    from ..report.wording import number_text, value_text, with_unit

    change = finding.change
    if change is not None and change.from_ is not None and change.to is not None:
        unit = finding.value.unit if finding.value else None
        days = f" over {change.interval_days} days" if change.interval_days is not None else ""
        return f"{change.direction} from {number_text(change.from_)} to {with_unit(number_text(change.to), unit)}{days}"
    value = finding.value
    return "" if value is None else " ".join(part for part in (value_text(value), value.flag) if part)


def with_match(hit: Hit) -> dict[str, Any]:
    """An event as JSON; where something was searched for, with why it was found."""
    return {**_plain(hit.event), **({"match": hit.match.value} if hit.match is not None else {})}


def show_hits(hits: Sequence[Hit]) -> None:
    """Events that were found, apart by why: those that hold the words, those that say the opposite, and a few that only
    lie near in meaning."""
    for match, title in MATCHES.items():
        events = [hit.event for hit in hits if (hit.match.value if hit.match is not None else "") == match]
        if events:
            show_timeline(events[:MOST_NEAR] if match == "meaning" else events, title)
        if match == "meaning" and events[MOST_NEAR:]:
            say(f"{len(events) - MOST_NEAR} more lie near in meaning; --json lists them.")


def show_timeline(events: Sequence[TimelineEvent], title: str = "Timeline") -> None:
    """Events as they come, a new line for each, the day only where it changes."""
    console = _console()
    console.print(f"{title}, {len(events)} event{'' if len(events) == 1 else 's'}", highlight=False, style="italic")
    table = _table("", "date", "kind", "what", "evidence")
    before = ""
    for event in events:
        day = (event.occurred_at or "undated")[:10]
        corrected = " (a correction)" if event.supersedes else ""
        _row(table, "" if day == before else day, event.kind, event.text + corrected, _few(event.evidence))
        before = day
    console.print(table)


def _few(ids: Sequence[str], most: int = 3) -> str:
    return ", ".join([*ids[:most], *([f"+{len(ids) - most}"] if len(ids) > most else [])])


def show_exported(folder: Path, files: Sequence[str], left_out: Sequence[str]) -> None:
    """Where the files lie, and what a form could not hold."""
    console = _console()
    console.print(f"{len(files)} files in {folder.resolve()}:", highlight=False, markup=False, soft_wrap=True)
    for name in files:
        console.print(f"  {name}", highlight=False, markup=False, soft_wrap=True)
    for line in left_out:
        console.print(f"left out: {line}", highlight=False, markup=False, soft_wrap=True)


def show_training(done: TrainingSet) -> None:
    """How many pairs were written where, what made none, and what to know before using them."""
    console = _console()
    counted = ", ".join(f"{count} of {recipe}" for recipe, count in done.pairs.items())
    told = f"{done.count} pairs ({counted}) in {done.folder.resolve()}" if done.count else "No pair was written."
    notes = done.notes if done.count else []
    for line in (told, *(f"left out: {line}" for line in done.left_out), *notes):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def show_trail(entries: Sequence[Entry]) -> None:
    """The audit trail, one line an entry: number, UTC, account, action, case, and what else is kept."""
    console = _console()
    for entry in entries:
        about = "; ".join(f"{key.removesuffix('_sha256')} {_brief(value)}" for key, value in entry.about.items())
        console.print(f"{entry.number:>4}  {entry.at[:19].replace('T', ' ')}  {entry.account}  {entry.action}  case "
                      f"{entry.case[:12]}  {about}", highlight=False, markup=False, soft_wrap=True)


def _brief(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)[:12] if isinstance(value, str) and len(value) == DIGEST else str(value)


def show_diagnosis(diagnosis: Diagnosis) -> None:
    """What was looked at, and what is to be done."""
    table = _table(f"Caseloom {diagnosis.version}", "", "part", "found")
    for part in diagnosis.parts:
        _row(table, part.health, part.name, part.found)
    _console().print(table)
    for part in diagnosis.parts:
        if part.advice:
            _console().print(f"{part.name}: {part.advice}", markup=False, highlight=False, soft_wrap=True)
