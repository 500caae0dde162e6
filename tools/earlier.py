"""The tools of a review that is done, where they were a caller's own: known by name, run no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..core.case import Study
from ..core.errors import UsageError
from ..core.refusal import Refusal
from ..core.result import ToolResult
from .base import ToolContext
from .catalogue import LEFT_OUT, Toolbox, toolbox
from .comparison import StudyReading


class EarlierTool:
    """Stands for a tool that is not at hand, so that its report can be signed and searched without it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def gate(self, study: Study) -> Refusal | None:
        """Nothing is turned away."""
        return None

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        """Nothing is run.

        Raises:
            UsageError: always.
        """
        raise self._absent()

    def compare(self, prior: StudyReading, current: StudyReading, context: ToolContext | None = None) -> ToolResult:
        """Nothing is compared.

        Raises:
            UsageError: always.
        """
        raise self._absent()

    def _absent(self) -> UsageError:
        return UsageError(f"the review with a {self.name} tool of one's own is not finished; review the case again "
                          "with it")


def earlier_toolbox(own: Mapping[str, str]) -> Toolbox:
    """The shipped tools, and stand-ins for those that were a caller's own.

    Args:
        own: their classes by name, as the review kept them.
    """
    box = toolbox({name: None if where == LEFT_OUT else EarlierTool(name) for name, where in own.items()})
    return replace(box, own=dict(own))
