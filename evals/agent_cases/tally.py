"""What one case scores: counts, measurement errors, misses, and which findings are true."""

from __future__ import annotations

from dataclasses import dataclass, field

Pair = tuple[float, float]


@dataclass
class Tally:
    """Filled by the scorers, one for each agent and case.

    Attributes:
        counts: numerator and denominator by metric; over cases both are added up.
        errors: (measured, true) by quantity.
        misses: what went wrong, by metric, each in one line.
        judged: whether a finding is true, by its id; what no truth is known of is not there.
    """

    counts: dict[str, Pair] = field(default_factory=dict)
    errors: dict[str, list[Pair]] = field(default_factory=dict)
    misses: list[tuple[str, str]] = field(default_factory=list)
    judged: dict[str, bool] = field(default_factory=dict)

    def add(self, metric: str, hits: float, of: float) -> None:
        """Add to a ratio; nothing where there was nothing to hit."""
        if of:
            before = self.counts.get(metric, (0.0, 0.0))
            self.counts[metric] = (before[0] + hits, before[1] + of)

    def check(self, metric: str, hit: bool, otherwise: str) -> None:
        """Count one thing that is right or wrong, and keep what is to be said where it is wrong."""
        self.add(metric, float(hit), 1)
        if not hit:
            self.misses.append((metric, otherwise))

    def measured(self, quantity: str, measured: float | None, true: float) -> None:
        """Keep a measurement beside its truth."""
        if measured is not None:
            self.errors.setdefault(quantity, []).append((measured, true))

    def found(self, kind: str, hits: int, true: int, told: int) -> None:
        """Recall and precision of one kind of finding, and of all kinds together."""
        for group in (kind, "all findings"):
            self.add(f"{group}: recall", hits, true)
            self.add(f"{group}: precision", hits, told)

    def judge(self, finding: str, right: bool) -> None:
        """Keep that a finding is true, or not; what was found wrong once stays wrong."""
        self.judged[finding] = self.judged.get(finding, True) and right
