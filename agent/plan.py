"""Which tool gets which study."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.case import Case, Study
from ..core.refusal import Refusal, RefusalCode
from ..sources.grouping import TOOL_FOR_KIND, tool_for
from ..tools.base import Tool, refuse
from .state import Task

USUAL = frozenset(TOOL_FOR_KIND.values())
"""Names of the tools that a kind of study is given to; a tool of any other name is offered every study."""


def plan(case: Case, tools: Mapping[str, Tool]) -> tuple[list[Task], list[Refusal]]:
    """The tasks, in the order of the studies: for each the tool of its kind, then every other tool that lets it in.

    What the gate of the kind's tool turns away is a refusal with its reason, and so is a study that no tool of this
    review is for. Another tool that turns a study away refuses nothing.
    """
    tasks: list[Task] = []
    refused: list[Refusal] = []
    for study in case.studies:
        others = [Task(tool=name, study=study) for name, tool in tools.items()
                  if name not in USUAL and tool.gate(study) is None]
        name = usual_tool(study)
        refusal = tools[name].gate(study) if name in tools else None if others else _not_among(name, study)
        if refusal is not None:
            refused += (refusal.model_copy(update={"file": file.path}) for file in study.files)
        elif name in tools:
            tasks.append(Task(tool=name, study=study))
        tasks += others
    return tasks, refused


def usual_tool(study: Study) -> str:
    """The name of the tool that studies of this kind are given to."""
    name = tool_for(study.kind, study.series[0].document_kind)
    if name is None:
        raise ValueError(f"a study of the kind {study.kind} has no tool")
    return name


def _not_among(name: str, study: Study) -> Refusal:
    return refuse(study, RefusalCode.NOT_CHOSEN, f"the {name} tool is not among the tools of this review")
