"""Every tool that reads a study, and what can be asked of one beside a review, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

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


def all_tools() -> Mapping[str, Tool]:
    """The tools of a review; `comparison` works on their results and is no part of it."""
    tools: tuple[Tool, ...] = (VolumeTool(), PathologyTool(), LocalizationTool(), LabsTool(), RecordsTool())
    return {tool.name: tool for tool in tools}


class Comparer(Protocol):
    """Tells what differs between two studies that their tools have read."""

    name: str

    def compare(self, prior: StudyReading, current: StudyReading, context: ToolContext | None = None) -> ToolResult:
        """Findings of the category `change`, each citing both studies. Never raises for bad input."""
        ...


@dataclass(frozen=True)
class Toolbox:
    """What a review works with.

    Args:
        tools: by name.
        comparison: works on what they gave.
        foreign: where each comes from that is not Caseloom's own, by name; a report names it.
    """

    tools: Mapping[str, Tool]
    comparison: Comparer = field(default_factory=ComparisonTool)
    foreign: Mapping[str, str] = field(default_factory=dict)


def toolbox(given: Mapping[str, Tool | Comparer] | None = None) -> Toolbox:
    """The tools of a review: Caseloom's, or those that a caller gives in their place.

    Args:
        given: every tool by its name, such as `{**all_tools(), "mine": MyTool()}`; under `comparison` a `Comparer`.

    Raises:
        UsageError: none is given, one is no tool, or one has another name than it is given under.
    """
    if given is None:
        return Toolbox(all_tools())
    tools = {name: tool for name, tool in given.items() if name != ComparisonTool.name}
    if not tools:
        raise UsageError("tools is empty: give at least one, or leave it out for Caseloom's own")
    comparison = given.get(ComparisonTool.name, ComparisonTool())
    for name, tool in {**tools, ComparisonTool.name: comparison}.items():
        wanted = ("compare",) if name == ComparisonTool.name else ("gate", "run")
        if missing := [method for method in wanted if not callable(getattr(tool, method, None))]:
            raise UsageError(f"the tool {name!r} has no method {missing[0]!r} (docs/own_tools.md says what a tool is)")
        if getattr(tool, "name", None) != name:
            raise UsageError(f"a tool is given as {name!r}: give it under its own name")
    shipped = {**all_tools(), ComparisonTool.name: ComparisonTool()}
    foreign = {name: _origin(tool) for name, tool in sorted({**tools, ComparisonTool.name: comparison}.items())
               if type(shipped.get(name)) is not type(tool)}
    return Toolbox(cast(Mapping[str, Tool], tools), cast(Comparer, comparison), foreign)


def _origin(tool: object) -> str:
    """Module, class and, where it has one, version."""
    return " ".join(filter(None, (f"{type(tool).__module__}.{type(tool).__qualname__}",
                                  str(getattr(tool, "version", None) or ""))))


def on_demand() -> Mapping[str, OnDemand]:
    """What is measured only when somebody asks, each with the schema of its parameters."""
    asked: tuple[OnDemand, ...] = (MeasureOnSlice(), ListOpacities(), SearchSlide(), ReadDocuments())
    return {one.name: one for one in asked}
