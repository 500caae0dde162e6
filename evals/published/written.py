"""What an evaluation leaves in a folder, beside the answers: the result, every item, a Markdown section.

Files carry the task's name, so that one folder holds what one reader did on all tasks. They hold patients' words, so
their owner alone may read them.
"""

from __future__ import annotations

import json
from pathlib import Path

from ...core.errors import UsageError
from ...core.files import write_bytes
from ..sections import write_section
from .page import section_of
from .result import Result
from .scoring import Answers
from .task import Task


def result_folder(path: Path) -> Path:
    """A folder for results, made where it is absent.

    Raises:
        UsageError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(f"{path} cannot be used for results ({error.strerror}); choose another folder") from error
    return path


def write_result(folder: Path, result: Result) -> None:
    """`TASK.result.json`, and the task's section of `evaluation.md`, which holds one section a task."""
    result_folder(folder)
    text = result.model_dump_json(by_alias=True, indent=2) + "\n"
    write_bytes(folder / f"{result.task}.result.json", text.encode(), private=True)
    write_section(folder / "evaluation.md", result.title, section_of(result))


def write_items(folder: Path, task: Task, answers: Answers) -> None:
    """`TASK.items.jsonl`: every question with truth, answer and marks."""
    lines = [json.dumps({
        "item": question.id, "unit": case.unit, "group": question.group, "truth": question.truth,
        "value": (answer := answers.given[question.id]).value, "problem": answer.problem,
        "marks": task.marked(question, answer.value)}, ensure_ascii=False)
        for case in answers.cases for question in case.questions]
    write_bytes(result_folder(folder) / f"{task.name}.items.jsonl", "".join(f"{line}\n" for line in lines).encode(),
                private=True)
