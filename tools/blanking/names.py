"""Where a text holds a person's name, and where the same words mean something else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...core.case import Identity
from .numbers import is_code
from .spans import NAME, Span
from .words import EPONYMS, ORDINARY, PARTICLES, TERMS, TITLES

_WORD = re.compile(r"[^\W\d_]+")
_GAP = re.compile(r"\.?[\s,^'’\-_=|]{1,4}|[.'’^,_=-]")
_LABEL_GAP = re.compile(r"[\s.:=]{1,5}")
_JOINED = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)+")
"""A part that is also written in one word: `O'Brien`, `Anne-Marie`."""
_JOINT = re.compile(r"['’-]")
_INITIAL_MARK = re.compile(r"\s*[.,]")
_LONGEST_NAME = 12
"""Words."""
_TERM_WITHIN = 4
_BEFORE_TERMS = frozenset({"s", "and", "type", "like"})
_TWO_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe"}
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_WITHOUT_SPACES = "\u2e80"
"""From here on are the scripts that write names without spaces between words."""


@dataclass(frozen=True)
class Word:
    """A run of letters, with how it may be spelled."""

    start: int
    end: int
    text: str
    spellings: frozenset[str]


def spellings(word: str) -> frozenset[str]:
    """How a word may be spelled, case-folded and without accents: `Müller` is `muller` and `mueller`."""
    folded = word.casefold()
    spelled_out = "".join(_TWO_LETTERS.get(character, character) for character in folded)
    bare = (unicodedata.normalize("NFKD", form).translate(_PLAIN) for form in (folded, spelled_out))
    return frozenset("".join(ch for ch in form if not unicodedata.combining(ch)) for form in bare)


def words_of(text: str) -> list[Word]:
    """The runs of letters of a text."""
    return [Word(*match.span(), match.group(), spellings(match.group())) for match in _WORD.finditer(text)]


@dataclass(frozen=True)
class Names:
    """The parts of a person's names: of those in words, and of those that are codes."""

    words: frozenset[str]
    coded: frozenset[str]
    initials: frozenset[str]
    unspaced: tuple[str, ...]

    @classmethod
    def of(cls, who: Identity) -> Names:
        """All names of one person; identifiers without a digit count as names."""
        said = (*who.names, *(number for number in who.ids if not is_code(number)))
        plain = {part for name in said if not is_code(name) for part in _parts(name)}
        coded = {part for name in said if is_code(name) for part in _parts(name)}
        unspaced = sorted({part for part in plain if part[0] >= _WITHOUT_SPACES}, key=lambda part: (-len(part), part))
        words, codes = (frozenset(part for part in parts if len(part) > 1) for parts in (plain, coded))
        return cls(words, codes, initials=frozenset(part[0] for part in plain),
                   unspaced=tuple(part for part in unspaced if part in words))

    def holds(self, word: Word, *, misread: bool) -> bool:
        """Whether a word is a part of the names."""
        if word.spellings & (self.words | self.coded):
            return True
        return misread and any(_nearly(part, spelled) for part in self.words for spelled in word.spellings)


def _parts(name: str) -> set[str]:
    composed = unicodedata.normalize("NFC", name)
    words = _WORD.findall(composed) + [_JOINT.sub("", word) for word in _JOINED.findall(composed)]
    return {form for word in words for form in spellings(word)} - TITLES


def _nearly(part: str, word: str) -> bool:
    """Whether OCR may have made `word` of a name's part: one letter off, or run together with its neighbours."""
    if len(part) < 5 or part in ORDINARY or part in EPONYMS:
        return False
    return part in word or (abs(len(part) - len(word)) <= 1 and _one_off(part, word))


def _one_off(one: str, other: str) -> bool:
    """Whether two words differ by one letter put in, left out or changed."""
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rests = one[same:], other[same:]
    return rests[0][1:] == rests[1][1:] or rests[0][1:] == rests[1] or rests[0] == rests[1][1:]


def name_spans(text: str, words: Sequence[Word], who: Identity, *, misread: bool) -> Iterator[Span]:
    """Places of a person's name; see `text` for what counts.

    Args:
        text: to be searched, composed (NFC).
        words: of the text, from `words_of`.
        who: the person.
        misread: words that differ by a letter, or are run together, count too.
    """
    names = Names.of(who)
    for part in names.unspaced:
        yield from (Span(*match.span(), NAME) for match in re.finditer(re.escape(part), text, re.IGNORECASE))
    at = 0
    while at < len(words):
        last = _run_end(text, words, at, names, misread=misread)
        if last > at:
            yield Span(words[at].start, words[last].end, NAME)
        elif names.holds(words[at], misread=misread) and _goes_alone(text, words, at, names):
            yield Span(words[at].start, words[at].end, NAME)
        at = max(last, at) + 1


def _run_end(text: str, words: Sequence[Word], first: int, names: Names, *, misread: bool) -> int:
    """Index of the last word of a name that begins at `first`; `first` itself where none of several words does."""
    end, full, initials = first, [], 0
    for at in range(first, min(len(words), first + _LONGEST_NAME)):
        word = words[at]
        if at > first and not _GAP.fullmatch(text, words[at - 1].end, word.start):
            break
        if names.holds(word, misread=misread):
            full.append(word)
            end = at
        elif _is_initial(text, word, names):
            initials += 1
            end = at
        elif not (full and word.spellings & PARTICLES):
            break
    return end if full and _is_name(full, initials) else first


def _is_name(full: Sequence[Word], initials: int) -> bool:
    """Whether parts that stand together name somebody; everyday words only where each has a capital."""
    if len({min(word.spellings) for word in full}) < 2 and not initials:
        return False
    everyday = all(word.spellings & ORDINARY for word in full)
    return not everyday or all(word.text[0].isupper() for word in full)


def _is_initial(text: str, word: Word, names: Names) -> bool:
    marked = _INITIAL_MARK.match(text, word.end) or text[:word.start].rstrip().endswith((",", "^"))
    return len(word.text) == 1 and word.text.isupper() and bool(marked) and bool(word.spellings & names.initials)


def _goes_alone(text: str, words: Sequence[Word], at: int, names: Names) -> bool:
    """Whether one part of a name, standing alone, is blanked."""
    word = words[at]
    if not word.spellings & names.words:
        return not word.spellings & names.coded  # a near miss of OCR
    labelled = at > 0 and bool(words[at - 1].spellings & TITLES) and bool(
        _LABEL_GAP.fullmatch(text, words[at - 1].end, word.start))
    if word.spellings & EPONYMS:
        return not _term_follows(words, at) and (labelled or word.text[0].isupper())
    if word.spellings & ORDINARY or len(word.text) < 3:
        return labelled and word.text[0].isupper()
    return True


def _term_follows(words: Sequence[Word], at: int) -> bool:
    """Whether a word such as `disease` follows, at most behind `'s`, `and` and other eponyms."""
    for other in words[at + 1:at + 1 + _TERM_WITHIN]:
        if other.spellings & TERMS:
            return True
        if not other.spellings & (EPONYMS | _BEFORE_TERMS):
            return False
    return False
