"""The chat's tools as a model sees them. Case and patient come from the context that they close over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import Field, create_model

from ...memory.query import Query
from ...prompts.loader import load_templates
from ...tools.base import Arguments, OnDemand
from . import again, amounts, changes, entries, lookups, results, spans, studies, values
from .context import ChatContext
from .told import Told

DATE = r"^(\d{4}(-\d{2}(-\d{2})?)?)?$"


class Question(Arguments):
    """A question."""

    question: str = Field(max_length=500, description="In plain English: short forms written out.")
    count: bool = Field(default=False, description="Also how many entries answer to it.")


class LookUp(Arguments):
    """What to look up."""

    name: str = Field(min_length=1, max_length=120, description="Such as 'hemoglobin' or 'lung volume right lung'.")
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")
    unit: str = Field(default="", max_length=20, description="Give the value in this unit too, such as 'g/L'.")
    pick: Literal["", "latest", "first", "highest", "lowest"] = Field(default="", description="One of several.")
    on: Literal["", "ct", "mr", "film", "slide"] = Field(default="", description="Only from this kind of examination.")


class Counted(Arguments):
    """What to count."""

    name: str = Field(min_length=1, max_length=120, description="Such as 'nodule' or 'hemoglobin'.")
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")


class Change(Arguments):
    """Whose change."""

    name: str = Field(min_length=1, max_length=120, description="Such as 'hemoglobin' or 'nodule'.")
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")
    relation: Literal["", "below", "above", "at most", "at least"] = Field(
        default="", description="To hold the amount of change against a number.")
    number: float | None = Field(default=None, ge=0.0, description="The amount of change.")
    unit: str = Field(default="", max_length=20, description="Of the amount, or '%'; alone, to tell the change in it.")
    direction: Literal["", "increased", "decreased"] = ""
    rate: bool = Field(default=False, description="Also how fast, per year.")


class Values(Arguments):
    """Which results, and the limit that they are held against."""

    name: str = Field(default="", max_length=120, description="Empty for all laboratory results.")
    relation: Literal["", "below", "above", "at most", "at least", "low", "high", "outside", "within"] = Field(
        default="", description="low to within go by the printed range; empty lists and counts results.")
    number: float | None = Field(default=None, description="The limit of below, above, at most and at least.")
    unit: str = Field(default="", max_length=20, description="Of the limit; empty for the results' own.")
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")
    latest: bool = Field(default=False, description="Only the latest result.")


class Changes(Arguments):
    """Which changes."""

    percent: float = Field(default=0.0, ge=0.0, description="Of the earlier value; only larger changes are given.")
    direction: Literal["", "increased", "decreased"] = ""
    of: Literal["", "lab", "imaging"] = Field(default="", description="Only laboratory results, or only images.")
    most: int = Field(default=24, ge=1, le=24, description="How many changes are told, the largest first.")
    since: str = Field(default="", pattern=DATE, description="ISO date from which the change began.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")


class Entries(Arguments):
    """Which entries of the record."""

    kind: Literal["conditions", "procedures", "medications", "allergies", "vaccinations", "visits"]
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")


class Search(Arguments):
    """Which events."""

    text: str = Field(default="", max_length=200, description="Words that the event holds.")
    kind: Literal["", "lab", "record", "study", "measurement", "observation", "change"] = ""
    site: str = Field(default="", max_length=80, description="Such as 'right lung'.")
    analyte: str = Field(default="", max_length=80, description="Name or code of what was measured.")
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")
    as_of: str = Field(default="", pattern=DATE, description="Only what was known by this ISO date.")


class Part(Arguments):
    """Which part."""

    part: Literal["impression", "reviewed", "comparison", "limits", "abnormal", "low", "high", "not read",
                  "conflicts", "counts"]


class Studies(Arguments):
    """Which examinations."""

    kind: Literal["", "ct", "mr", "film", "slide", "document", "lab report", "letter", "imaging", "labs"] = Field(
        default="", description="labs gives the days with laboratory results.")
    pick: Literal["", "first", "last"] = ""
    since: str = Field(default="", pattern=DATE, description="ISO date.")
    until: str = Field(default="", pattern=DATE, description="ISO date.")


class OneStudy(Arguments):
    """Which examination."""

    kind: Literal["ct", "mr", "film", "slide", "lab report", "letter"]
    date: str = Field(default="", pattern=DATE, description="Of the examination.")
    pick: Literal["first", "last"] = "last"


class Shown(Arguments):
    """Which evidence."""

    evidence: str = Field(pattern=r"^[EeRr]\d{1,6}$", description="Such as E12 or R3.")


class Days(Arguments):
    """From when to when."""

    first: str = Field(default="", pattern=DATE, description="ISO day.")
    last: str = Field(default="", pattern=DATE, description="ISO day.")
    kind: Literal["", "ct", "mr", "film", "slide"] = Field(default="", description="The two latest of this kind.")
    first_of: str = Field(default="", max_length=80, description="In place of first: such as 'last ct'.")
    last_of: str = Field(default="", max_length=80, description="In place of last: such as 'first hemoglobin'.")
    unit: Literal["days", "weeks", "months", "years"] = "days"


class Conversion(Arguments):
    """What to convert."""

    value: float
    unit: str = Field(max_length=20)
    to: str = Field(max_length=20)


class Prior(Arguments):
    """What to compare."""

    kind: Literal["ct", "mr", "film"]
    date: str = Field(default="", pattern=DATE, description="Of the later examination; the latest by default.")
    back: int = Field(default=1, ge=1, le=20, description="1 for the one before it, 2 for the one before that.")
    prior: str = Field(default="", pattern=DATE, description="In place of back: date of the earlier examination.")


class Again(Arguments):
    """What to run."""

    tool: Literal["volume", "pathology", "localization", "labs", "records"]
    date: str = Field(default="", pattern=DATE, description="Of the examination; the latest by default.")
    question: str = Field(default="", max_length=300)


def make_tools(context: ChatContext) -> list[BaseTool]:
    """The tools over one case; their descriptions stand in `prompts/chat.md`."""
    def search(text: str, since: str, until: str, **given: str) -> Told:
        return lookups.search_timeline(context, text, Query(
            between=(since, until) if since or until else None,
            **{name: value or None for name, value in given.items()}))  # type: ignore[arg-type]

    def changed(relation: str, number: float | None, unit: str, direction: str, rate: bool, **given: str) -> Told:
        if rate:
            return amounts.rate_of_change(context, **given)
        if relation or unit:
            return amounts.amount_of_change(context, values.Limit(relation, number, unit), direction, **given)
        return results.how_it_changed(context, **given)

    made: list[tuple[str, type[Arguments], Callable[..., Told]]] = [
        ("ask_record", Question, lambda question, count: lookups.ask_record(context, question, count)),
        ("look_up", LookUp, lambda **given: lookups.look_up(context, **given)),
        ("how_many", Counted, lambda name, since, until: values.how_many(context, name, since, until)),
        ("how_it_changed", Change, changed),
        ("find_values", Values, lambda relation, number, unit, **given: values.find_values(
            context, limit=values.Limit(relation, number, unit), **given)),
        ("find_changes", Changes, lambda since, until, **given: changes.find_changes(
            context, changes.Wanted(**given), since, until)),
        ("list_entries", Entries, lambda kind, since, until: entries.list_entries(context, kind, since, until)),
        ("search_timeline", Search, search),
        ("read_report", Part, lambda part: lookups.read_report(context, part)),
        ("list_studies", Studies, lambda **given: studies.list_studies(context, **given)),
        ("read_study", OneStudy, lambda kind, date, pick: studies.read_study(context, kind, date, pick)),
        ("show_evidence", Shown, lambda evidence: lookups.show_evidence(context, evidence)),
        ("days_between", Days, lambda unit, **given: spans.days(context, spans.Bounds(**given), unit)),
        ("convert", Conversion, lookups.convert),
        ("compare_with_prior", Prior,
         lambda **given: lookups.compare_with_prior(context, **given)),
        ("run_tool", Again, lambda tool, date, question: again.run_again(context, tool, date, question)),
    ]
    made += [(one.name, _dated(one), _on_demand(context, one)) for one in context.on_demand.values()]
    return [_tool(context, name, arguments, work) for name, arguments, work in made]


def _dated(asked: OnDemand) -> type[Arguments]:
    """The parameters of a catalogue's entry, and of which examination."""
    date = Field(default="", pattern=DATE, description="Of the examination; the latest by default.")
    return create_model(asked.arguments.__name__, __base__=asked.arguments, __doc__=asked.arguments.__doc__,
                        date=(str, date))


def _on_demand(context: ChatContext, asked: OnDemand) -> Callable[..., Told]:
    return lambda date, **given: again.run_on_demand(context, asked, date, given)


def _tool(context: ChatContext, name: str, arguments: type[Arguments], work: Callable[..., Told]) -> BaseTool:
    def run(**given: Any) -> tuple[str, Told]:
        told = context.shelf.shelve(work(**given))
        return told.text, told

    return StructuredTool.from_function(run, name=name, description=load_templates("chat")[f"tool_{name}"].text,
                                        args_schema=arguments, response_format="content_and_artifact")
