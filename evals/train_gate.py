"""Teaches the network of tools/localization to tell frontal chest films from other pictures; what it sees stays as is.

    python -m caseloom.evals.train_gate DATA WEIGHTS.safetensors [--all]

DATA is the folder of sample data that `not_films` makes its pictures from. The half for tuning is used, so that
`not_films --weights` can measure on the other; with --all both are, and nothing is left to measure on. The weights come
from `train_chest_film` and are written back with the gate's. Seeds are fixed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from ..tools.localization.network import SIDE, ChestFilmNet, load_network, show, summary
from .chest_films import Varied, read_examples
from .not_films import not_films
from .pictures import Grey, Picture

COPIES = 4
FILMS = 4000
ROUNDS = 600
SEED = 11
FOLDER = "cxr_lung_masks_train"


def main() -> None:
    """Train the gate and write the weights back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--all", action="store_true", help="learn from both halves")
    asked = parser.parse_args()
    network = load_network(asked.weights)
    varied = Varied(read_examples(asked.data / FOLDER), SEED)
    others = [picture for picture in not_films(asked.data) if asked.all or not picture.held_out]
    fit_gate(network, varied, others)
    save_file(network.state_dict(), asked.weights)


def fit_gate(network: ChestFilmNet, varied: Varied, others: Sequence[Picture]) -> None:
    """Train the gate's two layers on summaries of varied films and of varied other pictures, every kind weighing alike.

    Args:
        network: in evaluation mode; only its gate changes.
        varied: of films.
        others: pictures that are none.
    """
    films = torch.cat([summaries(network, varied.batch(50)[0]) for _ in range(FILMS // 50)])
    kinds = Counter(picture.kind for picture in others)
    weights = torch.tensor([1 / kinds[picture.kind] for picture in others]).repeat(COPIES)
    none = torch.cat([summaries(network, batch) for _ in range(COPIES) for batch in _batches(varied, others)])
    seen = torch.cat([films, none])
    truth = torch.cat([torch.ones(len(films)), torch.zeros(len(none))])
    weight = torch.cat([torch.full((len(films),), 0.5 / len(films)), 0.5 * weights / weights.sum()])
    _optimise(network, seen, truth, weight)


def _batches(varied: Varied, others: Sequence[Picture]) -> Iterator[Tensor]:
    for start in range(0, len(others), 50):
        yield torch.stack([varied.spoiled(_square(picture.pixels)) for picture in others[start:start + 50]])


def _square(pixels: Grey) -> Tensor:
    picture = torch.from_numpy(np.array(pixels, np.float32))[None, None]
    return functional.interpolate(picture, size=(SIDE, SIDE), mode="bilinear", align_corners=False,
                                  antialias=True)[0, 0]


def summaries(network: ChestFilmNet, pictures: Tensor) -> Tensor:
    """What the gate judges by: (n, features) of pictures (n, SIDE, SIDE)."""
    with torch.inference_mode():
        return summary(network.levels(show(pictures))).clone()


def _optimise(network: ChestFilmNet, seen: Tensor, truth: Tensor, weight: Tensor) -> None:
    torch.manual_seed(SEED)
    first: Any = network.gate[0]
    centre, spread = seen.mean(0), seen.std(0) + 1e-3
    optimiser = torch.optim.AdamW(network.gate.parameters(), lr=3e-3, weight_decay=0.05)
    even = (seen - centre) / spread
    for _ in range(ROUNDS):
        loss = (functional.binary_cross_entropy_with_logits(network.gate(even)[:, 0], truth, reduction="none")
                * weight).sum()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    with torch.no_grad():  # the gate gets summaries as they are: centre and spread become part of its first layer
        first.weight /= spread
        first.bias -= first.weight @ centre
    sys.stderr.write(f"gate: loss {loss.item():.4f}\n")


if __name__ == "__main__":
    main()
