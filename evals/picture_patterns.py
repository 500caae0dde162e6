"""Pictures of nothing: noise, gradients, boards, blank pages, text, screens, and two ovals that mimic lungs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from .pictures import Grey, Picture, between_percentiles

_SIDE = 384
_WORDS = ("The", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog.", "Haemoglobin", "13.4", "g/dL;",
          "leucocytes", "7.2;", "no", "effusion.", "Please", "return", "this", "form", "to", "the", "ward", "noon.")


def pattern_pictures() -> Iterator[Picture]:
    """Every pattern in eight variants; every second variant is held out."""
    makers = {"noise": _noise, "gradient": _gradient, "board": _board, "text": _text, "screen": _screen,
              "two_ovals": _two_ovals, "spots": _spots, "stripes": _stripes}
    for kind, make in makers.items():
        for number in range(8):
            grey = np.clip(make(np.random.default_rng((len(kind), number)), number), 0, 1).astype(np.float32)
            yield Picture(f"{kind} {number}", kind, grey, number % 2 == 1)
    for number, level in enumerate((0.0, 0.5, 1.0, 0.2, 0.8, 0.01)):
        flat = np.full((_SIDE, _SIDE - 64), level, np.float32)
        yield Picture(f"blank {level:g}", "blank", flat, number % 2 == 1)


def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns from -1 to 1."""
    down, across = np.mgrid[-1:1:_SIDE * 1j, -1:1:_SIDE * 1j]
    return down, across


def _noise(rng: np.random.Generator, number: int) -> Grey:
    """Noise whose amplitude falls with frequency to the power 0 (white) to 3.5 (clouds)."""
    down, across = np.meshgrid(np.fft.fftfreq(_SIDE), np.fft.fftfreq(_SIDE), indexing="ij")
    frequency = np.maximum(np.hypot(down, across), 1 / _SIDE)
    spectrum = np.fft.fft2(rng.standard_normal((_SIDE, _SIDE))) / frequency ** (number / 2)
    return between_percentiles(np.fft.ifft2(spectrum).real, 0.5, 99.5)


def _gradient(rng: np.random.Generator, number: int) -> Grey:
    down, across = _grid()
    angle = rng.uniform(0, 2 * np.pi)
    ramp = np.cos(angle) * down + np.sin(angle) * across
    shape = ramp if number < 4 else np.hypot(down - rng.uniform(-0.5, 0.5), across - rng.uniform(-0.5, 0.5))
    return between_percentiles(shape + rng.normal(0, 0.01, shape.shape), 0, 100)


def _board(rng: np.random.Generator, number: int) -> Grey:
    cell = int(rng.integers(6, 30)) * (1 + number // 2)
    down, across = np.indices((_SIDE, _SIDE)) // cell
    return ((down + across) % 2).astype(np.float32)


def _stripes(rng: np.random.Generator, number: int) -> Grey:
    down, across = _grid()
    angle, count = rng.uniform(0, np.pi), 2 ** (number // 2 + 1)
    return np.asarray(0.5 + 0.5 * np.sin(np.pi * count * (np.cos(angle) * down + np.sin(angle) * across)), np.float32)


def _spots(rng: np.random.Generator, number: int) -> Grey:
    """Bright cells on a dark ground."""
    points = np.zeros((_SIDE, _SIDE))
    points[tuple(rng.integers(0, _SIDE, (2, 10 + 10 * number)))] = 1
    return between_percentiles(ndimage.gaussian_filter(points, rng.uniform(4, 14)), 0, 99.8)


def _text(rng: np.random.Generator, number: int) -> Grey:
    """Lines of words, dark on white or white on dark, from small to large."""
    page = Image.new("L", (_SIDE - 80, _SIDE), 245 if number % 4 < 2 else 15)
    pen = ImageDraw.Draw(page)
    step = 12 + 4 * (number // 2)
    for top in range(14, _SIDE - step, step):
        line = " ".join(rng.choice(_WORDS, int(rng.integers(3, 11))))
        pen.text((16, top), line, fill=20 if number % 4 < 2 else 230, font_size=step - 3)
    return np.asarray(page, np.float32) / np.float32(255)


def _screen(rng: np.random.Generator, number: int) -> Grey:
    """A program's window: bars, buttons, a list, panels."""
    ground, ink = ((40, 200), (225, 30))[number // 2 % 2]
    screen = Image.new("L", (_SIDE + 128, _SIDE - 64), ground)
    pen = ImageDraw.Draw(screen)
    pen.rectangle((0, 0, screen.width, 24), fill=ink // 2 + ground // 4)
    for left in range(6, screen.width - 60, int(rng.integers(48, 80))):
        pen.text((left, 6), str(rng.choice(_WORDS)), fill=ink)
    for top in range(36, screen.height - 12, 14):
        pen.text((6, top), " ".join(rng.choice(_WORDS, 2)), fill=ink)
    for left in range(130, screen.width - 40, int(rng.integers(110, 200))):
        for top in range(34, screen.height - 40, int(rng.integers(90, 150))):
            pen.rectangle((left, top, left + 100, top + 80), fill=int(rng.integers(0, 255)), outline=ink)
    return np.asarray(screen, np.float32) / np.float32(255)


def _two_ovals(rng: np.random.Generator, number: int) -> Grey:
    """Two dark ovals on a bright ground, smooth and without ribs: what a chest is not made of."""
    down, across = _grid()
    grey = np.full(down.shape, 0.85)
    for side in (-1, 1):
        x, y = side * rng.uniform(0.35, 0.5), rng.uniform(-0.15, 0.15)
        inside = ((across - x) / rng.uniform(0.2, 0.35)) ** 2 + ((down - y) / rng.uniform(0.45, 0.75)) ** 2 < 1
        grey[inside] = rng.uniform(0.1, 0.3)
    soft = ndimage.gaussian_filter(grey, 1 + 2 * (number // 2))
    return np.asarray(soft + rng.normal(0, 0.02, soft.shape), np.float32)
