"""Prior comparison: the right prior, the interval, and what was measured to change."""

from .reviewed import StudyReading
from .tool import ComparisonTool
from .trends import kept_apart, lab_trends

__all__ = ["ComparisonTool", "StudyReading", "kept_apart", "lab_trends"]
