"""Every tool that reads a study, and what can be asked of one beside a review, by name."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.errors import UsageError
from .base import OnDemand, Tool
from .comparison import ComparisonTool
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


def checked_tools(tools: Mapping[str, Tool]) -> Mapping[str, Tool]:
    """The tools that a caller gives for a review.

    Raises:
        UsageError: none, one that is no tool, or one under another name than its own or under that of `comparison`,
            which works on the results of the others.
    """
    if not tools:
        raise UsageError("tools is empty: give at least one, or leave it out for Caseloom's own")
    for name, tool in tools.items():
        if not (callable(getattr(tool, "gate", None)) and callable(getattr(tool, "run", None))):
            raise UsageError(f"the tool {name!r} needs the methods gate(study) and run(study, context)")
        if getattr(tool, "name", None) != name or name == ComparisonTool.name:
            raise UsageError(f"a tool is given as {name!r}: give it under its own name, which may not be "
                             f"{ComparisonTool.name!r}")
    return dict(tools)


def foreign_tools(tools: Mapping[str, Tool]) -> dict[str, str]:
    """Where each tool comes from that is not Caseloom's own, by name: module, class and, where it has one, version."""
    own = {name: type(tool) for name, tool in all_tools().items()}
    return {name: " ".join(filter(None, (f"{type(tool).__module__}.{type(tool).__qualname__}",
                                         str(getattr(tool, "version", "")))))
            for name, tool in tools.items() if own.get(name) is not type(tool)}


def on_demand() -> Mapping[str, OnDemand]:
    """What is measured only when somebody asks, each with the schema of its parameters."""
    asked: tuple[OnDemand, ...] = (MeasureOnSlice(), ListOpacities(), SearchSlide(), ReadDocuments())
    return {one.name: one for one in asked}
