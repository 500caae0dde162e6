"""Eighteen questions about one CT, and follow-ups, against the transformers pipeline used as in Google's notebooks.

    python benchmarks/reader.py [--true-size] [--write docs/performance.md]

Both sides read the same 85 slices with the same prompts and write answers of the same length. Loading the model is
not counted. Each side runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from PIL import Image
from random_model import TOY_SIZE, TRUE_SIZE, Size, load
from transformers import pipeline
from transformers.utils import logging

from caseloom.evals.sections import machine, today, write_section
from caseloom.readers.local.load import Loaded
from caseloom.readers.local.reader import TransformersReader
from caseloom.readers.recipes.ct import ct_requests
from caseloom.readers.recipes.film import film_requests
from caseloom.readers.recipes.slide import finding_requests
from caseloom.readers.request import Picture, Request

CONDITIONS = (
    "medical material", "arterial wall calcification", "cardiomegaly", "pericardial effusion",
    "coronary artery wall calcification", "hiatal hernia", "lymphadenopathy", "emphysema", "atelectasis",
    "lung nodule", "lung opacity", "pulmonary fibrotic sequela", "pleural effusion", "mosaic attenuation pattern",
    "peribronchial thickening", "consolidation", "bronchiectasis", "interlobular septal thickening",
)
"""The eighteen labels of CT-RATE (Hamamci et al., arXiv 2403.17834)."""
SLICES, SIDE, PATCHES = 85, 512, 126
NO_TOKEN = -1
Numbers = dict[str, Any]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--true-size", action="store_true", help="MedGemma 1.5 4B's size, on a GPU")
    parser.add_argument("--write", type=Path, help="also put the section into this Markdown file")
    chosen = parser.parse_args()
    true = chosen.true_size and torch.cuda.is_available()
    if chosen.true_size and not true:
        sys.stdout.write("No GPU is at hand, so the true size is not measured; the toy size follows.\n\n")
    size = TRUE_SIZE if true else TOY_SIZE
    ours, plain = in_a_child(measure_ours, size), in_a_child(measure_plain, size)
    lines = section(size, ours, plain)
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.write:
        write_section(chosen.write, f"Reading with a model, {size.name}", lines)


def in_a_child(measure: Callable[[Size], Numbers], size: Size) -> Numbers:
    """What `measure` finds in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
        return child.submit(measure, size).result()


def questions(size: Size) -> dict[str, list[Request[bool]]]:
    """Requests about one CT, one film and one slide, made of noise: what is shown costs the same whatever it is."""
    noise = np.random.default_rng(0)
    volume = noise.integers(-1000, 1000, (SLICES, SIDE, SIDE), dtype=np.int16)
    film = noise.integers(0, 256, (1024, 1024), dtype=np.uint8)
    patches = [noise.integers(0, 256, (896, 896, 3), dtype=np.uint8) for _ in range(PATCHES)]
    asked = {
        "volume": ct_requests(volume, CONDITIONS, scope="P-1", body_part="chest"),
        "film": film_requests(film, ["pleural effusion", "pneumothorax"], scope="P-1"),
        "slide": finding_requests(patches, ["adenocarcinoma", "necrosis"], scope="P-1"),
    }
    return {kind: [replace(request, max_tokens=size.answer) for request in requests]
            for kind, requests in asked.items()}


def measure_ours(size: Size) -> Numbers:
    """Seconds and texts of the reader that shares work."""
    with tempfile.TemporaryDirectory() as folder:
        loaded = load(size, Path(folder))
        asked = questions(size)
        volume = asked["volume"]
        _warm_up(lambda requests: fresh(loaded, folder, "warm").read(requests), asked["film"])
        runs = [timed(lambda n=number: fresh(loaded, folder, f"all {n}").read(volume))
                for number in range(size.repeats)]
        readings = runs[0][1]
        numbers = {"volume": median(seconds for seconds, _ in runs),
                   "texts": [spoken(loaded, reading.text) for reading in readings],
                   "decode": median(sum(reading.seconds.decode for reading in run) for _, run in runs),
                   "prompt": readings[0].tokens.prompt, "peak": peak()}
        for kind, requests in asked.items():
            numbers |= first_and_next(loaded, f"{folder}/{kind}", kind, requests, size.repeats)
        later = [timed(lambda: fresh(loaded, folder, "volume/0").read(volume[2:3]))[0] for _ in range(size.repeats)]
        return numbers | {"later": median(later)}


def first_and_next(
    loaded: Loaded, folder: str, kind: str, requests: Sequence[Request[bool]], repeats: int
) -> Numbers:
    """Seconds of a question that finds nothing kept, and of another about the same pictures."""
    firsts, nexts = [], []
    for number in range(repeats):
        reader = fresh(loaded, folder, str(number))
        firsts.append(timed(lambda r=reader: r.read(requests[:1]))[0])
        nexts.append(timed(lambda r=reader: r.read(requests[1:2]))[0])
    return {f"{kind} first": median(firsts), f"{kind} next": median(nexts)}


