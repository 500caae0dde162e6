"""The one table, and the section of the accuracy document with the first run beside the last."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..sections import machine, today
from ..verifier_suite import DATA

Json = dict[str, Any]
TITLE = "The whole agent on generated cases"
FIRST = DATA / "agent_cases_first_run.json"
MAIN = "as it is"
_GROUPS = ("all findings", "nodules", "pleural fluid", "film structures", "slide region", "note statements",
           "record entries", "record results", "direction of change", "laboratory", "timeline", "sentences",
           "refused files", "isolation", "conflicts", "orders in sources", "gaps told", "chat")


def _order(name: str) -> tuple[int, str]:
    place = next((number for number, group in enumerate(_GROUPS) if name.startswith(group)), len(_GROUPS))
    return place, name


def table_of(summary: Json, first: Mapping[str, float] | None = None) -> list[str]:
    """A line for each metric, a column for each agent; the main one with its interval and what it is of.

    Args:
        summary: from `summary.summary_of`.
        first: values of the first run of the main agent by metric, for a column of their own.
    """
    agents = summary["agents"]
    names = sorted({name for agent in agents.values() for name in agent["ratios"]}, key=_order)
    kept = ["first run"] if first else []
    heads = ["metric", *kept, *(_head(name, agent, summary["cases"]) for name, agent in agents.items())]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name in names:
        before = [_plain((first or {}).get(name))] if first else []
        cells = [_cell(agent["ratios"].get(name), full=key == MAIN) for key, agent in agents.items()]
        lines.append(f"| {' | '.join([name, *before, *cells])} |")
    return lines


def _head(name: str, agent: Json, cases: int) -> str:
    """An agent's name, and how many cases it had where it had not all."""
    fewer = f", {agent['cases']} cases" if agent["cases"] != cases else ""
    return f"{name}{fewer} (95 % interval; of)" if name == MAIN else f"{name}{fewer}"


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _cell(ratio: Json | None, *, full: bool) -> str:
    if ratio is None:
        return "–"
    if not full:
        return _plain(ratio["value"])
    return f"{ratio['value']:.3f} ({ratio['low']:.3f}–{ratio['high']:.3f}; {ratio['of']:g})"


def errors_table(summary: Json) -> list[str]:
    """A line for each quantity that the main agent measured."""
    agent = summary["agents"].get(MAIN)
    if not agent or not agent["errors"]:
        return []
    lines = ["| quantity | measured | mean error | relative | bias | 95 % limits of agreement |", "|---" * 6 + "|"]
    for name, error in agent["errors"].items():
        relative = 100 * error["mean_relative"]
        lines.append(f"| {name} | {error['count']} | {error['mean_absolute']:.3g} | {relative:.1f} % | "
                     f"{error['bias']:+.3g} | {error['low']:+.3g} to {error['high']:+.3g} |")
    return lines


def lines_of(summary: Json) -> list[str]:
    """The section: how it was measured, the table, the errors, what a case costs, and what went wrong most."""
    holds = ", ".join(f"{count} {kind}" for kind, count in summary["holds"].items())
    seeds = summary["seeds"]
    cost = "; ".join(f"{name} {agent['cpu_seconds']:g} s" for name, agent in summary["agents"].items())
    said = (f"Measured on {today()} by `caseloom eval agent` ({machine()}) on {summary['cases']} generated cases, "
            f"seeds {seeds[0]} to {seeds[-1]}, with the reader `measure`: {holds}. "
            "[What is varied and how it is scored](evaluation-agent.md). ")
    costs = f"Processor time of a case, mean: writing it {summary['write_seconds']:g} s; {cost}."
    first = first_run(seeds)
    before = (f" The first run was on {first['date']}, of {first['cases']} of these cases, before what it showed was "
              "mended by cause." if first else "")
    return [said + costs + before, "", *table_of(summary, first["values"] if first else None), "",
            *errors_table(summary), "", *_worst(summary)]


def _worst(summary: Json) -> list[str]:
    """What the main agent missed, by metric, with seeds to look at."""
    seeds: dict[str, list[int]] = {}
    for miss in summary["misses"].get(MAIN, ()):
        seeds.setdefault(miss["metric"], []).append(miss["seed"])
    if not seeds:
        return []
    lines = ["| missed | times | seeds, at most eight |", "|---|---|---|"]
    for metric, where in sorted(seeds.items(), key=lambda item: _order(item[0])):
        named = ", ".join(map(str, list(dict.fromkeys(where))[:8]))
        lines.append(f"| {metric} | {len(where)} | {named} |")
    return lines


def first_run(seeds: Sequence[int]) -> Json | None:
    """The first run of the main agent: its date, machine, number of cases (by seed from 1 on), and values by metric.

    Args:
        seeds: of the run that it is to stand beside; None where that one lacks some of its cases.
    """
    kept: Json = json.loads(FIRST.read_text(encoding="utf-8"))
    return kept if set(range(1, kept["cases"] + 1)) <= set(seeds) else None
