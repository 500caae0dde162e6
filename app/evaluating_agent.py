"""The command that puts the whole agent to generated cases."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

OutFolder = Annotated[Path | None, typer.Option(help="Folder for scores, table and summary; with --resume a run that "
                                                     "stopped goes on.")]
Only = Annotated[list[int] | None, typer.Option(metavar="SEED", help="One case alone, kept with its truth and reports "
                                                                     "in --out; may be repeated.")]
Runs = Annotated[list[str] | None, typer.Option("--run", metavar="NAME", help="One of the agents alone: 'as it is', "
                                                "'oracle tools', 'blind tools', 'do nothing'; may be repeated.")]


def agent(cases: Annotated[int, typer.Option(min=1, help="How many cases.")] = 200,
          seed: Annotated[int, typer.Option(min=0, help="Seed of the first; each further case has the next.")] = 1,
          out: OutFolder = None,
          resume: Annotated[bool, typer.Option("--resume", help="Take over the cases that are done in --out.")] = False,
          workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2, only: Only = None, run: Runs = None,
          write: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the section of this Markdown "
                                                                         "file.")] = None,
          as_json: AsJson = False) -> None:
    """Put the whole agent to generated cases whose truth is exact, beside agents that see all, nothing, or idle."""
    from ..core.errors import UsageError
    from ..evals.agent_cases.agents import AGENTS
    from ..evals.agent_cases.run import Plan, scratch
    from ..evals.agent_cases.summary import summary_of
    from ..evals.agent_cases.table import TITLE, lines_of
    from ..evals.published.written import result_folder
    from ..evals.sections import write_section
    from .show import print_json

    if unknown := set(run or ()) - set(AGENTS):
        raise UsageError(f"there is no agent {sorted(unknown)[0]!r}; the agents are {', '.join(AGENTS)}")
    if out is None and (resume or only):
        raise UsageError("--resume and --only need --out, the folder where the cases' scores are kept")
    if resume and only:
        raise UsageError("--only does its cases anew, so --resume does not go with it")
    if write is not None and not write.parent.is_dir():
        raise UsageError(f"there is no folder {write.parent} for {write.name}")
    seeds = only or list(range(seed, seed + cases))
    with nullcontext(str(result_folder(out))) if out is not None else scratch() as folder:
        plan = Plan(seeds, Path(folder), tuple(run or AGENTS), keep=bool(only))
        scores = _run(plan, workers, resume=resume)
    summary = _dated(summary_of(sorted(scores, key=lambda score: int(score["seed"]))))
    lines = lines_of(summary)
    if out is not None and not only:
        _keep(out, summary, lines)
    if write is not None:
        write_section(write, TITLE, lines)
    print_json(summary) if as_json else typer.echo("\n".join(lines))


def _run(plan: Any, workers: int, *, resume: bool) -> Sequence[Any]:
    from ..evals.agent_cases.run import run_cases
    from .show import say

    scores = []
    for score in run_cases(plan, workers=workers, resume=resume):
        scores.append(score)
        misses = sum(len(one["misses"]) for one in list(score["agents"].values())[:1])
        say(f"case {score['seed']} ({len(scores)} of {len(plan.seeds)}): {misses} missed")
    return scores


def _dated(summary: dict[str, Any]) -> dict[str, Any]:
    """The summary with what a comparison over time needs to know."""
    from .. import __version__
    from ..evals.sections import machine, today

    return {"schema": "caseloom.eval.agent/1", "version": __version__, "date": today(), "machine": machine(), **summary}


def _keep(out: Path, summary: dict[str, Any], lines: Sequence[str]) -> None:
    """`summary.json` for comparing runs over time, `table.md` for people."""
    import json

    (out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    (out / "table.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
