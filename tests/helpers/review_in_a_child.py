"""A review in a process that kills itself with SIGKILL at a chosen node: words CASE HOME LOG [NODE].

Each tool call is written to LOG as one line, `started` and `finished`, through a tool that wraps the real one.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caseloom.agent.nodes import Review
from caseloom.agent.run import open_run
from caseloom.agent.state import ReviewState, ToolInput
from caseloom.core.case import Study
from caseloom.core.refusal import Refusal
from caseloom.core.result import ToolResult
from caseloom.core.settings import Settings
from caseloom.memory.home import Home
from caseloom.readers.measure import MeasureReader
from caseloom.tools.base import Tool, ToolContext
from caseloom.tools.catalogue import all_tools


@dataclass(frozen=True)
class LoggedTool:
    """The real tool, with a line in a log before and after."""

    real: Tool
    log: Path
    deadly: bool

    @property
    def name(self) -> str:
        return self.real.name

    def gate(self, study: Study) -> Refusal | None:
        return self.real.gate(study)

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        self._note(f"started {self.name} {study.id}")
        if self.deadly:
            die()
        result = self.real.run(study, context)
        self._note(f"finished {self.name} {study.id}")
        return result

    def _note(self, line: str) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(line + "\n")


class DoomedReview(Review):
    """A review that dies inside one node: after the node's work, before LangGraph has its result."""

    doomed = ""

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name != type(self).doomed:
            return found

        def node(state: ReviewState | ToolInput) -> ReviewState:
            found(state)
            die()
            return {}

        node.__name__ = name
        return node


def die() -> None:
    """Leave no chance to clean up."""
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run the review to its draft, or to its death."""
    case, home, log, node = (*sys.argv[1:], "")[:4]
    DoomedReview.doomed = node if node != "run_tool" else ""
    tools = {name: LoggedTool(tool, Path(log), deadly=node == "run_tool" and name == "records")
             for name, tool in all_tools().items()}
    settings, opened = Settings(home=Path(home), workers=1), Home(Path(home))
    review = DoomedReview(path=Path(case), patient=None, settings=settings, home=opened,
                          reader=MeasureReader(), tools=tools, results=opened.results)
    with open_run(review) as run:
        run.go(None)

