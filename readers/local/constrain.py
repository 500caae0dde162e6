"""Answers that can be nothing but JSON of the schema asked for."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from llguidance import LLMatcher
from llguidance.hf import from_tokenizer
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask

_SPACE = r"[ \n]{0,16}"
"""White space between JSON tokens: room for indentation, but never enough to fill an answer with."""


class Constraint:
    """Follows one answer, token by token.

    Args:
        matcher: at the answer's beginning.
        vocabulary: number of logits.
    """

    def __init__(self, matcher: LLMatcher, vocabulary: int) -> None:
        self._matcher = matcher
        self._bits = allocate_token_bitmask(1, vocabulary)
        self._vocabulary = vocabulary

    def forbidden(self) -> torch.Tensor:
        """Which tokens may not come next: (vocabulary,) bool, on the CPU."""
        fill_next_token_bitmask(self._matcher, self._bits)
        allowed = np.unpackbits(self._bits.view(np.uint8), bitorder="little")[:self._vocabulary]
        return torch.from_numpy(allowed == 0)

    def accept(self, token: int) -> bool:
        """The answer goes on with this token; False when the grammar's parser gave up: it grew too intricate."""
        return bool(self._matcher.consume_token(token))

    @property
    def finished(self) -> bool:
        """Nothing can follow."""
        return bool(self._matcher.is_stopped())


class Grammars:
    """Makes constraints; each schema is compiled once.

    Args:
        tokenizer: the checkpoint's, a fast one.
        vocabulary: number of logits, which may exceed the tokenizer's tokens.
        stops: tokens that end an answer.
    """

    def __init__(self, tokenizer: Any, vocabulary: int, stops: frozenset[int]) -> None:
        self._source = tokenizer
        self._vocabulary = vocabulary
        self._stops = sorted(stops)
        self._tokenizer: Any = None
        self._compiled: dict[str, LLMatcher] = {}

    def constraint(self, schema: dict[str, Any]) -> Constraint:
        """A constraint at the beginning of an answer.

        Raises:
            ValueError: the schema cannot be followed.
        """
        written = json.dumps(schema, sort_keys=True)
        if written not in self._compiled:
            self._compiled[written] = self._compile(written)
        return Constraint(self._compiled[written].deep_copy(), self._vocabulary)

    def _compile(self, schema: str) -> LLMatcher:
        if self._tokenizer is None:
            self._tokenizer = from_tokenizer(self._source, n_vocab=self._vocabulary, eos_token=self._stops)
        grammar = LLMatcher.grammar_from_json_schema(schema, defaults={"whitespace_pattern": _SPACE})
        matcher = LLMatcher(self._tokenizer, grammar)
        if matcher.is_error():
            raise ValueError(f"a JSON schema that decoding cannot follow: {matcher.get_error()}")
        return matcher
