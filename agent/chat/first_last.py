"""The change of laboratory results over a span of time, where the report compares other moments."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.finding import Change, Direction, Finding
from ...core.moments import moment_key
from .arithmetic import days_between
from .context import ChatContext
from .results import LONG_DATE, difference, is_within


def changes_over(context: ChatContext, reported: Sequence[Finding], since: str, until: str) -> list[Finding]:
    """Of each laboratory result the first in a span against the last; the last before the span stands for the first
    where only one lies in it.

    Args:
        context: the case.
        reported: changes of the report; none of them is told twice.
        since: ISO date or empty.
        until: ISO date or empty, included.

    Returns:
        The later result of each with its change; none where the two are not plain numbers of one unit. No
        smallest detectable difference is known for these.
    """
    series: dict[str, list[Finding]] = {}
    for item in context.labs:
        finding = item.finding
        if finding.date and len(finding.date) >= LONG_DATE and is_within(finding.date, "", until):
            series.setdefault(finding.code.code if finding.code else finding.name, []).append(finding)
    told = {(item.name, (item.date or "")[:10], item.change.from_) for item in reported if item.change}
    ends = (_ends(results, since) for results in series.values())
    made = (_change(*pair) for pair in ends if pair is not None)
    return [item for item in made if item is not None and item.change is not None
            and (item.name, (item.date or "")[:10], item.change.from_) not in told]


def _ends(results: Sequence[Finding], since: str) -> tuple[Finding, Finding] | None:
    ordered = sorted(results, key=lambda item: moment_key(item.date or ""))
    inside = [item for item in ordered if is_within(item.date, since, "")]
    before = ordered[:len(ordered) - len(inside)]
    if not inside:
        return None
    last = inside[-1]
    starts = [item for item in (*inside, *before[::-1]) if (item.date or "")[:10] != (last.date or "")[:10]]
    return (starts[0], last) if starts else None


def _change(first: Finding, last: Finding) -> Finding | None:
    found = difference([first, last])
    if found is None:
        return None
    delta, start = found[2], first.number or 0.0
    direction = Direction.STABLE if not delta else Direction.INCREASED if delta > 0 else Direction.DECREASED
    return last.model_copy(update={"change": Change(
        direction=direction, from_=first.number, to=last.number, delta=delta,
        relative=delta / abs(start) if start else None, least_detectable=None,
        interval_days=days_between(first.date or "", last.date or ""), prior_evidence=first.evidence)})
