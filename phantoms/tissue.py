"""Where glands, nuclei and tissue lie on a slide, as optical densities of haematoxylin and eosin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from .ids import make_rng
from .lerp import lerp
from .specs import SlideSpec

Plane = NDArray[np.uint8]
_COARSE = 16
_TEMPLATES = 48
_PITCH = 21


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


def _outline(spec: SlideSpec) -> NDArray[np.float32]:
    """Return how far inside one irregular piece of tissue each point lies, at 1/16; above 0 is tissue."""
    rng = make_rng(spec.seed, "outline")
    shape = (-(-spec.height // _COARSE) + 1, -(-spec.width // _COARSE) + 1)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    radius = np.hypot((x / shape[1] - 0.52) / 0.39, (y / shape[0] - 0.5) / 0.38)
    size = shape[0] / 100
    wobble = 0.10 * _smooth(rng, shape, 8 * size) + 0.035 * _smooth(rng, shape, 2 * size)
    wobble += 0.010 * _smooth(rng, shape, 2.5)
    return np.asarray(np.maximum(1 - radius - wobble, _planted_depth(spec, shape)), dtype=np.float32)


def _planted_depth(spec: SlideSpec, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return the same measure for the planted region: an irregular blob that fills its box to the edges."""
    rng = make_rng(spec.seed, "blob")
    left, top, width, height = (v / _COARSE for v in spec.region)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    u, v = np.abs(x - left - width / 2) / (width / 2), np.abs(y - top - height / 2) / (height / 2)
    ragged = 0.05 * np.abs(_smooth(rng, shape, 3))
    return np.asarray(np.maximum(1 - (u**3 + v**3) ** (1 / 3) - ragged, -1), dtype=np.float32)


def _magnified(coarse: NDArray[np.float32], rows: slice, columns: slice) -> NDArray[np.float32]:
    """Return the bilinear magnification (16 times) of a part of a coarse map, given as level-0 slices."""
    down, across = (np.asarray(np.arange(p.start, p.stop) / _COARSE, dtype=np.float32) for p in (rows, columns))
    return lerp(lerp(coarse, down, 0), across, 1)


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


def _fibres(spec: SlideSpec, depth: NDArray[np.float32]) -> Plane:
    """Return the eosin of stroma: fibres whose course turns slowly, inside the outline."""
    rng = make_rng(spec.seed, "fibres")
    size = 1024
    along, across, fine = (
        gaussian_filter(rng.standard_normal((size, size), dtype=np.float32), sigma, mode="wrap")
        for sigma in ((1.6, 7), (6, 1.8), (1.1, 1.1))
    )
    along, across, fine = (t / t.std() for t in (along, across, fine))
    course = np.asarray(1 / (1 + np.exp(-2.5 * _smooth(rng, depth.shape, 9))), dtype=np.float32)
    tone = 46 + 5 * _smooth(rng, depth.shape, 14) + 2.5 * _smooth(rng, depth.shape, 3)
    out = np.zeros((spec.height, spec.width), np.uint8)
    for row in range(0, spec.height, size):
        for column in range(0, spec.width, size):
            rows = slice(row, min(row + size, spec.height))
            columns = slice(column, min(column + size, spec.width))
            inside = _magnified(depth, rows, columns) > 0
            if not inside.any():
                continue
            height, width = inside.shape
            turn = _magnified(course, rows, columns)
            fibre = turn * along[:height, :width] + (1 - turn) * across[:height, :width]
            level = _magnified(tone, rows, columns) + 7 * fibre + 3 * fine[:height, :width]
            out[rows, columns] = np.where(inside, np.clip(level, 8, 90), 0)
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
    eosin = np.where(inside > 0.5, np.maximum(wall * pale + (1 - wall) * 4, 1), 0)
    count = int(2 * np.pi * 0.84 * radius / 11)
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False) + rng.normal(0, 0.03, count)
    shape = 1 + 0.07 * np.sin(2 * angle + phase[0]) + 0.05 * np.sin(3 * angle + phase[1])
    r = radius * shape * rng.normal(0.84, 0.035, count)
    nuclei = np.stack([r * np.sin(angle) * squash, r * np.cos(angle)], axis=1).astype(np.int64)
    return eosin.astype(np.uint8), (wall * 12).astype(np.uint8), nuclei


