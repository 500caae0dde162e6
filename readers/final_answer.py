"""What a model's answer claims: the words behind its `Final Answer:`, or the JSON that it wrote.

Every search is linear in the text's length. Nothing is repaired: what is not clear is `Unparsed`.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from math import isfinite
from typing import Any

_WORDS = re.compile(r"final[ \t\n]{1,4}answer", re.IGNORECASE)
_COLON = re.compile(r"[*_`\"' \t]{0,12}(?:is\b)?[*_ \t]{0,12}:[*_ \t]{0,12}")
_HEADING = re.compile(r"[*_# \t]{0,12}(?=\r?\n)")
_PLACEHOLDER = re.compile(r"[\"'“”‘’*(\[<{ ]{0,8}X(?![\w-])")
_DECLINED = re.compile(
    r"\b(?:I am|I'm|as) an? (?:AI|(?:large )?language model)\b|\bI(?: am|'m) (?:unable|not able) to\b"
    r"|\bI (?:cannot|can't|can not)\b",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(r"\b(?:yes|answer (?:is|was|should)|however|but|although|correct\w*|actually|instead|rather|"
                         r"wait|sorry|mistake\w*|reconsider\w*|revis\w*)\b", re.IGNORECASE)
_OPENING = re.compile(r"[\[{]")
_SENTENCE_ENDS = frozenset(".!*\"'`)]}\n")
_LONGEST_BARE_ANSWER = 200
_LONGEST_CLAIM = 1000
_TRIES = 16
"""Opening brackets that may turn out to open no JSON; the bound keeps the search linear."""


class Unparsed(Exception):
    """An answer that is not of the expected kind; the message says why. It becomes `indeterminate`, never a guess."""


def last_claims(answer: str, *, cut_off: bool = False) -> list[str]:
    """What stands behind `Final Answer:` on the last line that has it: one text, or several that should agree.

    An answer of one short line without these words is its own claim.

    Args:
        answer: what the model wrote after thinking.
        cut_off: the text ends where it was cut, so it counts only when the claim ends its line and nothing follows.

    Returns:
        Texts up to the line's end; where nothing follows on the line, the next line with text.

    Raises:
        Unparsed: there is no claim, or words behind it may take it back.
    """
    text = answer
    places = _final_answers(text)
    if places is None:
        bare = text.strip()
        if cut_off or not bare or "\n" in bare or len(bare) > _LONGEST_BARE_ANSWER or _DECLINED.search(bare):
            raise Unparsed(_why_none(answer, "'Final Answer'"))
        return [bare]
    first = len(places) - 1
    while first and "\n" not in text[places[first - 1][1] : places[first][0]]:
        first -= 1
    ends = [start for start, _ in places[first + 1 :]] + [len(text)]
    claims = [_first_line(text[begin:end]) for (_, begin), end in zip(places[first:], ends, strict=True)]
    ended = text.rstrip(" \t")[-1:] in _SENTENCE_ENDS and text[places[-1][1]:].strip() == claims[-1]
    if cut_off and not ended:
        raise Unparsed("the final answer may go on, or be taken back, where the text was cut")
    if _TAKEN_BACK.search(text[places[-1][1]:].lstrip().partition("\n")[2]):
        raise Unparsed("what follows the final answer may take it back")
    if max(map(len, claims)) > _LONGEST_CLAIM:
        raise Unparsed("the final answer is too long to be one")
    return claims


def last_json(answer: str, *, cut_off: bool = False) -> str:
    """The JSON array or object that an answer gives, as it is written.

    It is looked for behind the last `Final Answer:`, else in the whole text; where there are code fences (```), in
    them alone, the last one with JSON deciding. A closing fence may be missing.

    Args:
        answer: what the model wrote after thinking.
        cut_off: the text ends where it was cut, so the JSON must end it.

    Raises:
        Unparsed: there is none, it is broken, or one place gives several different values.
    """
    region = _region(answer)
    blocks = _json_blocks(region)
    if cut_off and region.strip().rstrip("`. ")[-1:] not in ("]", "}"):
        raise Unparsed("the JSON may have been taken back where the text was cut")
    if not blocks:
        raise Unparsed(_why_none(answer, "JSON"))
    if blocks[-1] is None:
        raise Unparsed("the JSON is broken")
    values = [decode_json(text) for text in blocks[-1]]
    if any(value != values[-1] for value in values):
        raise Unparsed("there are several different JSON values")
    return blocks[-1][-1]


def decode_json(text: str, *, spelled: bool = False) -> Any:
    """The value of a JSON text.

    Args:
        text: one JSON value.
        spelled: give numbers as the text that was written, so that 5.40 stays "5.40".

    Raises:
        Unparsed: no JSON, nested too deeply, a number that is not finite or has thousands of digits.
    """
    try:
        return (_SPELLED if spelled else _NATIVE).decode(text)
    except (ValueError, RecursionError) as error:
        raise Unparsed("the JSON is broken") from error


def _final_answers(answer: str) -> list[tuple[int, int]] | None:
    """Places of `Final Answer:` as (start of the words, start of what was answered); None where there is none.

    Words without a colon count when they are a heading, with the answer on the next line. A mere echo of the
    instruction, `Final Answer: X` with the letter X, is passed over.

    Raises:
        Unparsed: there are echoes and nothing else.
    """
    marks = [(words.start(), mark.end()) for words in _WORDS.finditer(answer)
             if (mark := _COLON.match(answer, words.end()) or _HEADING.match(answer, words.end()))]
    places = [place for place in marks if not _PLACEHOLDER.match(answer, place[1])]
    if marks and not places:
        raise Unparsed("the answer repeats the instruction and gives no 'Final Answer'")
    return places or None


def _first_line(text: str) -> str:
    return text.lstrip().partition("\n")[0].strip()


def _why_none(answer: str, what: str) -> str:
    none = f"there is no {what} in the answer"
    return f"{none}; the model says that it is an AI or cannot answer" if _DECLINED.search(answer) else none


def _region(answer: str) -> str:
    """Where the JSON is looked for: behind the last `Final Answer:`."""
    places = None if answer.lstrip()[:1] in ("[", "{") else _final_answers(answer)
    return answer if places is None else answer[places[-1][1] :]


def _json_blocks(text: str) -> list[list[str] | None]:
    """The JSON texts of each code fence, or of the whole text without fences; None for broken JSON."""
    blocks = [_json_in(body) for body in (text.split("```")[1::2] or [text])]
    return [block for block in blocks if block != []]


def _json_in(text: str) -> list[str] | None:
    found: list[str] = []
    failures, position = 0, 0
    while opening := _OPENING.search(text, position):
        try:
            _, position = _NATIVE.raw_decode(text, opening.start())
            found.append(text[opening.start() : position])
        except (ValueError, RecursionError) as error:
            failures, position = failures + 1, opening.end()
            if failures > _TRIES or not _is_prose(error, text, position):
                return None
    return found


def _is_prose(error: ValueError | RecursionError, text: str, inside: int) -> bool:
    """Whether a bracket opened no JSON at all, as in "[see above]", rather than JSON that broke later."""
    if not isinstance(error, JSONDecodeError) or error.msg.startswith("Unterminated") or not text[inside:].strip():
        return False
    return not text[inside : error.pos].strip()


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _finite(number: str) -> float:
    value = float(number)
    if not isfinite(value):
        raise ValueError("a number is too large")
    return value


_NATIVE = JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
_SPELLED = JSONDecoder(parse_constant=_no_constant, parse_float=str, parse_int=str)
