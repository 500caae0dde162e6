"""Questions about a case and its timeline: both from a review, which is done first where it was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from ..core.errors import UsageError
from ..core.moments import is_date, spoken
from ..core.report import Report, TimelineEvent
from ..core.result import Answer, AnswerStatus
from ..core.settings import Settings
from ..memory.home import Home
from ..memory.patch_index import PatchIndex
from ..memory.query import Query
from ..memory.timeline import Hit, open_timeline
from ..readers.choose import ReaderChoice, choose_reader
from ..tools.blanking import people_of
from ..tools.records.matching import Fit, fit, is_of_another
from .asked import of_case
from .chat.context import ChatContext
from .chat.history import History
from .chat.lookups import asked_for
from .chat.reader_model import ReaderChatModel
from .chat.rules_model import RulesChatModel
from .chat.session import Chat
from .chat.shelf import Shelf
from .chat.wording import plain
from .events import as_cited
from .opened import (
    MEASURE,
    AnyPath,
    ReaderOptions,
    latest_run,
    reader_choice,
    review_run,
    reviewed_run,
    settings_here,
)
from .run import ReviewRun, Watcher

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


def ask(case: AnyPath, question: str, *, patient: str | None = None, **who: Unpack[ReaderOptions]) -> Answer:
    """Answer a question about a case from its findings; the case is reviewed first if that was not done, so the reader
    must be fit to write a report.

    Args:
        case: a folder or a .zip.
        question: in words.
        patient: whose case it is, where the files name several people.
        who: who reads, by keyword (`reader`, `model`, `adapters` ...); see `opened.reader_choice`.
    """
    chosen = reader_choice(**who)
    if choose_reader(chosen, Home(settings_here().home).cache).identity.interprets:
        # A model is put the question while it reviews the images; what they do not answer is chatted about.
        with review_run(case, patient, chosen, question) as run:
            said = run.go(question, fresh=chosen.record is not None, latest=False).answer
        if said is not None and said.status is AnswerStatus.ANSWERED:
            return said
    return of_case(question, open_chat(case, patient=patient, reader=chosen, keep=False))


def open_chat(case: AnyPath, *, patient: str | None = None, reader: ReaderChoice | None = None,
              chat_model: BaseChatModel | None = None, keep: bool = True, watch: Watcher | None = None,
              tools: Mapping[str, Any] | None = None) -> Chat:
    """A chat about a case; the case is reviewed first if that was not done.

    Args:
        case: a folder or a .zip.
        patient: whose case it is, where the files name several people.
        reader: who reviews, and drives the chat where it interprets; without one nothing is interpreted.
        chat_model: any LangChain chat model with native tool calls, to drive the chat in place of the reader.
        keep: go on from earlier questions about the case, and keep the new ones. Evidence that an answer adds to the
            report's is kept either way, so that it can be opened later.
        watch: called with every step's start and end of a review that is needed first.
        tools: by name, in place of Caseloom's own; see `review_case`.
    """
    with review_run(case, patient, reader or ReaderChoice(MEASURE), None, tools) as run:
        run.finish(watch=watch)
        return _chat_on(run, chat_model, keep=keep)


def reopen_chat(case: AnyPath, *, patient: str | None = None, reader: ReaderChoice) -> Chat:
    """A chat about a case on its latest review, which this reader made; nothing is reviewed for it.

    Args:
        case: a folder or a .zip.
        patient: whose case it is, where the files name several people.
        reader: who reviewed the case.

    Raises:
        UsageError: the case was not reviewed in its present state, or another reader did it last.
    """
    with reviewed_run(case, patient, reader) as run:
        return _chat_on(run, None, keep=True)


def history_of(report: Report, *, keep: bool = True) -> History:
    """What was asked and answered about the case of a report.

    Args:
        report: of the case.
        keep: take up and keep what is asked; else the history begins empty, and is gone with its chat.
    """
    return History(_chats(settings_here()) / f"{report.case.id}.jsonl" if keep else None)


def _chat_on(run: ReviewRun, chat_model: BaseChatModel | None, *, keep: bool) -> Chat:
    report, state, review, settings = run.report(), run.state(), run.review, settings_here()
    home = review.home
    context = ChatContext(
        case=state["case"], report=report, results=tuple(state.get("results", [])),
        timeline=open_timeline(home, report.case.patient, settings), tools=review.tools,
        comparison=review.comparison, tool_context=review.context(state["case"]),
        folder=home.run_folder(report.case.id), open_index=lambda slide, made_by: PatchIndex(home, slide, made_by),
        shelf=Shelf(report.evidence, _chats(settings) / f"{report.case.id}.evidence.jsonl"))
    driver = chat_model or (ReaderChatModel(reader=review.reader, scope=report.case.patient, people=people_of(
        state["case"].patient, (who for one in state["case"].files for who in one.identities)))
        if review.reader.identity.interprets else RulesChatModel(context=context))
    return Chat(context=context, model=driver, history=history_of(report, keep=keep))


def _chats(settings: Settings) -> Path:
    return settings.home / "chats"


@dataclass(frozen=True)
class Found:
    """What a look at the timeline gave.

    Args:
        hits: the events, and why a search found each.
        none: one line that says why there are none; empty where there are some.
    """

    hits: tuple[Hit, ...]
    none: str


def timeline(case: AnyPath, *, patient: str | None = None, search: str | None = None, query: Query | None = None,
             watch: Watcher | None = None) -> list[TimelineEvent]:
    """The patient's timeline from the store; the case is reviewed first if that was not done.

    Args:
        case: a folder or a .zip.
        patient: whose case it is, where the files name several people.
        search: words to look for.
        query: restrictions to dates, what was known by one, kind, body site, analyte; and whether corrected events
            are shown.
        watch: called with every step's start and end of a review that is needed first.

    Returns:
        Events of this case cite its report's evidence (E1, ...); those of other cases keep their own ids.

    Raises:
        UsageError: a date is none, or a span ends before it begins.
    """
    return [hit.event for hit in timeline_found(case, patient=patient, search=search, query=query, watch=watch).hits]


def timeline_found(case: AnyPath, *, patient: str | None = None, search: str | None = None, query: Query | None = None,
                   watch: Watcher | None = None) -> Found:
    """The same events, each with why a search found it; where there are none, what the timeline does hold."""
    asked = _checked(query or Query())
    with latest_run(case, patient) as run:
        report = run.finish(watch=watch)
    return found_in(report, search, asked)


def found_in(report: Report, search: str | None, query: Query) -> Found:
    """What the timeline of a report's patient holds; nothing is reviewed for it.

    Args:
        report: whose patient is meant; events of its case cite its evidence.
        search: words to look for.
        query: restrictions, as `timeline` takes them.

    Raises:
        UsageError: a date is none, or a span ends before it begins.
    """
    asked, settings = _checked(query), settings_here()
    store = open_timeline(Home(settings.home), report.case.patient, settings)
    asked = _by_name(asked, store.matching(Query())) if asked.analyte else asked
    hits = store.hits(search, asked) if search else [Hit(event, None) for event in store.matching(asked)]
    events = as_cited((hit.event for hit in hits), report)
    none = "" if hits else _none(search or "", query, store.matching(Query()))
    return Found(tuple(Hit(event, hit.match) for event, hit in zip(events, hits, strict=True)), none)


def _by_name(asked: Query, held: Sequence[TimelineEvent]) -> Query:
    """The query for the names and codes that answer to its analyte, as they answer in a chat: `Hb` is hemoglobin, and
    hemoglobin is not the HbA1c; for its words where none does."""
    wanted = plain(asked.analyte or "")
    names = {event.analyte for event in held if event.analyte}
    codes = {event.code for event in held if event.code and event.code.casefold() == wanted}
    fitting = {name for name in names if not is_of_another(wanted, name) and fit(wanted, (name,))[0] is not Fit.NONE}
    found = frozenset(codes or fitting)
    return replace(asked, analyte=None, named=found) if found else replace(asked, analyte=wanted)


def _checked(asked: Query) -> Query:
    for date in (asked.as_of, *(asked.between or ())):
        if date and not is_date(date):
            raise UsageError(f"{date!r} is not a date; write it as 2025, 2025-03 or 2025-03-04")
    first, last = asked.between or ("", "")
    if first and last and first[:len(last)] > last[:len(first)]:
        raise UsageError(f"the span ends before it begins: {first} to {last}")
    return asked


def _none(search: str, asked: Query, held: Sequence[TimelineEvent]) -> str:
    """What was asked for and is not there, beside what is."""
    dates = [event.occurred_at[:10] for event in held if event.occurred_at]
    span = f", {spoken(min(dates))} to {spoken(max(dates))}" if dates else ""
    kinds = f" (kinds: {', '.join(sorted({event.kind for event in held}))})" if asked.kind else ""
    return f"The timeline holds no event {asked_for(search, asked)}; it holds {len(held)}{kinds}{span}."
