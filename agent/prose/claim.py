"""What one part of a sentence says: the words, numbers, dates and sides of a claim."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from .dates import DateSaid
from .tokens import Token, Words

Anchors = Collection[frozenset[Words]]
"""The ways to name cited findings, each a set of phrases that it needs."""
FLAGS = frozenset({"low", "high", "normal", "outside"})
DIRECTIONS = frozenset({"new", "resolved", "improved", "worsened", "stable", "increased", "decreased"})
EXAMINATIONS = frozenset({"ct", "mr", "film", "slide"})
SIDES = frozenset({"right", "left", "bilateral"})


def with_words(phrases: Collection[Words]) -> set[Words]:
    """Phrases and each of their words: what is named word by word may have been read as longer phrases."""
    return {*phrases, *((word,) for phrase in phrases for word in phrase)}


@dataclass(frozen=True)
class Amount:
    """A number as said. `role`: `prior`, `now`, `by`, `off` (how far from a limit or another value), `times` (a
    multiple), `range`, `upper`, `lower`, `detectable`, `interval`, `long`, `short`, `first`, `second` (of two
    pressures), or empty."""

    digits: str
    sign: str
    comparator: str
    unit: str | None
    role: str
    about: bool = False
    date: DateSaid | None = None

    @property
    def number(self) -> float:
        """With its sign."""
        return -float(self.digits) if self.sign == "-" else float(self.digits)


@dataclass(frozen=True)
class Saying:
    """A word that says something, and whether it stands before the first name of its claim."""

    kind: str
    text: str
    leads: bool


@dataclass
class Claim:
    """One part of a sentence with what it says.

    Args:
        link: what joins it to the part before.
        phrases: phrases of findings, its own.
        context: those of the parts that it continues; empty where it names its finding itself.
        unknown: words that say nothing known and belong to no finding.
        units: those that stand apart from a number.
    """

    link: str
    phrases: set[Words] = field(default_factory=set)
    context: set[Words] = field(default_factory=set)
    amounts: list[Amount] = field(default_factory=list)
    dates: list[tuple[DateSaid, str]] = field(default_factory=list)
    sayings: list[Saying] = field(default_factory=list)
    counts: list[tuple[int, Token | None]] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    units: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    named: bool = False
    framed: list[tuple[DateSaid, str]] = field(default_factory=list)
    """Dates that stand before all, and hold for what is joined to it."""
    by_unit: bool = False
    """Whether the unit of a number names the finding, and no word does."""
    inherited_sides: frozenset[str] = frozenset()
    inherited_directions: frozenset[str] = frozenset()
    shared_sides: frozenset[str] = frozenset()
    """Sides of what contains it; what it names may have none, but no other one."""
    headed: bool = False
    """It stands under a heading that names a side."""
    of: Claim | None = None
    """The claim that it continues, where it names nothing itself."""
    back: int = 1
    """How many claims before it stands the one that it continues."""
    compares: str = ""
    """`increased` or `decreased`: how the part before compares with this one."""

    @property
    def says(self) -> frozenset[str]:
        """All that its words say."""
        return frozenset(item.kind for item in self.sayings)

    @property
    def negations(self) -> int:
        """How many denials it holds."""
        return sum(item.kind == "negation" for item in self.sayings)

    @property
    def sides(self) -> frozenset[str]:
        """Sides that it names."""
        return frozenset(kind for kind in self.says if kind in SIDES)

    def is_named_by(self, anchors: Anchors) -> bool:
        """Whether its own phrases name a cited finding."""
        said = with_words(self.phrases)
        return any(anchor <= said for anchor in anchors)

    def add(self, other: Claim) -> None:
        """Take over what another part says."""
        self.phrases |= other.phrases
        self.amounts = other.amounts + self.amounts
        self.dates = other.dates + self.dates
        self.sayings = other.sayings + self.sayings
        self.counts += other.counts
        self.unknown |= other.unknown
        self.units |= other.units
        self.texts = other.texts + self.texts
