"""Whose results stand where in a document that may hold several people."""

from __future__ import annotations

from collections.abc import Sequence
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


def stretches_of(document: Document) -> list[list[Stretch]]:
    """For every page its stretches from top to bottom; a page that names nobody goes on with the person before.

    Dates that a stretch lacks are taken from the same person's stretch before it.
    """
    named = [identities_in_text(page.text) for page in document.pages]
    people = merge_identities(identity for page in named for identity in page)
    pages: list[list[Stretch]] = []
    last: Stretch | None = None
    for page, identities in zip(document.pages, named, strict=True):
        stretches = []
        for first, identity, lines in parts_of_page(page, identities):
            owner = identity or (last.identity if last else None)
            person = next((n for n, other in enumerate(people, start=1) if owner and same_person(owner, other)), 0)
            moments = labelled_moments(lines, month_first=document.date_order.month_first)
            if last is not None and last.person == person:
                moments = {**last.moments, **moments}
            last = Stretch(first, owner, person, moments)
            stretches.append(last)
        pages.append(stretches)
    return pages


def parts_of_page(page: Page, identities: Sequence[Identity]) -> list[tuple[int, Identity | None,
                                                                           tuple[tuple[PageWord, ...], ...]]]:
    """(first line, whose, its lines) for each part of a page."""
    lines = page.lines
    if len(identities) < 2:
        return [(0, identities[0] if identities else None, lines)]
    starts = sorted((first_mention(lines, identity), number) for number, identity in enumerate(identities))
    bounds = [0, *(line for line, _ in starts[1:]), len(lines)]
    return [(bounds[n], identities[number], lines[bounds[n]:bounds[n + 1]]) for n, (_, number) in enumerate(starts)]


def first_mention(lines: Sequence[Sequence[PageWord]], identity: Identity) -> int:
    """Number of the first line that holds one of a person's numbers or names."""
    wanted = [plain for text in (*identity.ids, *identity.names) if (plain := normalise_identifier(text))]
    for number, line in enumerate(lines):
        text = normalise_identifier(line_text(line))
        if any(plain in text for plain in wanted):
            return number
    return 0


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
