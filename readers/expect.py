"""The kinds of answer that a request can expect, and how each is read from the model's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from .final_answer import Unparsed, decode_json, last_claims, last_json

__all__ = ["Boxes", "Choice", "Expect", "FinalWords", "FreeText", "Json", "LabelledBox", "UnitBox", "Unparsed", "YesNo"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

UnitBox = tuple[float, float, float, float]
"""(x0, y0, x1, y1) as fractions 0..1 of the picture's width and height, origin top left."""

_DECORATION = " \t\n*_`\"'“”‘’$"
_LATEX = re.compile(r"\\(?:boxed|text)\{([^{}]{0,200})\}")
_YES_NO = re.compile(r"[(\[]?(yes|no)\b[)\]]?(?![\w/?])(?!\s+\w)", re.IGNORECASE)
_LETTER = re.compile(r"(?:(?:option|choice)\s{1,4})?(?:[(\[]([a-z])[)\]][.:]?|([a-z])(?:[).:](?=\s|$)|$))", re.I)
_RESTATED = {True: frozenset({"there", "it", "is", "are", "one", "present", "seen", "visible"}),
             False: frozenset({"there", "it", "is", "are", "none", "not", "absent"})}
"""All words that may follow yes (True) or no: what says the same again. Any other word might take it back."""
_DENIALS = frozenset({"none", "not", "absent"})
"""One of these must be among the words behind no: "no, there is" says the opposite."""
_SCALE = 1000


class Expect(Protocol[T_co]):
    """A kind of answer."""

    @property
    def schema(self) -> dict[str, Any] | None:
        """JSON schema that constrains decoding; None for answers in words."""
        ...

    def parse(self, answer: str, *, cut_off: bool = False) -> T_co:
        """The typed value of an answer without its thinking trace.

        Args:
            answer: what the model wrote after thinking.
            cut_off: it reached its greatest length; what may have been taken back after the end does not count.

        Raises:
            Unparsed: it is not of this kind.
        """
        ...

    def describe(self) -> list[Any]:
        """JSON-able content that tells this expectation from others, for digests."""
        ...


@dataclass(frozen=True)
class LabelledBox:
    """A place that the model named: `box` in fractions of the picture that it was shown."""

    label: str
    box: UnitBox


@dataclass(frozen=True)
class YesNo:
    """`Final Answer: yes` or `Final Answer: no`."""

    @property
    def schema(self) -> None:
        """None: the model reasons in words first, as it was trained to."""
        return None

    def parse(self, answer: str, *, cut_off: bool = False) -> bool:
        """True for yes. See `Expect.parse`; a bare `Yes.` as the whole answer counts too."""
        return _agreed([_yes_no(claim) for claim in _claims(answer, cut_off)])

    def describe(self) -> list[Any]:
        """The kind alone."""
        return ["yes_no"]


@dataclass(frozen=True)
class Choice:
    """One of several options, by its letter `(A)`, `(B)` ... or its words.

    Args:
        options: 2 to 26, different in their words.

    Raises:
        ValueError: other options.
    """

    options: tuple[str, ...]

    def __post_init__(self) -> None:
        words = {_words(option) for option in self.options}
        if not 2 <= len(self.options) <= len(ascii_uppercase) or len(words) != len(self.options) or () in words:
            raise ValueError(f"a choice has 2 to 26 options with different words, not {self.options}")

    @property
    def schema(self) -> None:
        """None: the model reasons in words first, as it was trained to."""
        return None

    def parse(self, answer: str, *, cut_off: bool = False) -> str:
        """The option chosen, as it is spelled in `options`. See `Expect.parse`."""
        return _agreed([_option(claim, self.options) for claim in _claims(answer, cut_off)])

    def describe(self) -> list[Any]:
        """The kind and its options."""
        return ["choice", *self.options]


@dataclass(frozen=True)
class Boxes:
    """`Final Answer:` with a JSON list of {box_2d, label}.

    `box_2d` is [y0, x0, y1, x1] in thousandths of the picture (Google's localization notebook) or, where no number of
    the answer exceeds 1, in fractions of it (MedGemma 1.5 technical report, section 3.2.4).
    """

    @property
    def schema(self) -> None:
        """None: the model writes `Final Answer:` and a fence before the list, as it was trained to."""
        return None

    def parse(self, answer: str, *, cut_off: bool = False) -> tuple[LabelledBox, ...]:
        """The boxes, in the model's order; an empty list is none. See `Expect.parse`."""
        return _boxes(decode_json(last_json(answer, cut_off=cut_off)))

    def describe(self) -> list[Any]:
        """The kind alone."""
        return ["boxes"]


