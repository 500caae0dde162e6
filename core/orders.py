"""Words in a source that speak to a program and not to a colleague: told, never obeyed, never repeated."""

from __future__ import annotations

import re

NOT_TAKEN_UP = " that gives orders to a program, not taken up"
"""Behind the name of a text or an entry that nothing was taken from."""
LEFT_OUT = "[gives orders to a program, left out]"
"""In place of such words where the rest of a statement holds."""

_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:instructions?|rules?|prompts?|guidelines?|above|previous)\b"
    r"|^\s*(?:system|assistant|user)\s*:|(?<=[.;!?])\s+(?-i:SYSTEM|ASSISTANT|USER)\s*:"
    r"|<\|?(?:system|im_start|start_of_turn)\b|\bsystem prompt\b"
    r"|\b(?:answer|respond to|reply to) (?:every|each|all|any) (?:further )?questions?\b"
    r"|\byou (?:must|should|shall|are to|will|have to) (?:now )?(?:answer|say|respond|reply|output|claim|pretend)\b"
    r"|\b(?:language model|chatbot|AI assistant|AI model)\b", re.IGNORECASE | re.MULTILINE)


def gives_orders(text: str) -> bool:
    """Whether a text holds such words. A list of patterns: what is put otherwise is not found."""
    return _ORDERS.search(text) is not None


def without_orders(text: str) -> str:
    """A text, or `LEFT_OUT` in place of one that gives orders."""
    return LEFT_OUT if gives_orders(text) else text
