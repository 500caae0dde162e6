"""The command line: every command calls a public function and shows what it gives back.

Nothing heavy is imported before a command runs, so that `--help` and `--version` answer at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from ..core.forms import form_names

app = typer.Typer(name="caseloom", add_completion=False, pretty_exceptions_enable=False,
                  help="Review a patient's case: volumes, films, slides, lab PDFs and records in one draft report. "
                       "Not a medical device.")

NOTHING_USABLE = 3
"""Exit code; the document printed before says what was refused and why."""
NO_READER = 4
"""Exit code where a model was asked and never answered; the document printed before holds what was measured."""

CasePath = Annotated[Path, typer.Argument(metavar="CASE", help="A folder of files as they come, or a .zip.")]
Patient = Annotated[str | None, typer.Option(help="Whose case it is, where the files name several people.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
ReaderName = Annotated[str, typer.Option("--reader", help="measure (interprets nothing), medgemma, a server's URL, the "
                                                          "folder of a checkpoint, or a recording (.jsonl).")]
ModelName = Annotated[str | None, typer.Option("--model", help="Hub id or folder for medgemma; a server's model name.")]
Adapters = Annotated[list[str] | None, typer.Option("--adapter", metavar="TOOL=FOLDER",
                                                    help="LoRA adapter that a tool reads with; may be repeated.")]
Download = Annotated[bool, typer.Option("--download", help="Allow weights to be fetched; else only local files count.")]
PlainHttp = Annotated[bool, typer.Option("--allow-plain-http", help="Send pictures over plain http to another host.")]
Record = Annotated[Path | None, typer.Option("--record", metavar="FILE", help="Also write the model's answers to this "
                                                                              ".jsonl; --reader FILE plays it.")]
Question = Annotated[str | None, typer.Option(help="A question that the result should answer.")]
PersonName = Annotated[str, typer.Option("--name", help="Your name, as the report shall show it.")]
DateText = Annotated[str | None, typer.Option(metavar="DATE", help="ISO date, such as 2025-03-04.")]


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
         debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; may stand anywhere.")] = False) -> None:
    """Review a patient's case."""
    if version:
        typer.echo(f"caseloom {__version__}")
        raise typer.Exit


@app.command()
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


@app.command()
def inspect(path: CasePath, as_json: AsJson = False) -> None:
    """Say what every file is, what would read it, and what is refused and why."""
    from ..agent.door import inspect_case
    from .show import print_json, show_inspection

    inspection = inspect_case(path)
    print_json(inspection) if as_json else show_inspection(inspection)


@app.command()
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
                             fresh=fresh, adapters=_adapters(adapter), download=download,
                             allow_plain_http=allow_plain_http, record=record, watch=watch)
    print_json(report) if as_json else show_report(report, out or report_folder(report))
    _leave(usable=bool(report.findings), answered=report.model_answered)


@app.command()
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
                      adapters=_adapters(adapter), download=download, allow_plain_http=allow_plain_http, record=record,
                      out=out, query=query, like=_place(like), embedder=embedder)
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


def _adapters(given: list[str] | None) -> dict[str, Path]:
    """TOOL=FOLDER pairs by tool.

    Raises:
        UsageError: one is no such pair, or a tool stands twice.
    """
    from ..core.errors import UsageError

    pairs = [text.partition("=") for text in given or ()]
    folders = {tool: Path(folder) for tool, _, folder in pairs}
    if len(folders) != len(pairs) or not all(tool and folder for tool, _, folder in pairs):
        raise UsageError("--adapter takes TOOL=FOLDER, each tool once, as in --adapter volume=my-adapter")
    return folders


@app.command()
def chat(case: CasePath, patient: Patient = None,
         ask: Annotated[str | None, typer.Option(metavar="Q", help="One question; without it a chat opens.")] = None,
         reader: ReaderName = "measure", model: ModelName = None, adapter: Adapters = None, download: Download = False,
         allow_plain_http: PlainHttp = False, as_json: AsJson = False) -> None:
    """Ask about a case; reviews it first if that was not done."""
    from ..agent.door import ask as asked
    from ..agent.door import open_chat, reader_choice
    from .chat import asked as put
    from .chat import converse, say_answer
    from .progress import watching
    from .show import print_json

    chosen = reader_choice(reader=reader, model=model, adapters=_adapters(adapter), download=download,
                           allow_plain_http=allow_plain_http)
    if as_json and ask is None:
        raise typer.BadParameter("--json wants a question: give it with --ask")
    if ask is not None and not ask.strip():
        raise typer.BadParameter("--ask wants a question, and this one is empty")
    with watching() as watch:
        if ask is not None and reader != "measure":
            answer = asked(case, ask, patient=patient, reader=reader, model=model, adapters=_adapters(adapter),
                           download=download, allow_plain_http=allow_plain_http)
            chat_of = None
        else:
            chat_of = open_chat(case, patient=patient, reader=chosen, keep=ask is None, watch=watch)
    if chat_of is not None and ask is None:
        converse(chat_of)
        return
    if chat_of is not None:
        answer = put(chat_of, ask or "")
    print_json(answer) if as_json else say_answer(answer)


