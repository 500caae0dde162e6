"""Laboratory reports: every result with its unit, range, flag, date and place on the page."""

from .tool import LabsTool

__all__ = ["LabsTool"]
