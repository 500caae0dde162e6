"""The small network that finds lungs and heart on a frontal chest film, and how a film is shown to it.

A U-Net (Ronneberger et al., MICCAI 2015) of about a million weights, trained by `evals/train_chest_film.py`; the card
beside its weights says on what, how well, and what it is not for.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

SIDE = 256
"""Rows and columns of what the network sees: the whole film, or a part of it, stretched to a square."""
WIDTHS = (32, 48, 64, 96, 160)
OUTPUTS = ("image_left", "image_right", "heart")
"""What each pixel is given a probability of: the lung at the left of the picture, the one at the right, and the
cardiomediastinum."""
WEIGHTS = Path(__file__).parent / "data" / "chest_film.safetensors"

_AROUND = 68
"""Pixels across of the square within which brightness is compared."""
_COARSE = 4


class ChestFilmNet(nn.Module):
    """Two pictures of a film in (n, 2, SIDE, SIDE); out come logits of each output for each pixel (n, 3, SIDE, SIDE),
    and one of the whole being a frontal chest film (n,)."""

    def __init__(self) -> None:
        super().__init__()
        first = WIDTHS[0]
        self.stem = nn.Sequential(nn.Conv2d(2, first, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(first),
                                  nn.ReLU(inplace=True))
        self.down = nn.ModuleList([_block(first, first), *map(_block, WIDTHS[:-1], WIDTHS[1:])])
        self.up = nn.ModuleList([_block(fine + coarse, fine) for fine, coarse in pairwise(WIDTHS)])
        self.head = nn.Conv2d(first, len(OUTPUTS), 1)
        self.gate = nn.Sequential(nn.Linear(2 * sum(WIDTHS), 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, shown: Tensor) -> tuple[Tensor, Tensor]:
        """Logits from `shown`; see `show`."""
        levels = self.levels(shown)
        return self.outline(levels), self.gate(summary(levels))[:, 0]

    def levels(self, shown: Tensor) -> list[Tensor]:
        """What is seen at each scale, from fine to coarse: (n, WIDTHS[i], SIDE / 2 ** (i + 1), the same)."""
        seen = self.stem(shown)
        kept = []
        for level, block in enumerate(self.down):
            seen = block(functional.max_pool2d(seen, 2) if level else seen)
            kept.append(seen)
        return kept

    def outline(self, levels: list[Tensor]) -> Tensor:
        """Logits of each output for each pixel."""
        *finer, seen = levels
        for block, fine in zip(reversed(self.up), reversed(finer), strict=True):
            seen = block(torch.cat([fine, _doubled(seen)], dim=1))
        return _doubled(self.head(seen))


def summary(levels: list[Tensor]) -> Tensor:
    """Mean and greatest value of everything seen, wherever it was: (n, 2 * sum(WIDTHS))."""
    return torch.cat([pooled for seen in levels for pooled in (seen.mean((2, 3)), seen.amax((2, 3)))], dim=1)


def _block(into: int, out: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for wide in (into, out):
        layers += [nn.Conv2d(wide, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def _doubled(picture: Tensor) -> Tensor:
    return functional.interpolate(picture, scale_factor=2, mode="bilinear", align_corners=False)


def show(pictures: Tensor) -> Tensor:
    """What the network sees of pictures: their brightness, and how each place stands out from its surroundings.

    Args:
        pictures: (n, SIDE, SIDE), any scale.

    Returns:
        (n, 2, SIDE, SIDE): brightness between its 1st and 99th percentile as -1..1, and the difference from the mean
        of the surroundings in their standard deviations.
    """
    flat = pictures.flatten(1)
    ends = torch.quantile(flat, torch.tensor([0.01, 0.99], dtype=flat.dtype), dim=1)
    low, high = ends[0][:, None, None], ends[1][:, None, None]
    even = ((pictures - low) / (high - low).clamp_min(1e-6)).clamp(0, 1)[:, None]
    mean = _surroundings(even)
    spread = (_surroundings(even * even) - mean * mean).clamp_min(0).sqrt()
    return torch.cat([even * 2 - 1, (even - mean) / (spread + 0.05)], dim=1)


def _surroundings(picture: Tensor) -> Tensor:
    """The mean over a square of _AROUND pixels about each place, counted on a grid of every fourth."""
    coarse = functional.avg_pool2d(picture, _COARSE)
    reach = _AROUND // _COARSE // 2
    mean = functional.avg_pool2d(coarse, 2 * reach + 1, 1, reach, count_include_pad=False)
    return functional.interpolate(mean, scale_factor=_COARSE, mode="bilinear", align_corners=False)


@cache
def shipped_network() -> ChestFilmNet:
    """The network with the weights that ship with the package, ready to look."""
    return load_network(WEIGHTS)


def load_network(weights: Path) -> ChestFilmNet:
    """The network with weights from a safetensors file, ready to look."""
    network = ChestFilmNet()
    network.load_state_dict(load_file(weights))
    return network.eval()
