"""Which tool gets which study."""

from __future__ import annotations

from collections.abc import Container, Mapping

from ..core.case import Case, Study
from ..core.refusal import Refusal, RefusalCode
from ..sources.grouping import TOOL_FOR_KIND, tool_for
from ..tools.base import Tool, refuse
from ..tools.checked import gate
from .state import Task

USUAL = frozenset(TOOL_FOR_KIND.values())
"""Names of the tools that a kind of study is given to; a tool of any other name is offered every study."""


def plan(case: Case, tools: Mapping[str, Tool], own: Container[str] = ()) -> tuple[list[Task], list[Refusal]]:
    """The tasks, in the order of the studies: for each the tool of its kind, then every other tool that lets it in.

    What the gate of the kind's tool turns away is a refusal with its reason, and so is a study that no tool of this
    review is for. Another tool that turns a study away refuses nothing, unless its gate breaks.

    Args:
        case: with its studies.
        tools: of the review, by name.
        own: names of those that are a caller's own.
    """
    tasks: list[Task] = []
    refused: list[Refusal] = []
    for study in case.studies:
        name = usual_tool(study)
        extra = {other: gate(tool, study, own=other in own) for other, tool in tools.items() if other not in USUAL}
        others = [Task(tool=other, study=study) for other, refusal in extra.items() if refusal is None]
        if name in tools:
            refusal = gate(tools[name], study, own=name in own)
            tasks += [Task(tool=name, study=study)] if refusal is None else []
        else:
            refusal = None if others else _not_among(name, study)
        broken = (one for one in extra.values() if one is not None and one.code is RefusalCode.TOOL_FAILED)
        refused += (one.model_copy(update={"file": file.path}) for one in filter(None, (refusal, *broken))
                    for file in study.files)
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
