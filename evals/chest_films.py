"""Films with outlined lungs as training material: read once, varied without end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from ..tools.localization.network import SIDE

KEPT = 448
"""Rows and columns at which a film is kept: more than SIDE, because the network also looks at parts."""


@dataclass(frozen=True)
class Example:
    """One film, stretched to a square.

    Args:
        name: file name.
        patient: whose film it is; a split never divides a patient.
        aspect: width over height of the film.
        film: (KEPT, KEPT), 0..1.
        masks: (3, KEPT, KEPT), 0..1: lung at the left of the picture, lung at its right, cardiomediastinum.
        heart: whether the cardiomediastinum is outlined; its mask is empty where it is not.
    """

    name: str
    patient: str
    aspect: float
    film: Tensor
    masks: Tensor
    heart: bool


def read_examples(folder: Path, hearts: Path | None = None) -> list[Example]:
    """All films of a folder with index.json (list of {image, mask, patientid}), images/ and masks/.

    Args:
        folder: the films.
        hearts: outlines of the cardiomediastinum, by image name {points: [[x, y], ...]} in fractions of the film.
    """
    entries = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    outlines = json.loads(hearts.read_text(encoding="utf-8")) if hearts else {}
    return [_read(folder, entry, outlines.get(entry["image"])) for entry in entries]


def _read(folder: Path, entry: dict[str, str], outline: dict[str, list[list[float]]] | None) -> Example:
    with Image.open(folder / "images" / entry["image"]) as picture:
        aspect = picture.width / picture.height
        film = _square(picture.convert("L"))
    with Image.open(folder / "masks" / entry["mask"]) as picture:
        left, right = split_lungs(_square(picture.convert("L")) > 0.5)
    heart = np.zeros((KEPT, KEPT), bool) if outline is None else drawn(outline["points"])
    masks = torch.from_numpy(np.stack([left, right, heart]).astype(np.float32))
    return Example(entry["image"], entry["patientid"], aspect, torch.from_numpy(film), masks, outline is not None)


def _square(picture: Image.Image) -> NDArray[np.float32]:
    return np.asarray(picture.resize((KEPT, KEPT), Image.Resampling.BOX), np.float32) / np.float32(255)


def drawn(points: Sequence[Sequence[float]]) -> NDArray[np.bool_]:
    """A closed outline in fractions (x, y) as a mask (KEPT, KEPT)."""
    picture = Image.new("L", (KEPT, KEPT))
    ImageDraw.Draw(picture).polygon([(x * KEPT, y * KEPT) for x, y in points], fill=255)
    return np.asarray(picture) > 127


def split_lungs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The two largest parts of a mask without holes, the one at the left of the picture first."""
    parts, count = ndimage.label(ndimage.binary_opening(ndimage.binary_fill_holes(mask)))
    sizes = ndimage.sum_labels(mask, parts, np.arange(1, count + 1))
    largest = np.argsort(sizes)[::-1][:2] + 1
    ordered = sorted(largest, key=lambda part: ndimage.center_of_mass(parts == part)[1])
    return parts == ordered[0], parts == ordered[1]


