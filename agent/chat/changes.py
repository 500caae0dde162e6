"""Which results and measurements changed, and by how much: between the moments that the report compares, or others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...core.finding import Change, Direction, Finding
from ...core.moments import moment_key
from ...report.wording import by_number
from ...tools.comparison.measure import OPACITY_VOLUME
from ..compose_change import change_text
from ..phrases import cited
from .arithmetic import days_between
from .context import ChatContext
from .results import LONG_DATE, begins, difference, is_within, span_words
from .told import Saying, Told, nothing, said


@dataclass(frozen=True)
class Wanted:
    """Which changes are asked for.

    Args:
        percent: of the earlier value, which they exceed; at 0 all that is not stable.
        direction: `increased`, `decreased`, or empty for both; what moved by less than can be told from noise is
            stable and did neither.
        of: `lab`, `imaging`, or empty for both.
        most: how many are told.
    """

    percent: float
    direction: str
    of: str
    most: int

    def takes(self, item: Finding) -> bool:
        """Whether a change is one of them."""
        moved = _moved(item)
        beyond = abs(_percent(item)) > self.percent if self.percent else bool(moved)
        return beyond and (not self.direction or moved == self.direction)


def find_changes(context: ChatContext, wanted: Wanted, since: str, until: str) -> Told:
    """Results and measurements that changed, the largest share of the earlier value first and volumes of opacities
    behind their diameters, with how many were compared.

    Args:
        context: the case.
        wanted: which.
        since: ISO date or empty; only changes that began by then or later.
        until: ISO date or empty; only changes that ended by then.
    """
    changes = _changes(context, wanted.of, since, until)
    what = {"lab": "laboratory results", "imaging": "measurements"}.get(wanted.of, "results and measurements")
    if not changes:
        when = f" {span_words(since, until)}" if since or until else ""
        return nothing(f"The case holds no change of {what}{when} that is told in percent.")
    beyond = sorted(filter(wanted.takes, changes), key=lambda item: (item.name == OPACITY_VOLUME, -abs(_percent(item))))
    moved = f"{wanted.direction or 'changed'}{f' by more than {wanted.percent:g} %' if wanted.percent else ''}"
    if not beyond:
        return nothing(f"No one of the {what} {moved}; {len(changes)} changes were looked at.")
    told = said([cited(change_text(item, context.material), (item,)) for item in beyond[:wanted.most]])
    everything = by_number({key for item in changes for key in item.evidence})
    head = () if wanted.percent else (Saying(f"{len(changes)} {what} were compared with earlier ones; {len(beyond)} "
                                             f"{moved}.{_unsure(beyond)}", everything),)
    return replace(told, sayings=(*head, *told.sayings, *_unlisted(beyond[wanted.most:])))


def _unlisted(smaller: Sequence[Finding]) -> tuple[Saying, ...]:
    if not smaller:
        return ()
    text = f"{len(smaller)} smaller change{' is' if len(smaller) == 1 else 's are'} not listed here."
    return (Saying(text, by_number({key for item in smaller for key in item.evidence})),)


def _changes(context: ChatContext, of: str, since: str, until: str) -> list[Finding]:
    """The report's changes; of laboratory results, where a span is asked for, those from its first to its last."""
    reported = [item for item in context.report.findings
                if item.change is not None and item.change.relative is not None and not item.is_read
                and (not of or context.material.is_lab(item) is (of == "lab"))
                and (not since or begins(item, context) >= since) and (not until or is_within(item.date, "", until))]
    if not (since or until) or of == "imaging":
        return reported
    longer = [item for item in changes_over(context, reported, since, until)
              if item.change and item.change.relative is not None]
    instead = {item.name for item in longer}
    return [*(item for item in reported if item.name not in instead), *longer]


def _unsure(moved: Sequence[Finding]) -> str:
    """Of how many changes it is not known whether they are more than noise."""
    unknown = sum(item.change is not None and item.change.least_detectable is None for item in moved)
    words = f" For {unknown} of these no smallest detectable difference is known, so they may be noise."
    return words if unknown else ""


def _percent(item: Finding) -> float:
    return 100.0 * (item.change.relative or 0.0) if item.change is not None else 0.0


def _moved(item: Finding) -> str:
    """`increased` or `decreased`; empty for what is stable."""
    if item.change is None or item.change.direction is Direction.STABLE:
        return ""
    return "increased" if _percent(item) > 0 else "decreased"


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