def measure_plain(size: Size) -> Numbers:
    """Seconds and texts of one pipeline call per question."""
    logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        loaded = load(size, Path(folder))
        asked = questions(size)
        pipe = pipeline("image-text-to-text", model=loaded.model, processor=loaded.processor)

        def ask(requests: Sequence[Request[bool]]) -> list[str]:
            return [spoken(loaded, call(pipe, request)) for request in requests]

        _warm_up(ask, asked["film"])
        calls = [timed(lambda r=request: ask([r])) for request in asked["volume"][:size.calls]]
        numbers = {"sum": sum(seconds for seconds, _ in calls), "texts": [text for _, (text,) in calls],
                   "volume first": median(seconds for seconds, _ in calls), "peak": peak()}
        for kind in ("film", "slide"):
            numbers[f"{kind} first"] = median(timed(lambda k=kind: ask(asked[k][:1]))[0] for _ in range(size.repeats))
        return numbers


def call(pipe: Any, request: Request[bool]) -> str:
    """One pipeline call: one user turn of pictures and text, greedy, as long as asked and no shorter."""
    content = [{"type": "image", "image": Image.fromarray(part.pixels)} if isinstance(part, Picture)
               else {"type": "text", "text": part} for part in request.parts]
    answer = pipe(text=[{"role": "user", "content": content}], return_full_text=False,
                  generate_kwargs={"do_sample": False, "max_new_tokens": request.max_tokens,
                                   "eos_token_id": NO_TOKEN})
    return str(answer[0]["generated_text"])


def fresh(loaded: Loaded, folder: str, name: str) -> TransformersReader:
    """A reader that knows nothing but what the folder of that name holds on disk."""
    return TransformersReader(loaded, cache=Path(folder) / name, stops=frozenset())


def spoken(loaded: Loaded, text: str) -> str:
    """A text without special tokens, which the pipeline drops."""
    return re.sub("|".join(map(re.escape, loaded.tokenizer.all_special_tokens)), "", text)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Wall-clock seconds, and what came of it."""
    started = time.perf_counter()
    result = work()
    if torch.cuda.is_available() and torch.cuda.max_memory_allocated():
        torch.cuda.synchronize()
    return time.perf_counter() - started, result


def _warm_up(ask: Callable[[Sequence[Request[bool]]], Any], requests: Sequence[Request[bool]]) -> None:
    ask([replace(requests[0], max_tokens=4)])
    if torch.cuda.is_available() and torch.cuda.max_memory_allocated():
        torch.cuda.reset_peak_memory_stats()


def peak() -> float:
    """Peak GiB so far: of the GPU's memory where one is used, else resident; the model's weights included."""
    if torch.cuda.is_available() and torch.cuda.max_memory_allocated():
        return torch.cuda.max_memory_allocated() / 1024**3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def section(size: Size, ours: Numbers, plain: Numbers) -> list[str]:
    """The lines of the table, with device and date."""
    count = len(CONDITIONS)
    device = torch.cuda.get_device_name() if size.true else f"CPU, {machine()}"
    equal = sum(one == other for one, other in zip(ours["texts"], plain["texts"], strict=False))
    rows = [
        (f"{count} questions about {SLICES} CT slices, in all", count * plain["volume first"], ours["volume"]),
        ("the same, per question", plain["volume first"], ours["volume"] / count),
        ("CT: first question alone", plain["volume first"], ours["volume first"]),
        ("CT: next question", plain["volume first"], ours["volume next"]),
        ("CT: a question after a restart, pictures from disk", plain["volume first"], ours["later"]),
        ("one film: first question", plain["film first"], ours["film first"]),
        ("one film: next question", plain["film first"], ours["film next"]),
        (f"{PATCHES} slide patches: first question", plain["slide first"], ours["slide first"]),
        (f"{PATCHES} slide patches: next question", plain["slide first"], ours["slide next"]),
    ]
    return [
        f"Measured on {today()} by `benchmarks/reader.py`: {device}, torch {torch.__version__}; {size.name}, "
        f"{'bfloat16' if size.true else 'float32'}.",
        f"Wall-clock seconds without loading the model, medians of {size.repeats} runs. The pipeline is "
        f"transformers' `image-text-to-text`, one call per question: {count} times the median of "
        f"{size.calls} calls ({plain['sum']:.1f} s all together). Every answer has {size.answer} tokens, "
        f"the CT's prompt {ours['prompt']:,}.", "",
        "| what | pipeline, s | Caseloom, s | times less |", "|---|---|---|---|",
        *[f"| {what} | {slow:.2f} | {quick:.2f} | {slow / quick:.1f} |" for what, slow, quick in rows],
        f"| peak memory of the {count} questions, GiB | {plain['peak']:.2f} | {ours['peak']:.2f} | "
        f"{plain['peak'] / ours['peak']:.1f} |", "",
        f"The {count} answers were written together at {count * size.answer / ours['decode']:.0f} tokens per second"
        + ("." if size.true else f"; {equal} of {count} are the pipeline's, character by character."),
    ]


if __name__ == "__main__":
    main()
