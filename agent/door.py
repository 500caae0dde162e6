"""The functions behind every door: review a case, run one tool, open a case, ask a question."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from ..core.case import Case
from ..core.errors import UsageError
from ..core.report import Report
from ..core.result import ToolResult
from ..memory.home import Home
from ..readers.choose import choose_reader
from ..report.write import write_report
from ..sources import open as cases
from ..sources.inspect import Inspection, inspect
from ..tools.catalogue import toolbox
from .opened import AnyPath, ReaderOptions, reader_choice, review_run, settings_here
from .run import Watcher
from .single import Wish, run_on_paths
from .talk import ask, open_chat, timeline, timeline_found

__all__ = ["ask", "inspect_case", "open_case", "open_chat", "reader_choice", "report_folder", "review_case", "run_tool",
           "timeline", "timeline_found"]


def open_case(path: AnyPath, *, patient: str | None = None) -> Case:
    """Discover, identify and sort the files of a case without reading what they show.

    Args:
        path: a folder or a .zip.
        patient: whose case it is, where the files name several people.

    Raises:
        InputError: nothing usable, or several patients and none named.
        UsageError: no such path, a bad case.yaml, or a patient that is not there.
    """
    settings = settings_here()
    return cases.open_case(Path(path), settings=settings, key=Home(settings.home).key(), patient=patient)


def review_case(case: AnyPath, *, patient: str | None = None, out: AnyPath | None = None, question: str | None = None,
                fresh: bool = False, watch: Watcher | None = None, tools: Mapping[str, Any] | None = None,
                **who: Unpack[ReaderOptions]) -> Report:
    """Review a whole case: the draft report with all its evidence.

    A review that was interrupted goes on where it stopped; one that is finished is not done again.

    Args:
        case: a folder or a .zip.
        patient: whose case it is, where the files name several people.
        out: folder for report.json, .md, .html, .pdf, fhir.json and overlays/; the run's own folder has them anyway.
        question: what the report should answer.
        fresh: start over.
        watch: called with every step's start and end.
        tools: of one's own in place of shipped ones or beside them, by name, or None to leave one out; see
            `tools.catalogue.toolbox`. The report names them.
        who: who reads, by keyword (`reader`, `model`, `adapters` ...); see `opened.reader_choice`.

    Raises:
        InputError, UsageError, ReaderUnavailable, StoreError: one line says what to do.
    """
    if out is not None:
        _check_out(Path(out), Path(case))
    chosen = reader_choice(**who)
    with review_run(case, patient, chosen, question, tools) as run:
        # A recording holds what a model is asked, so nothing that was answered before is taken over.
        report = run.go(question, fresh=fresh or chosen.record is not None, watch=watch)
        if out is not None:
            write_report(report, Path(out), run.review.home.run_folder(report.case.id) / "overlays")
    return report


def run_tool(tool: str, paths: AnyPath | Sequence[AnyPath], *, question: str | None = None,
             out: AnyPath | None = None, query: str | None = None, like: Sequence[int] | None = None,
             embedder: AnyPath | None = None, tools: Mapping[str, Any] | None = None,
             **who: Unpack[ReaderOptions]) -> ToolResult:
    """Run one tool on files or folders, without a case.

    Args:
        tool: volume, pathology, localization, comparison, labs or records.
        paths: one path or several; `comparison` takes the prior and the current study.
        question: for tools that answer one.
        out: folder for overlays, result.json and, of slides, GeoJSON; without it nothing is written.
        query: what to look for on slides, in words.
        like: a place on the slide to find others like, (x, y, width, height) in level-0 pixels.
        embedder: folder of a SigLIP or CLIP checkpoint that slides are searched with.
        tools: of one's own, as `review_case` takes them.
        who: who reads, by keyword (`reader`, `model`, `adapters` ...); see `opened.reader_choice`.

    Returns:
        Findings and evidence under short ids; what could not be used is in `refused`.

    Raises:
        UsageError: an unknown tool, a missing path, the wrong number of paths, a search that cannot be meant.
        ReaderUnavailable: the reader cannot be used here.
    """
    given = [Path(paths)] if isinstance(paths, str | os.PathLike) else [Path(path) for path in paths]
    settings = settings_here()
    if out is not None:
        for path in given:
            _check_out(Path(out), path)
    chosen = reader_choice(**who)
    wish = Wish(question, query, _place(like), Path(embedder) if embedder is not None else None, toolbox(tools))
    result = run_on_paths(tool, given, wish=wish, reader=choose_reader(chosen, Home(settings.home).cache),
                          settings=settings, out=Path(out) if out is not None else None)
    if out is not None:
        (Path(out) / "result.json").write_text(result.model_dump_json(by_alias=True, indent=2), encoding="utf-8")
    return result


def _place(like: Sequence[int] | None) -> tuple[int, int, int, int] | None:
    if like is None:
        return None
    if len(like) != 4 or not all(isinstance(number, int) for number in like) or min(like[2:]) < 1:
        raise UsageError("like takes four whole numbers in level-0 pixels: x, y, width and height, both above 0")
    x, y, width, height = like
    return x, y, width, height


def inspect_case(path: AnyPath) -> Inspection:
    """What every file is, which tool would read it, and what is refused and why; several patients are no error.

    Args:
        path: a folder, a .zip or a file.

    Raises:
        UsageError: no such path, or a bad case.yaml.
        NothingUsable: a damaged or oversized archive.
    """
    settings = settings_here()
    Home(settings.home)
    return inspect(Path(path), settings)


def report_folder(report: Report) -> Path:
    """Where a review without `out` wrote its report."""
    return Home(settings_here().home).run_folder(report.case.id)


def _check_out(out: Path, case: Path) -> None:
    """Refuse, before any work, a folder for results that cannot be used.

    Raises:
        UsageError: it lies in the case, which is never written to, or cannot be made or written.
    """
    if case.is_dir() and out.resolve().is_relative_to(case.resolve()):
        raise UsageError(f"{out} lies in the case, which is never written to; choose another folder for --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out} cannot be used for results ({error.strerror}); choose another folder") from error
    if not os.access(out, os.W_OK):
        raise UsageError(f"{out} is not writable; choose another folder for --out")
