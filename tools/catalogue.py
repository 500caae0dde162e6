"""Every tool that reads a study, by name."""

from __future__ import annotations

from collections.abc import Mapping

from .base import Tool
from .labs import LabsTool
from .localization import LocalizationTool
from .pathology import PathologyTool
from .records import RecordsTool
from .volume import VolumeTool


def all_tools() -> Mapping[str, Tool]:
    """The tools of a review; `comparison` works on their results and is no part of it."""
    tools: tuple[Tool, ...] = (VolumeTool(), PathologyTool(), LocalizationTool(), LabsTool(), RecordsTool())
    return {tool.name: tool for tool in tools}
