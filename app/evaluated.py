"""How an evaluation looks on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..evals.published.asking import Watcher
    from ..evals.published.result import Result

MOST_CLASSES, MOST_REASONS = 40, 3


@contextmanager
def answering() -> Iterator[Watcher]:
    """A watcher that shows how many questions are answered; silent where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    with Progress(TextColumn("answered"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console,
                  disable=not console.is_terminal) as bar:
        task = bar.add_task("answered", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def show_evaluation(result: Result) -> None:
    """Every metric with baselines and published results, the classes, and what must be known."""
    from ..evals.published.page import class_rows, counted, detail_rows, main_scores, score_rows

    _line(f"{result.title}: {counted(result)}")
    for score in main_scores(result):
        _table(f"{score.title}, percent", ("who", "result", "source"), score_rows(score, result))
    if details := list(detail_rows(result)):
        _table("Details, percent", details[0], details[1:])
    rows = list(class_rows(result))
    _table(f"By {result.group}", rows[0], rows[1:MOST_CLASSES + 1])
    if len(rows) > MOST_CLASSES + 1:
        _line(f"{len(rows) - 1 - MOST_CLASSES} more; --json and --out list them.")
    for reason in list(dict.fromkeys(item.reason for item in result.problems))[:MOST_REASONS]:
        _line(f"no usable answer: {reason}")
    for note in result.notes:
        _line(f"note: {note}")


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table whose cells are shown as they are: text from files is never markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def _line(text: str) -> None:
    from rich.console import Console

    Console().print(text, markup=False, highlight=False, soft_wrap=True)
