"""The timeline of a case, and questions about it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from ....agent.chat.graph import Doing, Event
from ....agent.chat.history import Turn
from ....core.result import Answer, Step
from ....core.words import Word
from ..access import CallerHere, ServiceHere
from ..problems import described, told_of
from ..registry import CaseEntry
from ..roles import Role
from ..words import Question, TimelineAsked, TimelinePage
from .cases import CaseKey

log = logging.getLogger("caseloom")
router = APIRouter(prefix="/cases/{case}", tags=["timeline and chat"])


class NobodyListens(Exception):
    """Whoever asked is gone."""


class TurnList(Word):
    """What was asked and answered about a case, oldest first."""

    turns: tuple[Turn, ...]


@router.get("/timeline", responses=described(401, 404, 409, 422, 503))
def read_timeline(case: CaseKey, asked: Annotated[TimelineAsked, Query()], caller: CallerHere,
                  service: ServiceHere) -> TimelinePage:
    """The patient's timeline: what was known on a date, between dates, by kind, body site or analyte; or searched."""
    entry = service.case(caller.user, case)
    service.reports.folder(entry)
    service.accesses.note("timeline read", entry.id, caller.user.account)
    return service.reports.timeline(entry, asked)


def asked_about(case: CaseKey, caller: CallerHere, service: ServiceHere) -> CaseEntry:
    """The reviewed case that a question is about, once the access trail holds that somebody asks; a stream does this
    before it begins."""
    caller.needs(Role.READER)
    entry = service.case(caller.user, case)
    service.reports.folder(entry)
    service.accesses.note("question asked", entry.id, caller.user.account)
    return entry


AskedAbout = Annotated[CaseEntry, Depends(asked_about)]


@router.post("/chat", responses=described(401, 403, 404, 409, 422, 502, 503))
def ask(entry: AskedAbout, given: Question, caller: CallerHere, service: ServiceHere) -> Answer:
    """Ask about the case; every sentence of the answer is checked against its evidence."""
    return service.chats.ask(caller.user, entry, given.question)


@router.post("/chat/stream", response_class=EventSourceResponse, responses=described(401, 403, 404, 422))
async def ask_aloud(entry: AskedAbout, given: Question, caller: CallerHere, service: ServiceHere
                    ) -> AsyncIterator[ServerSentEvent]:
    """The same as server-sent events: `tool` when one begins, `draft` for what a model writes (nothing of it is
    checked), then `answer`, or `problem`."""
    heard: asyncio.Queue[ServerSentEvent | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    gone = threading.Event()

    def tell(event: ServerSentEvent | None) -> None:
        loop.call_soon_threadsafe(heard.put_nowait, event)

    def watch(event: Event) -> None:
        if gone.is_set():
            raise NobodyListens
        tell(_told(event))

    def answer() -> None:
        try:
            said = service.chats.ask(caller.user, entry, given.question, watch=watch)
            tell(ServerSentEvent(data=said, event="answer"))
        except NobodyListens:
            log.debug("a question was left before its answer")
        except Exception as error:  # noqa: BLE001 - the stream has begun: what failed is its last event
            tell(ServerSentEvent(data=told_of(error, service.without_folders), event="problem"))
        finally:
            tell(None)

    work = asyncio.ensure_future(run_in_threadpool(answer))
    try:
        while (event := await heard.get()) is not None:
            yield event
        await work
    finally:
        gone.set()  # whoever asked left: nothing further is begun, and nothing of the question is kept


@router.get("/chat", responses=described(401, 404, 409))
def read_turns(case: CaseKey, caller: CallerHere, service: ServiceHere,
               most: Annotated[int, Query(ge=1, le=500)] = 50) -> TurnList:
    """What was asked and answered about the case, oldest first."""
    entry = service.case(caller.user, case)
    service.reports.folder(entry)
    service.accesses.note("chat read", entry.id, caller.user.account)
    return TurnList(turns=tuple(service.chats.turns(entry, most)))


def _told(event: Event) -> ServerSentEvent:
    if isinstance(event, Doing):
        return ServerSentEvent(data=Step(tool=event.tool, arguments=event.arguments), event="tool")
    return ServerSentEvent(data={"text": event.text}, event="draft")
