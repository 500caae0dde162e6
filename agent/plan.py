"""Which tool gets which study."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.case import Case
from ..core.refusal import Refusal
from ..sources.grouping import TOOL_FOR_KIND
from ..tools.base import Tool
from .state import Task


def plan(case: Case, tools: Mapping[str, Tool]) -> tuple[list[Task], list[Refusal]]:
    """One task per study, in the order of the studies; what a tool's gate turns away is a refusal with its reason."""
    tasks, refused = [], []
    for study in case.studies:
        name = TOOL_FOR_KIND[study.kind]
        refusal = tools[name].gate(study)
        if refusal is None:
            tasks.append(Task(tool=name, study=study))
        else:
            refused.extend(refusal.model_copy(update={"file": file.path}) for file in study.files)
    return tasks, refused
