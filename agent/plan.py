"""Which tool gets which study."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.case import Case
from ..core.refusal import Refusal
from ..sources.grouping import tool_for
from ..tools.base import Tool
from .state import Task


def plan(case: Case, tools: Mapping[str, Tool]) -> tuple[list[Task], list[Refusal]]:
    """One task per study, in the order of the studies; what a tool's gate turns away is a refusal with its reason."""
    tasks: list[Task] = []
    refused: list[Refusal] = []
    for study in case.studies:
        name = tool_for(study.kind, study.series[0].document_kind)
        if name is None:
            raise ValueError(f"a study of the kind {study.kind} has no tool")
        refusal = tools[name].gate(study)
        if refusal is None:
            tasks.append(Task(tool=name, study=study))
        else:
            refused.extend(refusal.model_copy(update={"file": file.path}) for file in study.files)
    return tasks, refused