@dataclass(frozen=True)
class Json(Generic[T]):
    """JSON of a pydantic type, constrained while decoding where the reader can."""

    type: TypeAdapter[T]

    @property
    def schema(self) -> dict[str, Any]:
        """The type's JSON schema."""
        return self.type.json_schema()

    def parse(self, answer: str, *, cut_off: bool = False) -> T:
        """The value. See `Expect.parse`; a number where a text belongs is taken as it was written."""
        written = last_json(answer, cut_off=cut_off)
        try:
            return self.type.validate_python(decode_json(written))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
        try:
            return self.type.validate_python(decode_json(written, spelled=True))
        except ValidationError:
            place = ".".join(map(str, first["loc"])) or "the value"
            raise Unparsed(f"the JSON is not as asked: {place}: {first['msg']}") from None

    def describe(self) -> list[Any]:
        """The kind and the schema."""
        return ["json", self.schema]


@dataclass(frozen=True)
class FreeText:
    """Words, as they come; an empty answer is none, and neither is one that was cut off."""

    @property
    def schema(self) -> None:
        """None: words."""
        return None

    def parse(self, answer: str, *, cut_off: bool = False) -> str:
        """The words, without white space around them. See `Expect.parse`."""
        if cut_off:
            raise Unparsed("the text has no end")
        if not answer.strip():
            raise Unparsed("there are no words")
        return answer.strip()

    def describe(self) -> list[Any]:
        """The kind alone."""
        return ["text"]


@dataclass(frozen=True)
class FinalWords:
    """`Final Answer:` and a few words, as they come."""

    @property
    def schema(self) -> None:
        """None: the model may reason in words first."""
        return None

    def parse(self, answer: str, *, cut_off: bool = False) -> str:
        """The words of the final answer. See `Expect.parse`; a short answer of one line counts as a whole."""
        words = _agreed(_claims(answer, cut_off))
        if not words:
            raise Unparsed("the final answer has no words")
        return words

    def describe(self) -> list[Any]:
        """The kind alone."""
        return ["final_words"]


def _claims(answer: str, cut_off: bool) -> list[str]:
    return [_LATEX.sub(r"\1", claim).strip(_DECORATION) for claim in last_claims(answer, cut_off=cut_off)]


def _agreed(values: list[T]) -> T:
    if any(value != values[0] for value in values):
        raise Unparsed("the final answer contradicts itself")
    return values[0]


def _yes_no(claim: str) -> bool:
    first = _YES_NO.match(claim)
    if first is None:
        raise Unparsed("the final answer is neither yes nor no")
    said = first[1].casefold() == "yes"
    more = set(_words(claim[first.end() :]))
    if "?" in claim or not more <= _RESTATED[said] or (more and not said and more.isdisjoint(_DENIALS)):
        raise Unparsed("the final answer says more than yes or no")
    return said


def _option(claim: str, options: tuple[str, ...]) -> str:
    """The option that a claim names, by its words, its letter, or both; words first: "A fall" is no letter A."""
    said = _words(claim)
    for option in options:
        if _words(option) == said:
            return option
    letter = _LETTER.match(claim)
    if letter is None:
        raise Unparsed("the final answer is none of the options")
    place = ascii_uppercase.index((letter[1] or letter[2]).upper())
    if place >= len(options):
        raise Unparsed("the final answer is none of the options")
    rest = _words(claim[letter.end() :])
    if "?" in claim or rest not in ((), _words(options[place])):
        raise Unparsed("the final answer's letter and its words do not agree")
    return options[place]


def _words(text: str) -> tuple[str, ...]:
    stripped = (word.strip(".,;:()[]{}!?*_`\"'“”‘’") for word in text.casefold().split())
    return tuple(word for word in stripped if word)


def _boxes(value: Any) -> tuple[LabelledBox, ...]:
    items = [value] if isinstance(value, dict) else value
    if any(not isinstance(item, dict) or not {"box_2d", "label"} <= item.keys() for item in items):
        raise Unparsed("the JSON is no list of objects with box_2d and label")
    numbers = [_four_numbers(item["box_2d"]) for item in items]
    greatest = max((max(four) for four in numbers), default=0.0)
    unit = greatest <= 1
    if not unit and any(max(four) <= 2 or any(number % 1 for number in four) for four in numbers):
        raise Unparsed("it is unclear whether a box is in fractions or in thousandths")
    return tuple(_box(item["label"], four, 1 if unit else _SCALE) for item, four in zip(items, numbers, strict=True))


def _four_numbers(value: Any) -> list[float]:
    plain = isinstance(value, list) and all(type(number) in (int, float) for number in value)
    if not plain or len(value) != 4 or not all(0 <= number <= _SCALE for number in value):
        raise Unparsed("a box is not four numbers from 0 to 1000")
    return [float(number) for number in value]


def _box(label: Any, four: list[float], scale: int) -> LabelledBox:
    y0, x0, y1, x1 = four
    if not isinstance(label, str) or not label.strip():
        raise Unparsed("a box has no label in words")
    if x0 >= x1 or y0 >= y1:
        raise Unparsed("a box's corners are swapped or it is empty")
    return LabelledBox(label.strip(), (x0 / scale, y0 / scale, x1 / scale, y1 / scale))