class Varied:
    """Varied copies of films: what other scanners, positions, diseases and exports would have made of them."""

    def __init__(self, examples: Sequence[Example], seed: int) -> None:
        self.examples = examples
        self.rng = np.random.default_rng(seed)
        self.noise = torch.Generator().manual_seed(seed)

    def batch(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures (count, SIDE, SIDE), masks (count, 3, SIDE, SIDE), and which of the masks are drawn (count, 3)."""
        chosen = [self.examples[index] for index in self.rng.integers(0, len(self.examples), count)]
        pairs = [self._one(example) for example in chosen]
        drawn = torch.tensor([[True, True, example.heart] for example in chosen])
        return torch.stack([picture for picture, _ in pairs]), torch.stack([masks for _, masks in pairs]), drawn

    def _one(self, example: Example) -> tuple[Tensor, Tensor]:
        grid = self._grid(example)
        masks = functional.grid_sample(example.masks[None], grid, align_corners=False)[0]
        diseased = self._diseased(example.film, example.masks)
        fill = self.rng.choice(["zeros", "zeros", "border"])
        picture = functional.grid_sample(diseased[None, None], grid, padding_mode=fill, align_corners=False)[0, 0]
        picture = self.spoiled(picture)
        if self.rng.random() < 0.5:
            picture, masks = picture.flip(-1), masks.flip(-1)[[1, 0, 2]]
        return picture, masks

    def spoiled(self, picture: Tensor) -> Tensor:
        """A picture (SIDE, SIDE) as another machine would have exposed, marked and stored it."""
        return self._exported(self._overlaid(self._exposed(picture)))

    def _grid(self, example: Example) -> Tensor:
        """Where each pixel of the copy is taken from: a part of the film, turned, sheared and bent."""
        x0, y0, x1, y1 = self._part(example)
        turn = self.rng.normal(0, 0.06) if self.rng.random() < 0.7 else self.rng.uniform(-0.45, 0.45)
        shear = self.rng.normal(0, 0.04)
        across = np.linspace(-0.5, 0.5, SIDE, dtype=np.float32) * (x1 - x0) * example.aspect
        down = np.linspace(-0.5, 0.5, SIDE, dtype=np.float32) * (y1 - y0)
        v, u = np.meshgrid(down, across, indexing="ij")
        u = u + shear * v
        x = (np.cos(turn) * u - np.sin(turn) * v) / example.aspect + (x0 + x1) / 2
        y = np.sin(turn) * u + np.cos(turn) * v + (y0 + y1) / 2
        grid = torch.from_numpy(np.stack([x, y], -1).astype(np.float32)) * 2 - 1
        return (grid + self._bend())[None]

    def _part(self, example: Example) -> tuple[float, float, float, float]:
        """The whole film and some border, or the lungs and some surroundings, in fractions of the film."""
        if self.rng.random() < 0.5:
            x0, y0 = self.rng.uniform(-0.15, 0.12, 2)
            x1, y1 = 1 - self.rng.uniform(-0.15, 0.12, 2)
            return x0, y0, x1, y1
        lungs = example.masks[:2].amax(0) > 0.5
        rows, columns = (np.flatnonzero(lungs.any(axis).numpy()) / KEPT for axis in (1, 0))
        high, wide = rows[-1] - rows[0], columns[-1] - columns[0]
        margins = self.rng.uniform(-0.04, 0.3, 4)
        return (columns[0] - margins[0] * wide, rows[0] - margins[1] * high,
                columns[-1] + margins[2] * wide, rows[-1] + margins[3] * high)

    def _bend(self) -> Tensor:
        coarse = torch.randn((1, 2, 5, 5), generator=self.noise) * float(self.rng.uniform(0, 0.025))
        fine = functional.interpolate(coarse, size=(SIDE, SIDE), mode="bicubic", align_corners=True)
        return fine[0].permute(1, 2, 0)

    def _diseased(self, film: Tensor, masks: Tensor) -> Tensor:
        """Opacities in the lungs: soft patches, an effusion below a level, or a whole side."""
        chance = self.rng.random()
        if chance > 0.4:
            return film
        lung = masks[int(self.rng.integers(2))]
        bright = float(film[lung > 0.5].quantile(0.9)) + self.rng.uniform(0, 0.25)
        if chance < 0.04:
            veil = lung * self.rng.uniform(0.6, 1.0)
        elif chance < 0.14:
            rows = torch.arange(KEPT)[:, None] / KEPT
            found = np.flatnonzero((lung > 0.5).any(1).numpy()) / KEPT
            level = self.rng.uniform(found[0] + 0.35 * (found[-1] - found[0]), found[-1])
            veil = lung * ((rows - level) / self.rng.uniform(0.01, 0.12)).clamp(0, 1)
        else:
            veil = masks[:2].amax(0) * self._patches(int(self.rng.integers(1, 6)))
        veil = _soft(veil, 9) * self.rng.uniform(0.4, 0.95)
        return film * (1 - veil) + bright * veil

    def _patches(self, count: int) -> Tensor:
        ticks = torch.linspace(0, 1, KEPT)
        veil = torch.zeros((KEPT, KEPT))
        for _ in range(count):
            x, y = self.rng.uniform(0.1, 0.9, 2)
            wide, high = self.rng.uniform(0.04, 0.22, 2)
            veil = torch.maximum(veil, torch.exp(-((ticks[None] - x) / wide) ** 2 - ((ticks[:, None] - y) / high) ** 2))
        return veil

    def _exposed(self, picture: Tensor) -> Tensor:
        """Another exposure: a random rising curve, uneven illumination, contrast made stronger or flatter locally."""
        low, high = float(picture.min()), float(picture.max())
        even = ((picture - low) / max(high - low, 1e-6)).clamp(0, 1) ** float(np.exp(self.rng.normal(0, 0.35)))
        if self.rng.random() < 0.4:
            even = self._curved(even)
        if self.rng.random() < 0.4:
            coarse = torch.randn((1, 1, 3, 3), generator=self.noise) * 0.15
            field = functional.interpolate(coarse, size=even.shape, mode="bicubic", align_corners=True)
            even = even * (1 + field[0, 0])
        if self.rng.random() < 0.4:
            smooth = _soft(even, int(self.rng.choice([9, 31, 65])))
            even = smooth + (even - smooth) * float(self.rng.uniform(0.5, 2.5))
        return even

    def _curved(self, even: Tensor) -> Tensor:
        knots = np.concatenate([[0.0], np.cumsum(self.rng.uniform(0.2, 1.0, 6))])
        place = (even.clamp(0, 1) * 6).clamp(0, 5.999)
        floor = place.long()
        table = torch.from_numpy((knots / knots[-1]).astype(np.float32))
        return table[floor] + (table[floor + 1] - table[floor]) * (place - floor)

    def _overlaid(self, picture: Tensor) -> Tensor:
        """Tubes, wires, devices, marks and printed words over the film, and black or white bars at its edges."""
        if self.rng.random() < 0.5:
            return picture
        drawing = Image.fromarray((picture.clamp(0, 1) * 255).byte().numpy())
        draw = ImageDraw.Draw(drawing)
        for _ in range(int(self.rng.integers(0, 4))):
            points = np.cumsum(self.rng.normal(0, 30, (6, 2)), axis=0) + self.rng.uniform(0, SIDE, 2)
            draw.line([tuple(point) for point in points], fill=int(self.rng.integers(120, 256)),
                      width=int(self.rng.integers(1, 4)), joint="curve")
        for _ in range(int(self.rng.integers(0, 3))):
            x, y = self.rng.uniform(0, SIDE, 2)
            wide, high = self.rng.uniform(3, 22, 2)
            shape = draw.ellipse if self.rng.random() < 0.5 else draw.rectangle
            shape((x, y, x + wide, y + high), fill=int(self.rng.choice([0, 200, 255])))
        for _ in range(int(self.rng.integers(0, 3))):
            words = "".join(self.rng.choice(list("LRAP STANDING 0123456789/:"), int(self.rng.integers(1, 14))))
            draw.text(tuple(self.rng.uniform(0, SIDE - 20, 2)), words, fill=int(self.rng.choice([0, 255])),
                      font_size=int(self.rng.integers(8, 26)))
        return self._barred(torch.from_numpy(np.array(drawing, np.float32) / np.float32(255)))

    def _barred(self, picture: Tensor) -> Tensor:
        if self.rng.random() < 0.4:
            wide = self.rng.integers(0, SIDE // 12, 4)
            fill = float(self.rng.choice([0.0, 0.0, 1.0]))
            picture[:wide[0]], picture[SIDE - wide[1]:] = fill, fill
            picture[:, :wide[2]], picture[:, SIDE - wide[3]:] = fill, fill
        return picture

    def _exported(self, picture: Tensor) -> Tensor:
        """Blurred, coarse, noisy, or stored with bright and dark exchanged."""
        if self.rng.random() < 0.25:
            picture = _soft(picture, int(self.rng.choice([3, 5])))
        if self.rng.random() < 0.15:
            few = int(self.rng.integers(90, 200))
            coarse = functional.interpolate(picture[None, None], size=(few, few), mode="area")
            picture = functional.interpolate(coarse, size=picture.shape, mode="bilinear", align_corners=False)[0, 0]
        if self.rng.random() < 0.3:
            picture = picture + torch.randn(picture.shape, generator=self.noise) * float(self.rng.uniform(0, 0.06))
        return 1 - picture if self.rng.random() < 0.15 else picture


def _soft(picture: Tensor, width: int) -> Tensor:
    """Averaged twice over squares of `width` pixels (odd)."""
    soft = picture[None, None]
    for size in ((width, 1), (1, width)) * 2:
        soft = functional.avg_pool2d(soft, size, 1, (size[0] // 2, size[1] // 2), count_include_pad=False)
    return soft[0, 0]
