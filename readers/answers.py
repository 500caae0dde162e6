"""From what a model wrote to a `Reading`: the one place where raw text becomes an answer."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from ..core.report import ReaderIdentity
from .expect import Unparsed
from .reading import Reading, Seconds, Tokens
from .request import Request

T = TypeVar("T")

_TAG = re.compile(r"<unused9[4567]>")
_OPENING = ("<unused94>", "<unused96>")
_START = re.compile(r"(?:\s|<bos>|<pad>|<start_of_turn>(?:model\b)?)*")
_END_OF_TURN = re.compile(r"<end_of_turn>|<eos>|<start_of_turn>|\nuser\n")
_HEAD = re.compile(r"\s*thought[ \t]*(?:\n|$)")


def split_thinking(text: str) -> tuple[str | None, str]:
    """Separate the thinking trace from the answer; everything after the model's own turn is dropped.

    MedGemma 1.5 may think without being asked: `<unused94>thought`, the trace, `<unused95>`, the answer (Google's
    notebooks); `<unused96>` and `<unused97>` serve likewise. A trace without its closing tag goes on to the end, so
    there is no answer. A closing tag without an opening one ends a trace that began with the text. A text that begins
    with the line `thought` and has no tags at all is a trace whose end cannot be found.

    Returns:
        The trace, None when there is none or an empty one, and the answer; both without white space around them.
    """
    turn = _own_turn(text)
    pieces, tags = _TAG.split(turn), _TAG.findall(turn)
    if not tags and _HEAD.match(turn):
        return _HEAD.sub("", turn, count=1).strip() or None, ""
    thinking: list[str] = []
    answer = [pieces[0]]
    inside = False
    for tag, piece in zip(tags, pieces[1:], strict=True):
        if tag not in _OPENING and not inside and piece.strip():
            thinking, answer = thinking + answer, []
        inside = tag in _OPENING
        (thinking if inside else answer).append(piece)
    traces = (_HEAD.sub("", piece, count=1).strip() for piece in thinking)
    return "\n".join(filter(None, traces)) or None, "\n".join(filter(None, map(str.strip, answer)))


def make_reading(  # noqa: PLR0913 - it gathers what a reading holds
    request: Request[T],
    text: str,
    *,
    reader: ReaderIdentity,
    tokens: Tokens,
    seconds: Seconds,
    cut_off: bool = False,
    notes: tuple[str, ...] = (),
) -> Reading[T]:
    """The reading of a request that a model answered with `text`.

    Args:
        request: what was asked.
        text: everything that the model wrote, special tokens included where the reader has them.
        reader: who answered.
        tokens: counts.
        seconds: timings.
        cut_off: it did not stop of its own.
        notes: what a person should know about how the answer came to be.
    """
    thinking, answer = split_thinking(text)
    value, problem = None, None
    try:
        value = request.expect.parse(answer, cut_off=cut_off) if answer else None
    except Unparsed as reason:
        problem = f"the answer was cut off: {reason}" if cut_off else str(reason)
    if not answer:
        problem = _no_answer(thinking, cut_off)
    return Reading(value, problem, text, answer, thinking, reader, tokens, seconds, cut_off, notes)


def unread(reader: ReaderIdentity, reason: str) -> Reading[Any]:
    """The reading of a request that got no answer.

    Args:
        reader: who was asked.
        reason: one line for a person.
    """
    return Reading(None, reason, "", "", None, reader, Tokens(0, 0, 0), Seconds(), unread=True)


def _own_turn(text: str) -> str:
    start = _START.match(text)
    return _END_OF_TURN.split(text[start.end() if start else 0 :].replace("<pad>", ""), maxsplit=1)[0]


def _no_answer(thinking: str | None, cut_off: bool) -> str:
    if cut_off:
        return "the answer was cut off while the model was thinking" if thinking else "the answer was cut off"
    return "the model thought and gave no answer" if thinking else "the model wrote nothing"
