"""Every tool that reads a study, and what can be asked of one beside a review, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..core.errors import UsageError
from ..core.result import ToolResult
from .base import OnDemand, Tool, ToolContext
from .comparison import ComparisonTool, StudyReading
from .documents import ReadDocuments
from .labs import LabsTool
from .localization import LocalizationTool
from .pathology import PathologyTool
from .pathology.on_demand import SearchSlide
from .records import RecordsTool
from .volume import VolumeTool
from .volume.on_demand import ListOpacities, MeasureOnSlice

LEFT_OUT = "left out"
"""What a report names in the place of the class of a tool that the caller left out."""


class Comparer(Protocol):
    """What differs between two studies that their tools have read."""

    name: str

    def compare(self, prior: StudyReading, current: StudyReading, context: ToolContext | None = None) -> ToolResult:
        """Findings of the category `change`, each citing both studies. Never raises for bad input."""
        ...


@dataclass(frozen=True)
class Toolbox:
    """What a review works with.

    Args:
        tools: by name: one for each kind of study, then those that are offered every study.
        comparison: works on what the tools gave.
        own: of what is not the shipped one, the class by name; a report names it in its provenance.
    """

    tools: Mapping[str, Tool]
    comparison: Comparer = field(default_factory=ComparisonTool)
    own: Mapping[str, str] = field(default_factory=dict)


def toolbox(own: Mapping[str, Any] | None = None) -> Toolbox:
    """The shipped tools, with a caller's own in the place of some, or beside them.

    Args:
        own: a `Tool` by the name of the shipped one that it replaces, or a `Comparer` as `comparison`; a `Tool` by
            another name, its own, is offered every study; None for a shipped name leaves that tool out. A review that
            is finished is not done again with a tool of the same class; one that has a `version` is told apart by it.

    Raises:
        UsageError: there is no tool of a name to leave out, a new tool has another name than the one that it is given
            under, or what is given cannot do its work.
    """
    if own is not None and not isinstance(own, Mapping):
        raise UsageError("tools of one's own are given by name, as {'mine': MyTool()}")
    shipped, given = all_tools(), dict(own or {})
    for name, tool in given.items():
        if isinstance(tool, type):
            raise UsageError(f"the tool {name!r} is given as a class; give an instance, {tool.__name__}()")
        if name not in (*shipped, ComparisonTool.name) and getattr(tool, "name", None) != name:
            known = ", ".join([*shipped, ComparisonTool.name])
            raise UsageError(f"there is no tool {name!r} to replace or leave out; the tools are {known}, and a new one "
                             "goes under its own `name`")
        if tool is None and name != ComparisonTool.name:
            continue
        methods = ("compare",) if name == ComparisonTool.name else ("gate", "run")
        missing = [method for method in methods if not callable(getattr(tool, method, None))]
        if missing:
            raise UsageError(f"what is given as the tool {name!r} has no method {missing[0]!r} (tools/base.py says "
                             "what a tool is)")
    every = {**shipped, **{name: tool for name, tool in given.items() if name != ComparisonTool.name}}
    return Toolbox(tools={name: tool for name, tool in every.items() if tool is not None},
                   comparison=given.get(ComparisonTool.name) or ComparisonTool(),
                   own={name: _class_of(tool) for name, tool in sorted(given.items())})


def _class_of(tool: Any) -> str:
    if tool is None:
        return LEFT_OUT
    version = getattr(tool, "version", None)
    name = f"{type(tool).__module__}.{type(tool).__qualname__}"
    return f"{name} {version}" if version is not None else name


def all_tools() -> Mapping[str, Tool]:
    """The tools of a review; `comparison` works on their results and is no part of it."""
    tools: tuple[Tool, ...] = (VolumeTool(), PathologyTool(), LocalizationTool(), LabsTool(), RecordsTool())
    return {tool.name: tool for tool in tools}


def on_demand() -> Mapping[str, OnDemand]:
    """What is measured only when somebody asks, each with the schema of its parameters."""
    asked: tuple[OnDemand, ...] = (MeasureOnSlice(), ListOpacities(), SearchSlide(), ReadDocuments())
    return {one.name: one for one in asked}
