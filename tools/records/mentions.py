"""Things that a text mentions: conditions, symptoms, procedures of a fixed list, by their whole words."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .stances import Span, Stance, stance_of

SHORTEST_IN_SMALL_LETTERS = 4
"""Abbreviations shorter than this count in capitals alone: `PE`, but not `pe`."""


@dataclass(frozen=True)
class Mention:
    """A thing in a sentence.

    Args:
        name: its common name.
        kind: `condition`, `symptom` or `procedure`.
        place: where the sentence names it.
        stance: what the sentence says of it.
    """

    name: str
    kind: str
    place: Span
    stance: Stance


@cache
def terms() -> Mapping[str, tuple[str, str]]:
    """Name and kind by the form that a text may use; abbreviations as they are written, all else case-folded."""
    text = (files("caseloom.tools.records") / "data" / "note_terms.csv").read_text(encoding="utf-8")
    return {form if _is_abbreviation(form) else form.casefold(): (row["name"], row["kind"])
            for row in csv.DictReader(text.splitlines()) for form in row["forms"].split("|")}


@cache
def _forms() -> Mapping[str, tuple[str, ...]]:
    """Every form of a thing by its common name, case-folded."""
    forms: dict[str, list[str]] = {}
    for form, (name, _) in terms().items():
        forms.setdefault(name.casefold(), []).append(form)
    return {name: tuple(same) for name, same in forms.items()}


def other_names(name: str) -> tuple[str, ...]:
    """What else a thing may be called; nothing for one that is not on the list."""
    return _forms().get(name.casefold(), ())


def spelled_out(name: str) -> str | None:
    """The common name that an abbreviation stands for (GERD); None for any other name, and where the common name is
    broader: the letters must stand in it in their order, since AIDS is more than an HIV infection."""
    found = terms().get(name.upper())
    return found[0] if found and re.search(".*".join(map(re.escape, name.casefold())), found[0].casefold()) else None


def is_condition(name: str) -> bool:
    """Whether a thing on the list is a condition, not a symptom or a procedure."""
    return any(terms()[form][1] == "condition" for form in other_names(name)[:1])


@cache
def _pattern() -> re.Pattern[str]:
    forms = sorted(terms(), key=lambda form: (-len(form), form))
    folded = "|".join(re.escape(form) for form in forms if not _is_abbreviation(form))
    upper = "|".join(re.escape(form) for form in forms if _is_abbreviation(form))
    return re.compile(rf"(?<![\w-])(?:(?i:{folded})|{upper})(?![\w])")


def mentions_in(sentence: str, section: Stance | None = None) -> list[Mention]:
    """The known things that a sentence names, each with what is said of it, in their order.

    Args:
        sentence: one sentence or line as written.
        section: what the heading above makes of it.
    """
    found = [match.span() for match in _pattern().finditer(sentence)]
    mentions = []
    for start, end in found:
        form = sentence[start:end]
        name, kind = terms().get(form) or terms()[form.casefold()]
        held = section
        if section is Stance.PLANNED:
            held = Stance.HYPOTHETICAL if kind == "procedure" else None
        mentions.append(Mention(name, kind, (start, end), stance_of(sentence, (start, end), found, held)))
    return mentions


def _is_abbreviation(form: str) -> bool:
    return len(form) <= SHORTEST_IN_SMALL_LETTERS and form.isupper()