@app.command()
def timeline(case: CasePath, patient: Patient = None,
             search: Annotated[str | None, typer.Option(help="Words to look for.")] = None, as_of: DateText = None,
             since: DateText = None, until: DateText = None,
             kind: Annotated[str | None, typer.Option(help="lab, record, study, measurement, observation or change."
                                                      )] = None,
             site: Annotated[str | None, typer.Option(help="Body site, such as 'right lung'.")] = None,
             analyte: Annotated[str | None, typer.Option(help="Name or code of what was measured.")] = None,
             history: Annotated[bool, typer.Option("--history", help="Also what was corrected since.")] = False,
             as_json: AsJson = False) -> None:
    """Show the patient's timeline; reviews the case first if that was not done."""
    from ..agent.door import timeline_found
    from ..memory.query import Query
    from .progress import watching
    from .show import print_json, say, show_hits, with_match

    query = Query(as_of=as_of, between=(since or "", until or "") if since or until else None, kind=kind, site=site,
                  analyte=analyte, history=history)
    with watching() as watch:
        found = timeline_found(case, patient=patient, search=search, query=query, watch=watch)
    print_json({"events": [*map(with_match, found.hits)]}) if as_json else show_hits(found.hits)
    if found.none:
        say(found.none)


@app.command()
def sign(case: CasePath, name: PersonName,
         reject: Annotated[str | None, typer.Option(metavar="REASON", help="Reject the draft instead.")] = None,
         addendum: Annotated[str | None, typer.Option(metavar="TEXT", help="Add to a report that is signed.")] = None,
         patient: Patient = None, as_json: AsJson = False) -> None:
    """Sign the draft of a reviewed case, reject it, or add to a signed report."""
    from ..agent.decide import add_addendum, reject_case, sign_case, unsupported
    from ..agent.door import report_folder
    from .show import print_json, say, show_report

    if reject is not None and addendum is not None:
        raise typer.BadParameter("--reject and --addendum cannot be meant at once")
    if reject is not None:
        report = reject_case(case, name=name, reason=reject, patient=patient)
    elif addendum is not None:
        report = add_addendum(case, addendum, name=name, patient=patient)
    else:
        report = sign_case(case, name=name, patient=patient)
        if doubtful := unsupported(report):
            say(f"Of what you signed, {doubtful} sentence{'' if doubtful == 1 else 's'} "
                f"{'is' if doubtful == 1 else 'are'} not supported by the findings, and marked [unsupported].")
    print_json(report) if as_json else show_report(report, report_folder(report))


@app.command()
def edit(case: CasePath, name: PersonName,
         at: Annotated[str, typer.Option(metavar="PLACE", help="s-2-3: third sentence of the second section.")],
         text: Annotated[str | None, typer.Option(help="What it shall say.")] = None,
         remove: Annotated[bool, typer.Option("--remove", help="Take the sentence out.")] = False,
         patient: Patient = None, as_json: AsJson = False) -> None:
    """Change one sentence of a draft; the new words are checked against the findings that the sentence cites."""
    from ..agent.decide import edit_case
    from ..agent.door import report_folder
    from .show import print_json, say, show_report

    if (text is None) != remove:
        raise typer.BadParameter("give the new words with --text, or --remove to take the sentence out")
    report = edit_case(case, {at: text}, name=name, patient=patient)
    if objection := report.edits[-1].objection:
        say(f"The new words are not supported by the findings: {objection}. They stay, marked.")
    print_json(report) if as_json else show_report(report, report_folder(report))


@app.command()
def audit(case: Annotated[Path | None, typer.Argument(metavar="[CASE]", help="Only this case's entries.")] = None,
          verify: Annotated[bool, typer.Option("--verify", help="Only say whether the trail holds, and the copies of "
                                                                "what was decided.")] = False,
          patient: Patient = None, as_json: AsJson = False) -> None:
    """Show who did what to which report, once the whole trail was found to hold."""
    from ..agent.decide import audit_trail, verify_trail
    from .show import print_json, show_trail

    entries = verify_trail(case, patient=patient) if verify else audit_trail(case, patient=patient)
    if as_json:
        print_json({"holds": True, "entries": len(entries)} if verify else {"entries": entries})
    elif verify:
        typer.echo(f"The audit trail holds: {len(entries)} entries.")
    else:
        show_trail(entries)


@app.command(name="export")
def export_report(case: CasePath,
                  form: Annotated[list[str], typer.Option("--format", metavar="F",
                                                          help=f"{form_names()}; may be repeated.")],
                  out: Annotated[Path, typer.Option(help="Folder for the files.")],
                  patient: Patient = None, as_json: AsJson = False) -> None:
    """Write the report of a reviewed case in the forms that other systems read."""
    from ..agent.handover import export_case
    from .show import print_json, show_exported

    done = export_case(case, form, out, patient=patient)
    files = [str(file.relative_to(out)) for file in done.files]
    print_json({"files": files, "left_out": done.left_out}) if as_json else show_exported(out, files, done.left_out)
    if not files:
        raise typer.Exit(NOTHING_USABLE)


def main() -> None:
    """Run the command line; every foreseen error is one line on stderr and its own exit code."""
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    from .entry import leave, run_app

    leave(run_app(app, arguments, debug=debug))
