"""The names of a case inside a question: found by words, never by likeness."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ...core.finding import Finding
from ...tools.records.matching import EMPTY_WORDS, Fit, fit, fold, head_of, without_property, words_of
from ..phrases import place

LONGEST = 7
"""Words that a name in a question may have."""
_PARTS = frozenset((
    "right", "left", "both", "lung", "volume", "area", "size", "region", "high", "low", "mean", "median", "total",
    "count", "ratio", "density", "tissue", "field", "share", "1", "2", "3", "4", "5", "slide", "upper", "lower", "ct",
    "large", "small", "big", "long", "short", "normal", "range", "air", "film", "change", "report",
    "first", "last", "body", "blood", "serum", "new", "diameter", "axis", "fraction", "distribution",
    "concentration"))
"""Words of names that name nothing by themselves."""
JOINING = frozenset(("and", "or", "&"))


@dataclass(frozen=True)
class Named:
    """A finding with the names that it goes by, its place among them."""

    finding: Finding

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Its name, its name with its place, the display of its code without the kind of property, and the code."""
        code = self.finding.code
        where = place(self.finding)
        names = [self.finding.name, *([f"{self.finding.name} {where}"] if where else [])]
        return (*names, *((without_property(code.display), code.code) if code else ()))


class Names:
    """Names of what a case measured or saw, results and changes.

    Args:
        things: with the names that they go by.
        findings: all of the case, for the words of their names.
    """

    def __init__(self, things: Sequence[Named], findings: Iterable[Finding]) -> None:
        self._named = things
        self._all = [item.name for item in findings]

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of all findings' names, lower case."""
        return frozenset(word for name in self._all for word in re.findall(r"[a-z]+", fold(name)))

    @cached_property
    def _sets(self) -> dict[frozenset[str], tuple[str, ...]]:
        found: dict[frozenset[str], tuple[str, ...]] = {}
        for item in self._named:
            for words in {frozenset(words_of(form)) for name in item.names for form in (head_of(name), fold(name))}:
                found[words] = tuple(dict.fromkeys((*found.get(words, ()), *item.names)))
        return found

    def answers_to(self, words: str) -> Fit:
        """How well any name answers to some words of a question."""
        wanted = frozenset(words_of(fold(words)))
        near = [names for held, names in self._sets.items() if wanted <= held]
        return max((fit(words, names)[0] for names in near), default=Fit.NONE)

    def _is_one_thing(self, part: Sequence[str]) -> bool:
        """Whether words are no list: `eGFR and creatinine` is two things, though the name of one of them holds all
        these words; `trachea and large bronchi` is so written in a name."""
        if JOINING.isdisjoint(part) and not any(word.endswith(",") for word in part[:-1]):
            return True
        words = " ".join(part)
        return any(words in form.casefold() for item in self._named for form in item.names)

    def find(self, text: str) -> tuple[str, str]:
        """The longest stretch of a question that names something, and the rest; two empty texts where nothing does.

        Args:
            text: lower case, single spaces.
        """
        tokens = text.split()
        for length in range(min(LONGEST, len(tokens)), 0, -1):
            for start in range(len(tokens) - length + 1):
                part = tokens[start:start + length]
                if part[0] in EMPTY_WORDS or part[-1] in EMPTY_WORDS or (length == 1 and part[0] in _PARTS) or (
                        not self._is_one_thing(part)):
                    continue
                if self.answers_to(" ".join(part)) is not Fit.NONE:
                    return " ".join(part), " ".join([*tokens[:start], *tokens[start + length:]])
        return "", ""


def only(words: str, allowed: Iterable[frozenset[str]]) -> bool:
    """Whether every word of a text is in one of the sets."""
    return all(any(word in some for some in allowed) for word in re.findall(r"[^\s,;]+", words))
