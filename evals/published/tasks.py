"""All published tasks by name."""

from __future__ import annotations

from collections.abc import Mapping

from . import ct_rate, imagenome, lab_pages, medqa, ms_cxr_t, records, scans, slides, vqa
from .task import Task

TASKS: Mapping[str, Task] = {task.name: task for task in (
    scans.CT_TASK, ct_rate.TASK, scans.MRI_TASK, slides.TASK, imagenome.TASK, ms_cxr_t.TASK,
    lab_pages.TASK, records.TASK, medqa.TASK, vqa.SLAKE_TASK, vqa.VQA_RAD_TASK)}
