"""Commands that look at files: the demo, what is there, a whole review, one tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import (
    Adapters,
    AsJson,
    CasePath,
    Download,
    ModelName,
    Patient,
    PlainHttp,
    Question,
    ReaderName,
    Record,
    adapter_folders,
)

NOTHING_USABLE = 3
"""Exit code; the document printed before says what was refused and why."""
NO_READER = 4
"""Exit code where a model was asked and never answered; the document printed before holds what was measured."""


def demo(out: Annotated[Path, typer.Option(help="Where the case and its report are written.")] = Path("demo")) -> None:
    """Make the shipped synthetic case, review it, and say where the report lies."""
    from ..agent.door import review_case
    from ..phantoms import write_demo
    from .progress import watching
    from .show import say

    say(f"Writing the synthetic case to {out / 'case'} …")
    case = write_demo(out)
    with watching() as watch:
        review_case(case, out=out, watch=watch)
    typer.echo(f"Report: {(out / 'report.html').resolve()}")


def inspect(path: CasePath, as_json: AsJson = False) -> None:
    """Say what every file is, what would read it, and what is refused and why."""
    from ..agent.door import inspect_case
    from .show import print_json, show_inspection

    inspection = inspect_case(path)
    print_json(inspection) if as_json else show_inspection(inspection)


def review(case: CasePath, patient: Patient = None,
           out: Annotated[Path | None, typer.Option(help="Folder for the report in all its forms.")] = None,
           reader: ReaderName = "measure", model: ModelName = None, question: Question = None,
           fresh: Annotated[bool, typer.Option("--fresh", help="Start over, forget what was done.")] = False,
           adapter: Adapters = None, download: Download = False, allow_plain_http: PlainHttp = False,
           record: Record = None,
           as_json: AsJson = False) -> None:
    """Review a whole case into a draft report."""
    from ..agent.door import report_folder, review_case
    from .progress import watching
    from .show import print_json, show_report

    with watching() as watch:
        report = review_case(case, patient=patient, out=out, reader=reader, model=model, question=question,
                             fresh=fresh, adapters=adapter_folders(adapter), download=download,
                             allow_plain_http=allow_plain_http, record=record, watch=watch)
    print_json(report) if as_json else show_report(report, out or report_folder(report))
    _leave(usable=bool(report.findings), answered=report.model_answered)


def run(tool: Annotated[str, typer.Argument(
            metavar="TOOL", help="volume, pathology, localization, comparison, labs or records.")],
        paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders; PRIOR CURRENT for "
                                                                           "comparison.")],
        question: Question = None, reader: ReaderName = "measure", model: ModelName = None,
        adapter: Adapters = None, download: Download = False, allow_plain_http: PlainHttp = False,
        record: Record = None,
        out: Annotated[Path | None, typer.Option(help="Folder for overlays and files for other programs.")] = None,
        query: Annotated[str | None, typer.Option(metavar="TEXT", help="Slides: what to look for, such as 'dense "
                                                                       "nuclei'.")] = None,
        like: Annotated[str | None, typer.Option(metavar="X,Y,WIDTH,HEIGHT", help="Slides: find regions like this "
                                                                                 "place (level-0 pixels).")] = None,
        embedder: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Slides: a SigLIP or CLIP checkpoint to "
                                                                             "search with.")] = None,
        as_json: AsJson = False) -> None:
    """Run one tool on files or folders."""
    from ..agent.door import run_tool
    from .show import print_json, show_result

    result = run_tool(tool, list(paths), question=question, reader=reader, model=model,
                      adapters=adapter_folders(adapter), download=download, allow_plain_http=allow_plain_http,
                      record=record, out=out, query=query, like=_place(like), embedder=embedder)
    print_json(result) if as_json else show_result(result)
    _leave(usable=bool(result.findings or result.evidence), answered=result.model_answered)


def _leave(*, usable: bool, answered: bool | None) -> None:
    if answered is False:
        from .show import say

        say("The model gave no answer; what stands was measured. The notes say why, and the same command asks again.")
        raise typer.Exit(NO_READER)
    if not usable:
        raise typer.Exit(NOTHING_USABLE)


def _place(text: str | None) -> list[int] | None:
    """X,Y,WIDTH,HEIGHT as numbers.

    Raises:
        UsageError: it is no such text.
    """
    from ..core.errors import UsageError

    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise UsageError("--like takes X,Y,WIDTH,HEIGHT in level-0 pixels, as in --like 1200,800,450,450") from error