def _place_glands(spec: SlideSpec, depth: NDArray[np.float32], planes: tuple[Plane, Plane]) -> None:
    """Draw normal glands where they fit inside the tissue, away from each other and from the planted region."""
    rng = make_rng(spec.seed, "glands")
    templates = nucleus_templates(rng, (6.0, 8.5), 1.7, 22)
    free = depth > 0.03
    left, top, width, height = (v // _COARSE for v in spec.region)
    free[max(0, top - 5) : top + height + 6, max(0, left - 5) : left + width + 6] = False
    rows, columns = np.nonzero(free)
    for k in rng.permutation(rows.size)[: spec.glands].tolist():
        row, column = int(rows[k]), int(columns[k])
        radius = float(rng.uniform(60, 105))
        near = int(radius * 1.15 / _COARSE) + 1
        spot = free[max(0, row - near) : row + near + 1, max(0, column - near) : column + near + 1]
        if spot.mean() > 0.93:
            _draw_gland(planes, (row * _COARSE, column * _COARSE), _gland(rng, radius), (templates, rng))
            spot[:] = False


def _draw_gland(
    planes: tuple[Plane, Plane],
    centre: tuple[int, int],
    gland: tuple[Plane, Plane, NDArray[np.int64]],
    pen: tuple[Plane, np.random.Generator],
) -> None:
    """Draw one gland; one that would reach over the slide's edge is left out."""
    eosin, haematoxylin = planes
    drawn, haze, nuclei = gland
    size = drawn.shape[0]
    row, column = centre[0] - size // 2, centre[1] - size // 2
    if row < 0 or column < 0 or row + size > eosin.shape[0] or column + size > eosin.shape[1]:
        return
    cut = (slice(row, row + size), slice(column, column + size))
    np.copyto(eosin[cut], drawn, where=drawn > 0)
    np.maximum(haematoxylin[cut], haze, out=haematoxylin[cut])
    stamp(haematoxylin, nuclei + np.array(centre) - pen[0].shape[1] // 2, *pen)


def _scatter(spec: SlideSpec, depth: NDArray[np.float32], eosin: Plane, haematoxylin: Plane) -> None:
    """Scatter thin stromal nuclei where there is stroma, about one in 1600 pixels."""
    rng = make_rng(spec.seed, "stroma")
    rows, columns = np.nonzero(depth[:-2, :-2] > 0)
    k = rng.integers(0, rows.size, rows.size * _COARSE**2 // 1600)
    points = np.stack([rows[k], columns[k]], axis=1) * _COARSE + rng.integers(0, _COARSE, (k.size, 2))
    points = points[eosin[points[:, 0], points[:, 1]] > 32]
    stamp(haematoxylin, points - 10, nucleus_templates(rng, (5.0, 8.0), 2.8, 20), rng)


def _plant(spec: SlideSpec, eosin: Plane, haematoxylin: Plane) -> int:
    """Fill the planted region with large, dark, crowded nuclei of uneven size and return how many."""
    rng = make_rng(spec.seed, "planted")
    left, top, width, height = spec.region
    shape = (-(-spec.height // _COARSE) + 1, -(-spec.width // _COARSE) + 1)
    rows, columns = slice(top, top + height), slice(left, left + width)
    inside = _magnified(_planted_depth(spec, shape), rows, columns) > 0
    part, haze = eosin[rows, columns], haematoxylin[rows, columns]
    np.copyto(part, (part * 0.6 + 24).astype(np.uint8), where=inside)
    haze[inside] = 12
    grid = np.mgrid[10 : height - 10 : _PITCH, 10 : width - 10 : _PITCH].reshape(2, -1).T
    points = grid[rng.random(len(grid)) < 0.9] + rng.integers(-7, 8, (1, 2))
    points = np.clip(points + rng.integers(-7, 8, points.shape), 0, [height - 1, width - 1])
    points = points[inside[points[:, 0], points[:, 1]]]
    templates = nucleus_templates(rng, (7.0, 12.0), 1.6, 30)
    templates = np.minimum(templates.astype(np.uint16) * 6 // 5, 220).astype(np.uint8)
    stamp(haematoxylin, points + np.array([top - 15, left - 15]), templates, rng)
    return len(points)


def grow_tissue(spec: SlideSpec) -> Tissue:
    """Return the stain planes of the slide of `spec`; the same for the same spec."""
    depth = _outline(spec)
    eosin = _fibres(spec, depth)
    haematoxylin = np.zeros_like(eosin)
    _place_glands(spec, depth, (eosin, haematoxylin))
    _scatter(spec, depth, eosin, haematoxylin)
    planted = _plant(spec, eosin, haematoxylin)
    return Tissue(haematoxylin, eosin, depth > 0, planted)
