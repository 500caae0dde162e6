"""What is compared: studies that their tools have read."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.case import Study
from ...core.result import ToolResult


@dataclass(frozen=True)
class StudyReading:
    """A study and what its tool made of it."""

    study: Study
    result: ToolResult
