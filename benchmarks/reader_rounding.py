"""How far the reader's logits are from the plain model's, in bfloat16 and in float32, on the same pictures.

    python benchmarks/reader_rounding.py [--true-size] [--write docs/performance.md]

Both sides get the same requests; the reader shares the beginning and feeds it in pieces, the plain model sees each
prompt whole. What bfloat16 alone moves is the plain model in bfloat16 against itself in float32.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from random_model import TOY_SIZE, TRUE_SIZE, Size, load
from reader import questions

from caseloom.evals.sections import machine, today, write_section
from caseloom.readers.local.decode import Decoder, Row
from caseloom.readers.local.language import Language
from caseloom.readers.local.load import Loaded
from caseloom.readers.local.render import Renderer
from caseloom.readers.local.sight import make_tower
from caseloom.readers.request import Picture, Request

PIECE = 2048
QUESTIONS = 2
KINDS = {"volume": "85 CT slices", "film": "one film", "slide": "126 slide patches"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--true-size", action="store_true", help="MedGemma 1.5 4B's size, on a GPU")
    parser.add_argument("--write", type=Path, help="also put the section into this Markdown file")
    chosen = parser.parse_args()
    size = TRUE_SIZE if chosen.true_size else TOY_SIZE
    with tempfile.TemporaryDirectory() as folder:
        rows = compare(load(size, Path(folder)), size)
    device = torch.cuda.get_device_name() if size.true else f"CPU, {machine()}"
    lines = section(size, device, rows)
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.write:
        write_section(chosen.write, f"Rounding of the reader, {size.name}", lines)


def compare(loaded: Loaded, size: Size) -> list[tuple[str, float, float, float]]:
    """Per kind of picture: the reader against the plain model in bfloat16 and in float32, and bfloat16 itself.

    Each is the largest difference of a logit of the answers' first tokens, as a fraction of the logits' standard
    deviation. TensorFloat-32 is off, torch's default.
    """
    asked = {kind: list(requests[:QUESTIONS]) for kind, requests in questions(size).items()}
    found = {dtype: _both(_cast(loaded, dtype), asked) for dtype in (torch.bfloat16, torch.float32)}
    rounded, exact = found[torch.bfloat16], found[torch.float32]
    return [(words, _apart(*rounded[kind]), _apart(*exact[kind]), _apart(rounded[kind][1], exact[kind][1]))
            for kind, words in KINDS.items()]


def _cast(loaded: Loaded, dtype: torch.dtype) -> Loaded:
    return replace(loaded, model=loaded.model.to(dtype), dtype=dtype)


def _both(loaded: Loaded, asked: dict[str, list[Request[bool]]]) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Logits of the reader and of the plain model, each (requests, vocabulary)."""
    return {kind: (shared_logits(loaded, requests), torch.stack([plain_logits(loaded, one) for one in requests]))
            for kind, requests in asked.items()}


def _apart(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).abs().max() / other.std())


@torch.inference_mode()
def shared_logits(loaded: Loaded, requests: Sequence[Request[Any]]) -> torch.Tensor:
    """Logits of the first tokens, the common beginning fed once and in pieces: (requests, vocabulary) float32."""
    prompts = [Renderer(loaded.processor).prompt(request) for request in requests]
    pictures = {one.sha256: one for one in requests[0].pictures}
    features = dict(zip(pictures, make_tower(loaded)(list(pictures.values())), strict=True))
    decoder = Decoder(Language(loaded.model), frozenset(), PIECE)
    beginning = decoder.extend(prompts[0], prompts[0].stem, None, features)
    return decoder.begin([Row(prompt, 1) for prompt in prompts], beginning, features)[1].float().cpu()


@torch.inference_mode()
def plain_logits(loaded: Loaded, request: Request[Any]) -> torch.Tensor:
    """Logits of the first token from one call of the model: (vocabulary,) float32."""
    content = [{"type": "image", "image": Image.fromarray(part.pixels)} if isinstance(part, Picture)
               else {"type": "text", "text": part} for part in request.parts]
    inputs = loaded.processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=True, return_dict=True,
        return_tensors="pt").to(loaded.device)
    inputs["pixel_values"] = inputs["pixel_values"].to(loaded.dtype)
    return loaded.model(**inputs, logits_to_keep=1).logits[0, -1].float().cpu()


def section(size: Size, device: str, rows: Sequence[tuple[str, float, float, float]]) -> list[str]:
    """The lines of the table, with device and date."""
    return [
        f"Measured on {today()} by `benchmarks/reader_rounding.py`: {device}, torch {torch.__version__}; {size.name}.",
        f"Largest difference of a logit of the first tokens of {QUESTIONS} answers, as a fraction of the logits' "
        "standard deviation.", "",
        "| pictures | reader and plain model, bfloat16 | reader and plain model, float32 "
        "| plain model, bfloat16 and float32 |", "|---|---|---|---|",
        *[f"| {words} | {rounded:.3f} | {exact:.1e} | {alone:.3f} |" for words, rounded, exact, alone in rows],
    ]


if __name__ == "__main__":
    main()
