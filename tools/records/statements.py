"""What a text states of conditions, symptoms and procedures: each thing and what is said of it, once."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ...core.finding import Assertion, Laterality, Status
from ...core.orders import gives_orders
from .attributes import NOTHING, Attributes, attributes_of
from .mentions import Mention, mentions_in
from .notes import Passage, passages_of
from .stances import Stance

STANDINGS: Mapping[Stance, tuple[Status, Assertion]] = {
    Stance.AFFIRMED: (Status.PRESENT, Assertion.AFFIRMED), Stance.NEGATED: (Status.ABSENT, Assertion.NEGATED),
    Stance.UNCERTAIN: (Status.INDETERMINATE, Assertion.UNCERTAIN), Stance.FAMILY: (Status.PRESENT, Assertion.FAMILY),
    Stance.HISTORICAL: (Status.INDETERMINATE, Assertion.HISTORICAL),
}
"""Of what becomes a finding. Whether what a note calls history is over, the note does not say."""
_PLACED = frozenset({Stance.AFFIRMED, Stance.UNCERTAIN})
"""Of a denial, of history and of relatives only the thing itself is told."""
_QUALIFIER = re.compile(r"\b(?:large|larger|massive|significant|sizable|displaced|acute|new|recurrent|residual"
                        r"|suspicious|overt|focal|gross|tension|severe|active|frank|major|high-grade|metastatic|obstructing"
                        r"|enlarging|growing|further)\s+(?:\w+\s+)?$", re.IGNORECASE)
"""Words before a thing that a denial goes with: "no large effusion" does not deny a small one."""


@dataclass(frozen=True)
class Statement:
    """One thing, and what a text says of it.

    Args:
        name: the thing's common name, with the word that a denial goes with.
        stance: what is said of it.
        passages: where.
        attributes: its side, place, size and course, of what is so or may be so.
    """

    name: str
    stance: Stance
    passages: tuple[Passage, ...]
    attributes: Attributes = NOTHING

    @property
    def words(self) -> str:
        """For a caption."""
        return f"{self.name}, {self.stance}"


@dataclass(frozen=True)
class Said:
    """What a text states.

    Args:
        statements: what becomes findings, in the order of the text.
        passed_over: mentions that become none, by what is said of them.
        orders: the text gives orders to a program; nothing is taken from it.
    """

    statements: tuple[Statement, ...] = ()
    passed_over: Mapping[Stance, int] = field(default_factory=dict)
    orders: bool = False

    def told(self, what: str) -> str:
        """How a text was read, for a warning.

        Args:
            what: the text is, such as "clinical note".
        """
        if self.orders:
            return f"this {what} gives orders to a program, so nothing that it states was taken up"
        passed = [f"{count} {words}" for stance, words in (
            (Stance.HYPOTHETICAL, "mentions of what only may come"), (Stance.OTHER, "of what other people have"),
            (Stance.FAMILY_DENIED, "of what no relative has"),
            (Stance.UNSAID, "in a test, a name or an empty box")) if (count := self.passed_over.get(stance, 0))]
        also = f"; passed over: {', '.join(passed)}" if passed else ""
        return (f"of this {what} {len(self.statements)} statements about conditions, symptoms and procedures of a "
                f"fixed list were read by rules, all else in it is not interpreted{also}")


def statements_in(text: str) -> Said:
    """What a text states, read by rules (see `stances`)."""
    if gives_orders(text):
        return Said(orders=True)
    told: dict[tuple[str, Stance], list[tuple[Passage, Attributes]]] = defaultdict(list)
    passed_over: Counter[Stance] = Counter()
    for passage in passages_of(text):
        for mention in mentions_in(passage.text, passage.section):
            if mention.stance in STANDINGS:
                held = attributes_of(passage.text, mention.place) if mention.stance in _PLACED else NOTHING
                told[_name(mention, passage), mention.stance].append((passage, held))
            else:
                passed_over[mention.stance] += 1
    return Said(tuple(statement for key, places in told.items() for statement in _statements(*key, places)),
                passed_over)


def _statements(name: str, stance: Stance, places: Sequence[tuple[Passage, Attributes]]) -> Iterator[Statement]:
    """One statement for each side and place; what names none goes with the only one that does."""
    groups: dict[tuple[Laterality | None, str | None], list[tuple[Passage, Attributes]]] = defaultdict(list)
    for passage, held in places:
        groups[held.side, held.site].append((passage, held))
    placed = [key for key in groups if key != (None, None)]
    if len(placed) == 1 and (None, None) in groups:
        groups[placed[0]] = sorted(groups[placed[0]] + groups.pop((None, None)), key=lambda told: told[0].start)
    for (side, site), group in groups.items():
        words = next((held.words for _, held in group if held.words), ())
        yield Statement(name, stance, tuple(dict.fromkeys(passage for passage, _ in group)),
                        Attributes(side, site, words))


def _name(mention: Mention, passage: Passage) -> str:
    name = mention.name[:1].upper() + mention.name[1:]
    qualifier = _QUALIFIER.search(passage.text[:mention.place[0]])
    if mention.stance is Stance.NEGATED and qualifier is not None:
        word = qualifier.group().split()[0].casefold()
        return f"{word[:1].upper()}{word[1:]} {name if name[:2].isupper() else name[:1].lower() + name[1:]}"
    return name
