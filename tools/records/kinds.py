"""Which conditions are kinds of a broader one: a heart failure answers to "heart disease".

The table holds common broader names with phrases that a narrower condition's name holds; each row names the ICD-10
blocks (WHO, icd.who.int/browse10) that put them together. A phrase that is not listed answers to nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .entries import Entry
from .matching import all_words, denied_words, fold, head_of


@dataclass(frozen=True)
class Kind:
    """A broader condition.

    Args:
        names: what it is asked for by, as the sets of their words.
        members: folded phrases that the names of narrower conditions hold.
        source: the ICD-10 blocks.
    """

    names: tuple[frozenset[str], ...]
    members: tuple[str, ...]
    source: str


@cache
def table() -> tuple[Kind, ...]:
    """All broader conditions."""
    text = (files("caseloom.tools.records") / "data" / "condition_kinds.csv").read_text(encoding="utf-8")
    return tuple(Kind(names=tuple(frozenset(all_words(fold(name))) for name in row["kinds"].split("|")),
                      members=tuple(fold(member) for member in row["members"].split("|")), source=row["source"])
                 for row in csv.DictReader(text.splitlines()))


def kinds_of(asked: str, entries: Sequence[Entry]) -> tuple[list[Entry], str]:
    """The entries whose condition is a kind of the one asked for, and the ICD-10 blocks that say so.

    Args:
        asked: the words of the question.
        entries: conditions.

    Returns:
        No entries and an empty text where the table knows no such broader condition or the record no kind of it.
    """
    words = frozenset(all_words(fold(asked)))
    for kind in (kind for kind in table() if words in kind.names):
        found = [entry for entry in entries if _is_one(kind, entry.finding.name)]
        if found:
            return found, kind.source
    return [], ""


def _is_one(kind: Kind, name: str) -> bool:
    head = head_of(name)
    return any(member in head for member in kind.members) and not denied_words(head)
