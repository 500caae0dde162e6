"""Commands that ask a reviewed case: the chat and the timeline."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import (
    Adapters,
    AsJson,
    CasePath,
    DateText,
    Download,
    ModelName,
    Patient,
    PlainHttp,
    ReaderName,
    adapter_folders,
)


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

    chosen = reader_choice(reader=reader, model=model, adapters=adapter_folders(adapter), download=download,
                           allow_plain_http=allow_plain_http)
    if as_json and ask is None:
        raise typer.BadParameter("--json wants a question: give it with --ask")
    if ask is not None and not ask.strip():
        raise typer.BadParameter("--ask wants a question, and this one is empty")
    with watching() as watch:
        if ask is not None and reader != "measure":
            answer = asked(case, ask, patient=patient, reader=reader, model=model, adapters=adapter_folders(adapter),
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
