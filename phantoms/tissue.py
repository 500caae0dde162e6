"""Where glands, nuclei and tissue lie on a slide, as optical densities of haematoxylin and eosin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from .ids import make_rng
from .specs import SlideSpec

Plane = NDArray[np.uint8]
_COARSE = 16
_TEMPLATES = 48


@dataclass(frozen=True)
class Tissue:
    """Stain planes at level 0, uint8, rows by columns; 255 is an optical density of 2.55.

    Attributes:
        haematoxylin: nuclei.
        eosin: cytoplasm and fibres.
        coarse_mask: tissue at one sixteenth of the size, bool.
        nuclei_in_region: how many atypical nuclei were planted.
    """

    haematoxylin: Plane
    eosin: Plane
    coarse_mask: NDArray[np.bool_]
    nuclei_in_region: int


def _smooth(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> NDArray[np.float32]:
    noise = gaussian_filter(rng.standard_normal(shape, dtype=np.float32), sigma, mode="wrap")
    return np.asarray(noise / noise.std(), dtype=np.float32)


def _outline(spec: SlideSpec) -> NDArray[np.bool_]:
    """Return the irregular outline of one piece of tissue, at 1/16."""
    rng = make_rng(spec.seed, "outline")
    shape = (spec.height // _COARSE, spec.width // _COARSE)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    radius = np.hypot((x / shape[1] - 0.52) / 0.39, (y / shape[0] - 0.5) / 0.38)
    wobble = 0.10 * _smooth(rng, shape, 34) + 0.04 * _smooth(rng, shape, 9) + 0.012 * _smooth(rng, shape, 2)
    left, top, width, height = (v / _COARSE for v in spec.region)
    planted = (x > left - 4) & (x < left + width + 4) & (y > top - 4) & (y < top + height + 4)
    return np.asarray((radius + wobble < 1) | planted)


def nucleus_templates(rng: np.random.Generator, radii: tuple[float, float], stretch: float, size: int) -> Plane:
    """Return haematoxylin templates (n, size, size) of elliptic nuclei with an uneven chromatin and a darker rim."""
    y, x = np.mgrid[0:size, 0:size] - (size - 1) / 2
    out = np.zeros((_TEMPLATES, size, size), np.float32)
    for plane in out:
        angle, a = rng.uniform(0, np.pi), rng.uniform(*radii)
        b = a / rng.uniform(1.1, stretch)
        u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        bump = 1 + 0.12 * np.sin(3 * np.arctan2(v, u) + rng.uniform(0, 6))
        q = np.hypot(u / a, v / b) * bump
        grain = gaussian_filter(rng.standard_normal((size, size)), 1.1)
        body = 95 + 26 * grain / grain.std() * 0.7 + 28 * np.exp(-(((q - 0.88) / 0.16) ** 2))
        plane[:] = np.clip(body, 40, 200) * np.clip((1.06 - q) * a, 0, 1)
    return np.asarray(out, dtype=np.uint8)


def stamp(plane: Plane, points: NDArray[np.int64], templates: Plane, rng: np.random.Generator) -> None:
    """Lay a random template, by maximum, at each point (n, 2: row, column of the template's top left)."""
    size = templates.shape[1]
    inside = (points >= 0).all(1) & (points[:, 0] <= plane.shape[0] - size) & (points[:, 1] <= plane.shape[1] - size)
    chosen = rng.integers(0, len(templates), len(points))
    for (row, column), k in zip(points[inside].tolist(), chosen[inside].tolist(), strict=True):
        part = plane[row : row + size, column : column + size]
        np.maximum(part, templates[k], out=part)


def _fibres(spec: SlideSpec, mask: NDArray[np.bool_]) -> Plane:
    """Return the eosin of stroma: wavy fibres inside the outline, with a few pale tears."""
    rng = make_rng(spec.seed, "fibres")
    tile = (1024, 1024)
    wave = gaussian_filter(rng.standard_normal(tile, dtype=np.float32), (1.2, 7), mode="wrap")
    fine = gaussian_filter(rng.standard_normal(tile, dtype=np.float32), 1.0, mode="wrap")
    texture = 46 + 13 * wave / wave.std() + 5 * fine / fine.std()
    tone = zoom(_smooth(rng, mask.shape, 12) * 5, 1, order=0)
    level = np.where(mask, np.clip(texture.mean() / 46 + tone / 46, 0.6, 1.4), 0).astype(np.float32)
    out = np.zeros((spec.height, spec.width), np.uint8)
    soft = gaussian_filter(level, 0.5)
    for row in range(0, spec.height, 1024):
        for column in range(0, spec.width, 1024):
            part = out[row : row + 1024, column : column + 1024]
            h, w = part.shape
            rows, columns = row // _COARSE, column // _COARSE
            block = soft[rows : rows + -(-h // _COARSE), columns : columns + -(-w // _COARSE)]
            big = np.kron(block, np.ones((_COARSE, _COARSE), np.float32))[:h, :w]
            part[: big.shape[0], : big.shape[1]] = np.clip(texture[: big.shape[0], : big.shape[1]] * big, 0, 255)
    return out


def _gland(rng: np.random.Generator, radius: float) -> tuple[Plane, Plane, NDArray[np.int64]]:
    """Return eosin, haematoxylin haze and nuclei (row, column from the centre) of one gland with a pale lumen."""
    size = int(radius * 2.6)
    y, x = np.mgrid[0:size, 0:size] - size / 2
    theta = np.arctan2(y, x)
    phase, squash = rng.uniform(0, 6.3, 2), rng.uniform(0.8, 1.0)
    rim = radius * (1 + 0.07 * np.sin(2 * theta + phase[0]) + 0.05 * np.sin(3 * theta + phase[1]))
    q = np.hypot(x, y / squash) / rim
    lumen = 0.34 + 0.10 * rng.random()
    wall = np.clip((1 - q) * 14, 0, 1) * np.clip((q - lumen) * 14, 0, 1)
    inside = np.clip((1 - q) * 14, 0, 1)
    pale = 26 + 10 * rng.random()
    eosin = np.where(inside > 0, np.maximum(inside * (wall * pale + (1 - wall) * 5), 1), 0)
    count = int(2 * np.pi * 0.84 * radius / 11)
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False) + rng.normal(0, 0.03, count)
    shape = 1 + 0.07 * np.sin(2 * angle + phase[0]) + 0.05 * np.sin(3 * angle + phase[1])
    r = radius * shape * rng.normal(0.84, 0.035, count)
    nuclei = np.stack([r * np.sin(angle) * squash, r * np.cos(angle)], axis=1).astype(np.int64)
    return eosin.astype(np.uint8), (wall * 12).astype(np.uint8), nuclei


def _place_glands(spec: SlideSpec, mask: NDArray[np.bool_], planes: tuple[Plane, Plane]) -> None:
    """Draw normal glands where they fit inside the tissue, away from each other and from the planted region."""
    eosin, haematoxylin = planes
    rng = make_rng(spec.seed, "glands")
    templates = nucleus_templates(rng, (6.0, 8.5), 1.7, 22)
    free = gaussian_filter(mask.astype(np.float32), 4) > 0.93
    left, top, width, height = (v // _COARSE for v in spec.region)
    free[max(0, top - 6) : top + height + 6, max(0, left - 6) : left + width + 6] = False
    for _ in range(spec.glands):
        rows, columns = np.nonzero(free)
        if rows.size == 0:
            break
        k = int(rng.integers(rows.size))
        row, column = int(rows[k]) * _COARSE, int(columns[k]) * _COARSE
        radius = float(rng.uniform(62, 108))
        near = int(radius * 1.22 / _COARSE) + 1
        spot = free[max(0, rows[k] - near) : rows[k] + near + 1, max(0, columns[k] - near) : columns[k] + near + 1]
        if spot.mean() < 0.97:
            continue
        spot[:] = False
        drawn, haze, nuclei = _gland(rng, radius)
        size = drawn.shape[0]
        r0, c0 = row - size // 2, column - size // 2
        if r0 < 0 or c0 < 0 or r0 + size > spec.height or c0 + size > spec.width:
            continue
        part = eosin[r0 : r0 + size, c0 : c0 + size]
        np.copyto(part, drawn, where=drawn > 0)
        np.maximum(haematoxylin[r0 : r0 + size, c0 : c0 + size], haze, out=haematoxylin[r0 : r0 + size, c0 : c0 + size])
        stamp(haematoxylin, nuclei + [row - 11, column - 11], templates, rng)


def _scatter(spec: SlideSpec, mask: NDArray[np.bool_], eosin: Plane, haematoxylin: Plane) -> None:
    """Scatter thin stromal nuclei where there is stroma, about one in 1600 pixels."""
    rng = make_rng(spec.seed, "stroma")
    count = int(mask.sum()) * _COARSE**2 // 1600
    rows, columns = np.nonzero(mask)
    k = rng.integers(0, rows.size, count)
    points = np.stack([rows[k], columns[k]], axis=1) * _COARSE + rng.integers(0, _COARSE, (count, 2))
    points = points[eosin[points[:, 0], points[:, 1]] > 34]
    templates = nucleus_templates(rng, (5.0, 8.0), 2.8, 20)
    stamp(haematoxylin, points - 10, templates, rng)


def _plant(spec: SlideSpec, eosin: Plane, haematoxylin: Plane) -> int:
    """Fill the planted region with large, dark, crowded nuclei of uneven size and return how many."""
    rng = make_rng(spec.seed, "planted")
    left, top, width, height = spec.region
    pitch = 17
    rows, columns = np.mgrid[top + 14 : top + height - 14 : pitch, left + 14 : left + width - 14 : pitch]
    points = np.stack([rows.ravel(), columns.ravel()], axis=1)
    points = points[rng.random(len(points)) < 0.9]
    points = points + rng.integers(-6, 7, points.shape)
    part = eosin[top : top + height, left : left + width]
    np.copyto(part, (part * 0.55 + 22).astype(np.uint8))
    haze = haematoxylin[top : top + height, left : left + width]
    np.maximum(haze, 16, out=haze)
    templates = nucleus_templates(rng, (7.5, 13.5), 1.7, 34)
    templates = np.minimum(templates.astype(np.uint16) * 5 // 4, 230).astype(np.uint8)
    stamp(haematoxylin, points - 17, templates, rng)
    return len(points)


def grow_tissue(spec: SlideSpec) -> Tissue:
    """Return the stain planes of the slide of `spec`; the same for the same spec."""
    mask = _outline(spec)
    eosin = _fibres(spec, mask)
    haematoxylin = np.zeros_like(eosin)
    _place_glands(spec, mask, (eosin, haematoxylin))
    _scatter(spec, mask, eosin, haematoxylin)
    planted = _plant(spec, eosin, haematoxylin)
    return Tissue(haematoxylin, eosin, mask, planted)
