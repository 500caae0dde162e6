"""Progress of a review on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID

    from ..agent.run import Progress, Watcher


@contextmanager
def watching() -> Iterator[Watcher]:
    """A watcher that shows each step with its time while it runs; silent where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    with Bars(SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), TimeElapsedColumn(),
              console=console, disable=not console.is_terminal) as bars:
        shown: dict[str, list[TaskID]] = {}

        def watch(progress: Progress) -> None:
            if progress.done and shown.get(progress.step):
                bars.update(shown[progress.step].pop(0), total=1, completed=1)
            elif not progress.done:
                shown.setdefault(progress.step, []).append(bars.add_task(progress.step.replace("_", " "), total=None))

        yield watch
