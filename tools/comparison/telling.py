"""Changes told as findings that cite both examinations."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...core.evidence import Evidence
from ...core.finding import Category, Change, Finding, Status, make_finding
from ..base import MEASURED
from .measure import REPEATS, change_between, least_detectable

TOOL = "comparison"


@dataclass
class Told:
    """What a comparison has to say."""

    findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, other: Told) -> None:
        """Take over what another part has to say."""
        self.findings += other.findings
        self.evidence += other.evidence
        self.warnings += other.warnings


@dataclass(frozen=True)
class Shown:
    """Evidence that shows both examinations together.

    Args:
        prior: places in the earlier one.
        current: places in the later one.
        turned: one film lies so far turned against the other that horizontal distances are not the same ones.
    """

    prior: tuple[Evidence, ...] = ()
    current: tuple[Evidence, ...] = ()
    turned: bool = False

    @property
    def all(self) -> tuple[Evidence, ...]:
        """Earlier before later."""
        return self.prior + self.current


def change_finding(before: Finding, after: Finding, change: Change, *, status: Status, shown: Shown | None = None
                   ) -> Finding:
    """A finding that says how `after` differs from `before` and cites the evidence of both; read when either was.

    Args:
        before: the earlier finding.
        after: the later one.
        change: between them; its prior evidence is completed by what `shown` adds.
        status: whether the difference is measured.
        shown: further evidence.
    """
    reader = next((item.reader for item in (after, before) if item.is_read), MEASURED)
    more = shown or Shown()
    earlier = dict.fromkeys((*change.prior_evidence, *(item.id for item in more.prior)))
    return make_finding(name=after.name, code=after.code, category=Category.CHANGE, status=status,
                        laterality=after.laterality, site=after.site, value=after.value,
                        change=change.model_copy(update={"prior_evidence": tuple(earlier)}),
                        evidence=tuple(sorted({*earlier, *after.evidence, *(item.id for item in more.current)})),
                        tool=TOOL, reader=reader, date=after.date, patient=after.patient)


def measured_change(before: Finding, after: Finding, interval: int | None, *, doubtful: bool = False,
                    shown: Shown | None = None) -> Finding:
    """How a measurement of a name in `REPEATS` changed.

    Args:
        before: the earlier one.
        after: the later one.
        interval: days between them.
        doubtful: the techniques are too unlike for the difference to mean anything: its status is `indeterminate`.
        shown: further evidence.
    """
    least = least_detectable(before, after) if after.name in REPEATS else None
    change = change_between(before.number or 0.0, after.number or 0.0, least_detectable=least, interval=interval,
                            prior_evidence=before.evidence)
    return change_finding(before, after, change, status=Status.INDETERMINATE if doubtful else Status.MEASURED,
                          shown=shown)
