"""Names, hospital numbers and birth dates taken out of text before a model sees it.

A name goes where two of its parts stand together, in any order, case and spelling of accents, or one part beside an
initial. One part alone goes too, unless it means something else as well: an everyday word (`May`, `White`, `Lung`)
goes only behind a title or label (`Mr White`, `Name: May`), an eponym (`Hodgkin`) goes unless a word such as
`lymphoma` or `disease` follows. So the lymphoma of a patient called Hodgkin stays, and so do the colour of a patient
called White; any other name is rather taken out once too often. A name that holds digits (`Lung_Dx-A0001`, as research
sets have them) goes as a whole, never its single words. Numbers go with any punctuation between their characters;
those of fewer than four characters only behind a label such as `MRN`, since every value would go with them. A birth
date goes in every usual writing, and whatever date stands behind a label such as `DOB`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from ...core.case import Identity, Patient, Study
from ...core.ids import normalise_identifier
from ...sources.dates import DATE_PATTERN
from ...sources.identity_labels import Label, Labelled, id_in, labels_in
from ...sources.people import UNIDENTIFIED
from ..base import ToolContext
from .birth_dates import birth_date_patterns
from .names import name_spans, words_of
from .numbers import is_code, number_spans
from .spans import BIRTH, NUMBER, Span

_BORN = re.compile(rf"{DATE_PATTERN}|(?<!\d)(?:18|19|20)\d\d(?!\d)")
_LONGEST_LINE = 2000
_FULL_WIDTH = {sign: sign - 0xFEE0 for sign in range(0xFF01, 0xFF5F)}
"""Full-width letters, digits and signs to the usual ones."""
_MISREAD_LETTERS = str.maketrans("01358", "olesb")


def people_of(patient: Patient | None, others: Iterable[Identity] = ()) -> tuple[Identity, ...]:
    """Everybody whose names, numbers and birth dates are to be blanked.

    Args:
        patient: the case's, or None without a case.
        others: whom files, records and documents name; empty ones are passed over.
    """
    known: list[Identity] = []
    if patient is not None:
        numbers = tuple(number for number in (patient.id, *patient.aliases) if number != UNIDENTIFIED)
        known.append(Identity(ids=numbers, names=patient.names, birth_date=patient.birth_date))
    return tuple(dict.fromkeys(who for who in (*known, *others) if who.ids or who.names or who.birth_date))


def people_of_study(study: Study, context: ToolContext) -> tuple[Identity, ...]:
    """The case's patient and everybody whom a study's files name."""
    return people_of(context.patient, (who for file in study.files for who in file.identities))


def blank_question(study: Study, context: ToolContext) -> str | None:
    """The user's question as a model may see it, None when none was put."""
    return None if context.question is None else blank_text(context.question, people_of_study(study, context))


def blank_text(text: str, people: Sequence[Identity]) -> str:
    """A text in which identities are replaced by `[name]`, `[id]` and `[birth date]`.

    Args:
        text: of any length; accents come back composed (NFC), signs that nobody sees (category Cf) not at all: in the
            middle of a name they would hide it.
        people: from `people_of`.
    """
    text = unicodedata.normalize("NFC", "".join(sign for sign in text if unicodedata.category(sign) != "Cf"))
    parts, last = [], 0
    for span in identity_spans(text, people):
        parts += [text[last:span.start], span.instead]
        last = span.end
    return "".join((*parts, text[last:]))


def identity_spans(text: str, people: Sequence[Identity], *, misread: bool = False) -> list[Span]:
    """Where a text holds an identity, sorted, without overlaps.

    Args:
        text: composed (NFC).
        people: from `people_of`.
        misread: the text comes from OCR: names that differ by one letter, and signs that look alike, count too.
    """
    text = text.translate(_FULL_WIDTH)
    words = words_of(text.translate(_MISREAD_LETTERS) if misread else text)
    found = list(_labelled(text, people))
    for who in people:
        found += _dates(text, who)
        found += number_spans(text, (*who.ids, *(name for name in who.names if is_code(name))), misread=misread)
        found += name_spans(text, words, who, misread=misread)
    return _merged(found)


def _merged(found: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if merged and span.start < merged[-1].end:
            last = merged.pop()
            merged.append(Span(last.start, max(last.end, span.end), last.instead))
        else:
            merged.append(span)
    return merged


def _dates(text: str, who: Identity) -> Iterator[Span]:
    for pattern in birth_date_patterns(who.birth_date) if who.birth_date else ():
        yield from (Span(*match.span(), BIRTH) for match in pattern.finditer(text))


def _labelled(text: str, people: Sequence[Identity]) -> Iterator[Span]:
    """Whatever date or year stands behind a label such as `DOB`, and known numbers of any length behind `MRN`."""
    numbers = {normalise_identifier(number) for who in people for number in who.ids}
    at = 0
    for line in text.splitlines(keepends=True):
        for item, start in valued_labels(line[:_LONGEST_LINE]):
            born = _BORN.search(item.value) if item.label is Label.BIRTH else None
            number = id_in(item.value) if item.label in (Label.ID, Label.BARE_ID, Label.PLAIN) else None
            if born is not None:
                yield Span(at + start + born.start(), at + start + born.end(), BIRTH)
            elif number and normalise_identifier(number) in numbers:
                first = at + start + item.value.index(number)
                yield Span(first, first + len(number), NUMBER)
        at += len(line)


def valued_labels(line: str) -> Iterator[tuple[Labelled, int]]:
    """The labels of one line, each with where its value begins."""
    labels = labels_in(line)
    ends = [item.start for item in labels[1:]] + [len(line)]
    for item, end in zip(labels, ends, strict=False):
        yield item, line.rindex(item.value, item.start, end)
