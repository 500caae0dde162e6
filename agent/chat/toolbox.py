"""The chat's tools: what a model sees of each, and what it does. Case and patient come from the context that they close
over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import Field, create_model

from ...memory.query import Query
from ...prompts.loader import load_templates
from ...tools.base import Arguments, OnDemand
from . import again, amounts, arguments, changes, entries, lookups, results, spans, studies, values
from .context import ChatContext
from .told import Told

Work = Callable[..., Told]
"""What a tool does, over a context, with its arguments by name."""


def make_tools(context: ChatContext) -> list[BaseTool]:
    """The tools over one case; their descriptions stand in `prompts/chat.md`."""
    own = [_tool(context, name, schema, partial(work, context)) for name, (schema, work) in TOOLS.items()]
    return own + [_tool(context, one.name, _dated(one.arguments), partial(_on_demand, context, one))
                  for one in context.on_demand.values()]


def _search(context: ChatContext, text: str, since: str, until: str, **given: str) -> Told:
    return lookups.search_timeline(context, text, Query(
        between=(since, until) if since or until else None,
        **{name: value or None for name, value in given.items()}))  # type: ignore[arg-type]


def _changed(context: ChatContext, relation: str, number: float | None, unit: str, direction: str, *, rate: bool,
             **given: str) -> Told:
    if rate:
        return amounts.rate_of_change(context, **given)
    if relation or unit:
        return amounts.amount_of_change(context, values.Limit(relation, number, unit), direction, **given)
    return results.how_it_changed(context, **given)


def _beyond(context: ChatContext, relation: str, number: float | None, unit: str, **given: Any) -> Told:
    return values.find_values(context, limit=values.Limit(relation, number, unit), **given)


def _most(context: ChatContext, since: str, until: str, **given: Any) -> Told:
    return changes.find_changes(context, changes.Wanted(**given), since, until)


def _days(context: ChatContext, unit: str, **given: str) -> Told:
    return spans.days(context, spans.Bounds(**given), unit)


def _convert(context: ChatContext, value: float, unit: str, to: str) -> Told:
    return lookups.convert(value, unit, to)


TOOLS: Mapping[str, tuple[type[Arguments], Work]] = {
    "ask_record": (arguments.Question, lookups.ask_record),
    "look_up": (arguments.LookUp, lookups.look_up),
    "how_many": (arguments.Counted, values.how_many),
    "how_it_changed": (arguments.Change, _changed),
    "find_values": (arguments.Values, _beyond),
    "find_changes": (arguments.Changes, _most),
    "list_entries": (arguments.Entries, entries.list_entries),
    "search_timeline": (arguments.Search, _search),
    "read_report": (arguments.Part, lookups.read_report),
    "list_studies": (arguments.Studies, studies.list_studies),
    "read_study": (arguments.OneStudy, studies.read_study),
    "show_evidence": (arguments.Shown, lookups.show_evidence),
    "days_between": (arguments.Days, _days),
    "convert": (arguments.Conversion, _convert),
    "compare_with_prior": (arguments.Prior, lookups.compare_with_prior),
    "run_tool": (arguments.Again, again.run_again),
}
"""In the order in which a model sees them."""


@cache
def _dated(asked: type[Arguments]) -> type[Arguments]:
    """The parameters of a catalogue's entry, and of which examination."""
    date = Field(default="", pattern=arguments.DATE, description="Of the examination; the latest by default.")
    return create_model(asked.__name__, __base__=asked, __doc__=asked.__doc__,
                        date=(str, date))


def _on_demand(context: ChatContext, asked: OnDemand, date: str, **given: Any) -> Told:
    return again.run_on_demand(context, asked, date, given)


def _tool(context: ChatContext, name: str, schema: type[Arguments], work: Work) -> BaseTool:
    def run(**given: Any) -> tuple[str, Told]:
        told = context.shelf.shelve(work(**given))
        return told.text, told

    return StructuredTool.from_function(run, name=name, description=load_templates("chat")[f"tool_{name}"].text,
                                        args_schema=schema, response_format="content_and_artifact")
