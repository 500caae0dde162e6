"""The functions behind every door: review a case, run one tool, open a case, ask a question."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.case import Case
from ..core.errors import UsageError
from ..core.moments import is_date
from ..core.report import Report, Signature, TimelineEvent
from ..core.result import Answer, AnswerStatus, ToolResult
from ..core.settings import Settings
from ..memory.home import Home
from ..memory.patch_index import PatchIndex
from ..memory.query import Query
from ..memory.timeline import open_timeline
from ..readers.choose import ReaderChoice, choose_reader
from ..readers.earlier import EarlierReader
from ..readers.measure import MeasureReader
from ..readers.protocol import Reader
from ..report.write import write_report
from ..sources import open as cases
from ..sources.inspect import Inspection, inspect
from ..tools.blanking import people_of
from ..tools.catalogue import all_tools
from .chat.context import ChatContext
from .chat.history import History
from .chat.reader_model import ReaderChatModel
from .chat.rules_model import RulesChatModel
from .chat.session import Chat
from .chat.shelf import Shelf
from .events import as_cited
from .nodes import Review, content_digest
from .run import ReviewRun, Watcher, latest_of, open_run
from .single import Wish, run_on_paths
from .state import Verdict

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

AnyPath = str | os.PathLike[str]
MEASURE = "measure"


def open_case(path: AnyPath, *, patient: str | None = None) -> Case:
    """Discover, identify and sort the files of a case without reading what they show.

    Args:
        path: a folder or a .zip.
        patient: whose case it is, where the files name several people.

    Raises:
        InputError: nothing usable, or several patients and none named.
        UsageError: no such path, a bad case.yaml, or a patient that is not there.
    """
    settings = _settings()
    return cases.open_case(Path(path), settings=settings, key=Home(settings.home).key(), patient=patient)


def review_case(case: AnyPath, *, patient: str | None = None, out: AnyPath | None = None, reader: str = "measure",
                model: str | None = None, question: str | None = None, fresh: bool = False,
                adapters: Mapping[str, AnyPath] | None = None, download: bool = False,
                allow_plain_http: bool = False, record: AnyPath | None = None, watch: Watcher | None = None) -> Report:
    """Review a whole case: the draft report with all its evidence.

    A review that was interrupted goes on where it stopped; one that is finished is not done again.

    Args:
        case: a folder or a .zip.
        patient: whose case it is, where the files name several people.
        out: folder for report.json, .md, .html, .pdf, fhir.json and overlays/; the run's own folder has them anyway.
        reader: `measure`, `medgemma`, a server's URL, the folder of a checkpoint, or a recording (.jsonl).
        model: for `medgemma` a hub id or folder, for a server the name of its model.
        question: what the report should answer.
        fresh: start over.
        adapters: folders of LoRA adapters, by the tool that reads with them.
        download: allow a model's weights to be fetched; without it only local files are used.
        allow_plain_http: send pictures over plain http to a server that is not this machine.
        record: file (.jsonl) that every answer of the model is also written to, to be played again.
        watch: called with every step's start and end.

    Raises:
        InputError, UsageError, ReaderUnavailable, StoreError: one line says what to do.
    """
    if out is not None:
        _check_out(Path(out), Path(case))
    chosen = reader_choice(reader, model, adapters, download=download, allow_plain_http=allow_plain_http,
                     record=record)
    with _run(case, patient, chosen, question) as run:
        # A recording holds what a model is asked, so nothing that was answered before is taken over.
        report = run.go(question, fresh=fresh or record is not None, watch=watch)
        if out is not None:
            write_report(report, Path(out), run.review.home.run_folder(report.case.id) / "overlays")
    return report


def run_tool(tool: str, paths: AnyPath | Sequence[AnyPath], *, question: str | None = None, reader: str = "measure",
             model: str | None = None, adapters: Mapping[str, AnyPath] | None = None, download: bool = False,
             allow_plain_http: bool = False, record: AnyPath | None = None, out: AnyPath | None = None,
             query: str | None = None, like: Sequence[int] | None = None,
             embedder: AnyPath | None = None) -> ToolResult:
    """Run one tool on files or folders, without a case.

    Args:
        tool: volume, pathology, localization, comparison, labs or records.
        paths: one path or several; `comparison` takes the prior and the current study.
        question: for tools that answer one.
        reader: `measure`, `medgemma`, a server's URL, the folder of a checkpoint, or a recording (.jsonl).
        model: for `medgemma` a hub id or folder, for a server the name of its model.
        adapters: folders of LoRA adapters, by the tool that reads with them.
        download: allow a model's weights to be fetched; without it only local files are used.
        allow_plain_http: send pictures over plain http to a server that is not this machine.
        record: file (.jsonl) that every answer of the model is also written to, to be played again.
        out: folder for overlays, result.json and, of slides, GeoJSON; without it nothing is written.
        query: what to look for on slides, in words.
        like: a place on the slide to find others like, (x, y, width, height) in level-0 pixels.
        embedder: folder of a SigLIP or CLIP checkpoint that slides are searched with.

    Returns:
        Findings and evidence under short ids; what could not be used is in `refused`.

    Raises:
        UsageError: an unknown tool, a missing path, the wrong number of paths, a search that cannot be meant.
        ReaderUnavailable: the reader cannot be used here.
    """
    given = [Path(paths)] if isinstance(paths, str | os.PathLike) else [Path(path) for path in paths]
    settings = _settings()
    if out is not None:
        for path in given:
            _check_out(Path(out), path)
    chosen = reader_choice(reader, model, adapters, download=download, allow_plain_http=allow_plain_http,
                     record=record)
    wish = Wish(question, query, _place(like), Path(embedder) if embedder is not None else None)
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
    settings = _settings()
    Home(settings.home)
    return inspect(Path(path), settings)


def report_folder(report: Report) -> Path:
    """Where a review without `out` wrote its report."""
    return Home(_settings().home).run_folder(report.case.id)


def ask(case: AnyPath, question: str, *, patient: str | None = None, reader: str = "measure",
        model: str | None = None, adapters: Mapping[str, AnyPath] | None = None, download: bool = False,
        allow_plain_http: bool = False, record: AnyPath | None = None) -> Answer:
    """Answer a question about a case from its findings; the case is reviewed first if that was not done, so the reader
    must be fit to write a report.

    Args:
        case: a folder or a .zip.
        question: in words.
        patient: whose case it is, where the files name several people.
        reader: `measure`, `medgemma`, a server's URL, the folder of a checkpoint, or a recording (.jsonl).
        model: for `medgemma` a hub id or folder, for a server the name of its model.
        adapters: folders of LoRA adapters, by the tool that reads with them.
        download: allow a model's weights to be fetched; without it only local files are used.
        allow_plain_http: send pictures over plain http to a server that is not this machine.
        record: file (.jsonl) that every answer of the model is also written to, to be played again.
    """
    chosen = reader_choice(reader, model, adapters, download=download, allow_plain_http=allow_plain_http, record=record)
    if choose_reader(chosen, Home(_settings().home).cache).identity.interprets:
        # A model is put the question while it reviews the images; what they do not answer is chatted about.
        with _run(case, patient, chosen, question) as run:
            said = run.go(question, fresh=record is not None, latest=False).answer
        if said is not None and said.status is AnswerStatus.ANSWERED:
            return said
    return open_chat(case, patient=patient, reader=chosen, keep=False).ask(question)


def open_chat(case: AnyPath, *, patient: str | None = None, reader: ReaderChoice | None = None,
              chat_model: BaseChatModel | None = None, keep: bool = True, watch: Watcher | None = None) -> Chat:
    """A chat about a case; the case is reviewed first if that was not done.

    Args:
        case: a folder or a .zip.
        patient: whose case it is, where the files name several people.
        reader: who reviews, and drives the chat where it interprets; without one nothing is interpreted.
        chat_model: any LangChain chat model with native tool calls, to drive the chat in place of the reader.
        keep: go on from earlier questions about the case, and keep the new ones.
        watch: called with every step's start and end of a review that is needed first.
    """
    settings = _settings()
    home = Home(settings.home)
    with _run(case, patient, reader or ReaderChoice(MEASURE), None) as run:
        report = run.finish(watch=watch)
        state, review = run.state(), run.review
    file = home.path / "chats" / f"{report.case.id}.jsonl"
    history = History(file if keep else None)
    context = ChatContext(
        case=state["case"], report=report, results=tuple(state.get("results", [])),
        timeline=open_timeline(home, report.case.patient, settings), tools=review.tools,
        tool_context=review.context(state["case"]), folder=home.run_folder(report.case.id),
        open_index=lambda slide, made_by: PatchIndex(home, slide, made_by),
        shelf=Shelf(report.evidence, (item for turn in history.turns() for item in turn.answer.evidence)))
    driver = chat_model or (ReaderChatModel(reader=review.reader, scope=report.case.patient, people=people_of(
        state["case"].patient, (who for one in state["case"].files for who in one.identities)))
        if review.reader.identity.interprets else RulesChatModel(context=context))
    return Chat(context=context, model=driver, history=history)


def timeline(case: AnyPath, *, patient: str | None = None, search: str | None = None, query: Query | None = None,
             as_of: str | None = None, watch: Watcher | None = None) -> list[TimelineEvent]:
    """The patient's timeline from the store; the case is reviewed first if that was not done.

    Args:
        case: a folder or a .zip.
        patient: whose case it is, where the files name several people.
        search: words to look for.
        query: restrictions to dates, kind, body site, analyte; and whether corrected events are shown.
        as_of: ISO date; only what was known then.
        watch: called with every step's start and end of a review that is needed first.

    Returns:
        Events of this case cite its report's evidence (E1, ...); those of other cases keep their own ids.

    Raises:
        UsageError: a date is none.
    """
    asked = query or Query()
    if as_of is not None:
        asked = replace(asked, as_of=as_of)
    for date in (asked.as_of, *(asked.between or ())):
        if date and not is_date(date):
            raise UsageError(f"{date!r} is not a date; write it as 2025, 2025-03 or 2025-03-04")
    with _latest_run(case, patient) as run:
        report = run.finish(watch=watch)
    settings = _settings()
    store = open_timeline(Home(settings.home), report.case.patient, settings)
    found = [hit.event for hit in store.hits(search, asked)] if search else store.matching(asked)
    return as_cited(found, report)


def sign_case(case: AnyPath, *, name: str, patient: str | None = None) -> Report:
    """Sign the latest draft of a reviewed case; the account of the caller is recorded beside the name.

    Raises:
        UsageError: the name is empty, or the case has no draft that waits for a decision.
    """
    if not name.strip():
        raise UsageError("a signature needs a name: give yours with --name")
    with _latest_run(case, patient) as run:
        signature = Signature(name=name, account=_account(), signed_at=datetime.now(UTC).isoformat(timespec="seconds"),
                              content_sha256=content_digest(run.report()))
        return run.decide(Verdict(approve=True, signature=signature))


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


def _account() -> str:
    """The operating system's name of the caller; the bare number where it has none."""
    try:
        return getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def reader_choice(reader: str, model: str | None, adapters: Mapping[str, AnyPath] | None = None, *,
                  download: bool = False, allow_plain_http: bool = False, record: AnyPath | None = None
                  ) -> ReaderChoice:
    """Who reads, from what a caller names.

    Raises:
        UsageError: an adapter is given for no tool, or its folder is not there.
    """
    folders = {tool: Path(folder) for tool, folder in (adapters or {}).items()}
    tools = (*all_tools(), "comparison")
    for tool, folder in folders.items():
        if tool not in tools:
            raise UsageError(f"an adapter is given for {tool!r}, which is no tool; the tools are {', '.join(tools)}")
        if not folder.is_dir():
            raise UsageError(f"the adapter of {tool!r}: there is no folder {folder}")
    return ReaderChoice(reader, model, folders, download=download, allow_plain_http=allow_plain_http,
                        record=Path(record) if record is not None else None)


@contextmanager
def _run(case: AnyPath, patient: str | None, reader: ReaderChoice, question: str | None) -> Iterator[ReviewRun]:
    settings = _settings()
    review = _review(case, patient, choose_reader(reader, Home(settings.home).cache), settings)
    with open_run(review, question) as run:
        yield run


@contextmanager
def _latest_run(case: AnyPath, patient: str | None) -> Iterator[ReviewRun]:
    """The latest review of the case, whoever read it; one that only measures where there was none."""
    review = _review(case, patient, MeasureReader(), _settings())
    latest = latest_of(review)
    question = latest.question if latest else None
    with open_run(replace(review, reader=EarlierReader(latest.identity)) if latest else review, question) as run:
        yield run


def _review(case: AnyPath, patient: str | None, reader: Reader, settings: Settings) -> Review:
    home = Home(settings.home)
    return Review(path=cases.existing(Path(case)), patient=patient, settings=settings, home=home, reader=reader,
                  tools=all_tools(), results=home.results)


def _settings() -> Settings:
    return Settings.from_environment(os.environ)
