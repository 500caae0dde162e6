"""Every tool that reads a study, and what can be asked of one beside a review, by name."""

from __future__ import annotations

from collections.abc import Mapping

from .base import OnDemand, Tool
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


def on_demand() -> Mapping[str, OnDemand]:
    """What is measured only when somebody asks, each with the schema of its parameters."""
    asked: tuple[OnDemand, ...] = (MeasureOnSlice(), ListOpacities(), SearchSlide(), ReadDocuments())
    return {one.name: one for one in asked}
