"""The cases one by one, each written, put to every agent and scored; two at a time, and resumed where a run stopped."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ... import __version__
from ...core.errors import UsageError
from ...core.settings import Settings
from ...phantoms.vary import vary, write_varied
from .agents import AGENTS
from .questions import questions_of
from .score import score_case

Json = dict[str, Any]
CASES_OF_A_PROCESS = 20
"""About so many, then it ends and gives its memory back. The pool's own limit is not used: in Python 3.11 a pool that
replaces its processes can wait for ever."""
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Plan:
    """What is run.

    Args:
        seeds: of the cases.
        agents: names in `agents.AGENTS`.
        folder: where scores are kept.
        keep: leave each case, its truth and the reports in the folder, to be looked at.
    """

    seeds: Sequence[int]
    folder: Path
    agents: Sequence[str] = field(default_factory=lambda: tuple(AGENTS))
    keep: bool = False


def run_cases(plan: Plan, *, workers: int = 2, resume: bool = False) -> Iterator[Json]:
    """The score of each case as it is done; those that an earlier run kept come first.

    Args:
        plan: which cases and agents.
        workers: processes.
        resume: take over the scores in the plan's folder that this version made, of other agents too.
    """
    left = []
    for seed in plan.seeds:
        kept = _kept(plan, seed) if resume else {}
        if set(plan.agents) <= set(kept.get("agents", ())):
            yield kept
        else:
            left.append(seed)
    with tempfile.TemporaryDirectory(prefix=".work-", dir=plan.folder.resolve(), ignore_cleanup_errors=True) as work:
        yield from _run(partial(run_case, plan, Path(work), resume=resume), left, workers)


def _run(one: Callable[[int], Json], seeds: Sequence[int], workers: int) -> Iterator[Json]:
    if workers < 2 or len(seeds) < 2:
        yield from map(one, seeds)
        return
    for name in _THREADS:  # one thread for each process: they would wait for each other
        os.environ.setdefault(name, "1")
    size = CASES_OF_A_PROCESS * workers
    for start in range(0, len(seeds), size):
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            for done in as_completed([pool.submit(one, seed) for seed in seeds[start:start + size]]):
                yield done.result()


def run_case(plan: Plan, work: Path, seed: int, *, resume: bool = False) -> Json:
    """Write a case, put it to the agents that have not had it, score them, and keep the score.

    Cases that one process runs share each agent's state folder, so that what one patient's case leaves behind can show
    in the next one's; the words of scanned pages are shared by the agents too.
    """
    place = _place(plan, work, seed)
    began = time.perf_counter()
    case = write_varied(vary(seed), place)
    truth = json.loads((place / "truth.json").read_text(encoding="utf-8"))
    written = time.perf_counter() - began
    kept: Json = _kept(plan, seed).get("agents", {})
    done = {name: score for name, score in kept.items() if resume or name not in plan.agents}
    fresh = {name: _put(name, case, truth, plan, work) for name in plan.agents if name not in done}
    score: Json = {"seed": seed, "version": __version__, "write_seconds": round(written, 2), "holds": _holds(truth),
                   "agents": {name: (done | fresh)[name] for name in AGENTS if name in done or name in fresh}}
    if not plan.keep:
        shutil.rmtree(place)
    file = _score_file(plan, seed)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".part")
    draft.write_text(json.dumps(score), encoding="utf-8")
    draft.replace(file)
    return _kept(plan, seed)


def _place(plan: Plan, work: Path, seed: int) -> Path:
    """Where a case is written: in the run's own folder, or where it is kept, in place of what an earlier run left.

    Raises:
        UsageError: something else lies there.
    """
    place = (plan.folder if plan.keep else work) / "cases" / f"{seed:04d}"
    if place.exists():
        if not (place / "truth.json").is_file():
            raise UsageError(f"{place} holds something else than a generated case; choose another --out")
        shutil.rmtree(place)
    return place


def _put(name: str, case: Path, truth: Json, plan: Plan, work: Path) -> Json:
    """One agent on one case: its tally and what it cost."""
    questions = questions_of(truth)
    settings = Settings(home=_home(work, name), workers=1)
    began, used = time.perf_counter(), time.process_time()
    outcome = AGENTS[name](case, truth, [question.text for question in questions], settings)
    spent, cpu = time.perf_counter() - began, time.process_time() - used
    tally = score_case(outcome, truth, questions, case)
    if plan.keep:
        stem = case.parent / name.replace(" ", "-")
        stem.with_suffix(".json").write_text(outcome.report.model_dump_json(by_alias=True, indent=1), encoding="utf-8")
        answers = [{"question": question.text, **answer.model_dump(mode="json")}
                   for question, answer in zip(questions, outcome.answers, strict=True)]
        stem.with_suffix(".chat.json").write_text(json.dumps(answers, indent=1), encoding="utf-8")
    shutil.rmtree(settings.home / "runs" / outcome.report.case.id, ignore_errors=True)
    return {"seconds": round(spent, 2), "cpu_seconds": round(cpu, 2), "counts": tally.counts, "errors": tally.errors,
            "misses": tally.misses}


def _home(folder: Path, agent: str) -> Path:
    """The state folder of an agent in this process; all of them share the cache of what pages say."""
    state = folder / "state" / str(os.getpid())
    home = state / agent.replace(" ", "-")
    if not home.exists():
        home.mkdir(parents=True, mode=0o700)
        (state / "cache").mkdir(exist_ok=True, mode=0o700)
        (home / "cache").symlink_to(state / "cache")
    return home


def _holds(truth: Json) -> Json:
    """How much of what a case holds."""
    kinds = [item["modality"] for item in truth["studies"]]
    return {"CTs": kinds.count("CT"), "films": kinds.count("DX"), "slides": int("slide" in truth),
            "lab reports": len(truth["labs"]), "records": int("record" in truth), "notes": len(truth.get("notes", ())),
            "files of others": len(truth["others"]), "damaged files": len(truth["refused"]) - len(truth["others"]),
            "conflicts": len(truth["conflicts"]), "orders": len(truth["orders"]), "gaps": len(truth["gaps"])}


def _score_file(plan: Plan, seed: int) -> Path:
    return plan.folder / "scores" / f"{seed:04d}.json"


def _kept(plan: Plan, seed: int) -> Json:
    """An earlier run's score of this version; empty where there is none.

    Raises:
        UsageError: it is there and cannot be read.
    """
    file = _score_file(plan, seed)
    if not file.is_file():
        return {}
    try:
        score: Json = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{file} is damaged; delete it, and its case is done anew") from error
    return score if score.get("version") == __version__ else {}


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for a run that nobody wants to keep."""
    return tempfile.TemporaryDirectory(prefix="caseloom-eval-")
