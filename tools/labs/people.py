"""Whose results stand where in a document that may hold several people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ...core.case import Identity
from ...core.ids import normalise_identifier, normalise_name
from ...sources.document import Document
from ...sources.document_dates import Occasion, labelled_moments
from ...sources.identity import identities_in_text, merge_identities, same_person
from ...sources.page import Page, PageWord, line_text


@dataclass(frozen=True)
class Stretch:
    """Lines of a page that are about one person, with the dates printed among them."""

    first_line: int
    identity: Identity | None
    """None: nobody is named."""
    person: int
    """1-based number of the person in the document; 0 when nobody is named."""
    moments: dict[Occasion, str]


def stretches_of(document: Document, results: Sequence[Collection[int]]) -> list[list[Stretch]]:
    """For every page its stretches from top to bottom; a page that names nobody goes on with the person before.

    Dates that a stretch lacks are taken from the same person's stretch before it.

    Args:
        document: of one person or several.
        results: for every page the numbers of the lines on which results stand.
    """
    named = [identities_in_text(page.text) for page in document.pages]
    people = merge_identities(identity for page in named for identity in page)
    pages: list[list[Stretch]] = []
    last: Stretch | None = None
    for page, identities, rows in zip(document.pages, named, results, strict=True):
        stretches = []
        for first, identity, lines in parts_of_page(page, identities, rows, goes_on=last is not None):
            owner = identity or (last.identity if last else None)
            person = next((n for n, other in enumerate(people, start=1) if owner and same_person(owner, other)), 0)
            moments = labelled_moments(lines, month_first=document.date_order.month_first)
            if last is not None and last.person == person:
                moments = {**last.moments, **moments}
            last = Stretch(first, owner, person, moments)
            stretches.append(last)
        pages.append(stretches)
    return pages


Part = tuple[int, Identity | None, tuple[tuple[PageWord, ...], ...]]
"""First line, whose, and the lines of a part of a page."""


def parts_of_page(page: Page, identities: Sequence[Identity], results: Collection[int], *, goes_on: bool) -> list[Part]:
    """The parts of a page, by whom its lines name.

    A person's part begins behind the last result above the line that names the person: a report's head may stand above
    the name. What stands above the first person's part is nobody's where the document goes on from a page before and
    results stand below the name too (a name with results above it alone is a footer).

    Args:
        page: with its lines.
        identities: of the people named on it.
        results: numbers of the lines with results.
        goes_on: a page with a person came before.
    """
    lines = page.lines
    named = sorted((line, number) for number, identity in enumerate(identities)
                   if (line := first_mention(lines, identity)) is not None)
    if not named:
        return [(0, identities[0] if len(identities) == 1 else None, lines)]
    starts = [max((row + 1 for row in results if row < line), default=0) for line, _ in named]
    below = any(named[0][0] < row < (starts[1] if len(starts) > 1 else len(lines)) for row in results)
    if not (goes_on and below):
        starts[0] = 0
    bounds = [*starts, len(lines)]
    parts: list[Part] = [(start, identities[number], lines[start:end])
                         for (_, number), start, end in zip(named, starts, bounds[1:], strict=True)]
    return [(0, None, lines[:starts[0]]), *parts] if starts[0] else parts


def first_mention(lines: Sequence[Sequence[PageWord]], identity: Identity) -> int | None:
    """Number of the first line that names a person as whose report it is, else of the first that holds one of the
    person's numbers as a word, or a whole name; None where none does."""
    texts = [line_text(line) for line in lines]
    for number, text in enumerate(texts):
        if any(same_person(identity, other) for other in identities_in_text(text)):
            return number
    ids = {plain for text in identity.ids if (plain := normalise_identifier(text))}
    names = [set(normalise_name(name).split()) for name in identity.names]
    for number, text in enumerate(texts):
        words = set(normalise_name(text).split())
        if ids & set(map(normalise_identifier, text.split())) or any(len(name) > 1 and name <= words for name in names):
            return number
    return None


def names_person(text: str, identity: Identity | None) -> bool:
    """Whether a text holds the name or a number of a person."""
    if identity is None:
        return False
    plain = normalise_identifier(text)
    numbers = any(number in plain for number in map(normalise_identifier, identity.ids) if number)
    words = set(normalise_name(text).split())
    return numbers or any(len(words & set(normalise_name(name).split())) >= 2 for name in identity.names)


def stretch_at(stretches: Sequence[Stretch], line: int) -> Stretch:
    """The stretch that a line of the page lies in."""
    return next(stretch for stretch in reversed(stretches) if stretch.first_line <= line or stretch is stretches[0])
