"""All published tasks by name."""

from __future__ import annotations

from collections.abc import Mapping

from . import ct_rate
from .task import Task

TASKS: Mapping[str, Task] = {task.name: task for task in (ct_rate.TASK,)}
