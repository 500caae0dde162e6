"""Prior comparison: the right prior, the interval, and what was measured to change."""

from .tool import ComparisonTool, StudyReading
from .trends import lab_trends

__all__ = ["ComparisonTool", "StudyReading", "lab_trends"]
