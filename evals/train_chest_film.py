"""Trains the network of tools/localization on films with outlined lungs, and measures it on patients left out.

    python -m caseloom.evals.train_chest_film FOLDER --out FILE.safetensors [--hearts FILE.json] [--held 9] [--steps N]
                                              [--write docs/accuracy.md]

FOLDER holds index.json, images/ and masks/ as described in `chest_films.read_examples`. `--held 0` trains on all.
Seeds are fixed.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from ..tools.localization.masks import Mask
from ..tools.localization.network import ChestFilmNet, show
from ..tools.localization.segment import segment_film
from .chest_films import Example, Varied, read_examples
from .sections import machine, today, write_section

BATCH = 8
PEAK_RATE, DECAY = 2e-3, 0.02
WARM_UP = 300
KEPT_SHARE = 0.998
"""Of the averaged weights, kept in each step; the average is what ships."""
SEED = 7


class _Stream(IterableDataset[tuple[Tensor, Tensor, Tensor]]):
    def __init__(self, examples: list[Example], steps: int) -> None:
        self.examples, self.steps = examples, steps

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        torch.set_num_threads(1)
        varied = Varied(self.examples, SEED)
        for _ in range(self.steps):
            pictures, masks, drawn = varied.batch(BATCH)
            yield show(pictures), masks, drawn


def main() -> None:
    """Train, measure on the patients left out, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hearts", type=Path)
    parser.add_argument("--held", type=int, default=9, help="patients left out of training and measured on")
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--write", type=Path, help="also put what was measured into this Markdown file")
    asked = parser.parse_args()
    examples = read_examples(asked.folder, asked.hearts)
    held = left_out(examples, asked.held)
    network = train([item for item in examples if item.patient not in held], asked.steps)
    save_file({key: value.contiguous() for key, value in network.state_dict().items()}, asked.out)
    if held:
        lines = [f"Measured on {today()} by `evals/train_chest_film.py` ({machine()}): a network that learned for "
                 f"{asked.steps} steps from {len(examples)} films without those of {len(held)} patients, on their "
                 "films. What ships learned the same way from all of them.", "",
                 *report(network, [item for item in examples if item.patient in held])]
        sys.stdout.write("\n".join([*lines, ""]))
        if asked.write:
            write_section(asked.write, "Films of patients left out", lines)


def left_out(examples: list[Example], count: int) -> set[str]:
    """Patients chosen by the seed."""
    patients = sorted({example.patient for example in examples})
    return set(np.random.default_rng(SEED).permutation(patients)[:count].tolist())


def train(examples: list[Example], steps: int) -> ChestFilmNet:
    """The network after `steps` steps of AdamW with a cosine schedule; its weights are a running mean."""
    torch.manual_seed(SEED)
    network: Any = ChestFilmNet()
    network = network.to(memory_format=torch.channels_last)
    mean = deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=DECAY)
    rate = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1, step / WARM_UP) * _cosine(step / steps))
    start = time.perf_counter()
    for step, (shown, masks, drawn) in enumerate(DataLoader(_Stream(examples, steps), batch_size=None, num_workers=1,
                                                            prefetch_factor=16)):
        with torch.autocast("cpu", torch.bfloat16):
            logits = network.outline(network.levels(shown.contiguous(memory_format=torch.channels_last)))
        loss = loss_of(logits.float(), masks, drawn)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        rate.step()
        _average(mean, network, min(KEPT_SHARE, step / (step + 10)))
        if step % 500 == 499:
            sys.stderr.write(f"step {step + 1}: loss {loss.item():.3f}, {time.perf_counter() - start:.0f} s\n")
    trained: ChestFilmNet = mean.eval()
    return trained


def _cosine(share: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def _average(mean: ChestFilmNet, network: ChestFilmNet, kept: float) -> None:
    with torch.no_grad():
        for old, new in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
            if old.is_floating_point():
                old.lerp_(new, 1 - kept)


def loss_of(logits: Tensor, masks: Tensor, drawn: Tensor) -> Tensor:
    """Cross-entropy and one minus the soft Dice coefficient, over the masks that are drawn.

    Args:
        logits: (n, 3, rows, columns).
        masks: the same, 0..1.
        drawn: (n, 3).
    """
    crossed = functional.binary_cross_entropy_with_logits(logits, masks, reduction="none").mean((2, 3))
    found = logits.sigmoid()
    shared = 2 * (found * masks).sum((2, 3)) + 1
    dice = shared / (found.sum((2, 3)) + masks.sum((2, 3)) + 1)
    return ((crossed + 0.5 * (1 - dice)) * drawn).sum() / drawn.sum()


MEASURED = ("Dice of both lungs", "Dice of the right lung", "Dice of the left lung", "IoU of the right lung's box",
            "IoU of the left lung's box", "Dice of heart and mediastinum", "IoU of its box")


def report(network: ChestFilmNet, held: list[Example]) -> list[str]:
    """A table of Dice and IoU of boxes of every mask that is drawn, on films left out; lungs by the usual display."""
    rows = []
    for example in held:
        masks = segment_film(network, example.film.numpy())
        found = (masks.image_left, masks.image_right, masks.heart)
        wanted = [mask.numpy() > 0.5 for mask in example.masks]
        both = dice(found[0] | found[1], wanted[0] | wanted[1])
        heart = (dice(found[2], wanted[2]), box_iou(found[2], wanted[2])) if example.heart else (np.nan, np.nan)
        rows.append([both, *(dice(*pair) for pair in zip(found[:2], wanted[:2], strict=True)),
                     *(box_iou(*pair) for pair in zip(found[:2], wanted[:2], strict=True)), *heart])
    lines = ["| what | mean | lowest | films |", "|---|---|---|---|"]
    for name, column in zip(MEASURED, np.asarray(rows).T, strict=True):
        known = column[~np.isnan(column)]
        if len(known):
            lines.append(f"| {name} | {known.mean():.3f} | {known.min():.3f} | {len(known)} |")
    return lines


def dice(one: Mask, other: Mask) -> float:
    """Dice coefficient of two masks."""
    return float(2 * (one & other).sum() / max(1, one.sum() + other.sum()))


def box_iou(one: Mask, other: Mask) -> float:
    """Intersection over union of two masks' bounding boxes; 0 when one is empty."""
    if not one.any() or not other.any():
        return 0.0
    spans = [[(np.flatnonzero(mask.any(axis=axis))[[0, -1]] + (0, 1)) for axis in (0, 1)] for mask in (one, other)]
    shared = np.prod([max(0, min(a[1], b[1]) - max(a[0], b[0])) for a, b in zip(*spans, strict=True)])
    areas = [np.prod([span[1] - span[0] for span in box]) for box in spans]
    return float(shared / (sum(areas) - shared))


if __name__ == "__main__":
    main()
