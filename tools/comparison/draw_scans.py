"""Two aligned CT scans side by side, and what differs between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ...core.geometry import Affine, VolumeGeometry
from ...sources.volume import Volume
from ..drawing import (
    ORANGE,
    SKY,
    WHITE,
    YELLOW,
    Window,
    label,
    orientation_letters,
    outline_circle,
    scale_bar,
    side_by_side,
    window_to_grey,
)

PANEL = 480
CLOSE_PANEL = 400
"""Larger side of a panel, in display pixels."""
FAINT_HU, FULL_HU = 80.0, 500.0
"""Differences that are drawn first, and in full colour, in the lung window; less in narrower ones."""
BLUR_MM = 1.5
WIDE_HU = 1500.0


@dataclass(frozen=True)
class Cut:
    """A plane in LPS mm as it is hung on the screen.

    Args:
        name: Axial or Coronal.
        middle: of the picture.
        right: direction of the screen's right.
        down: direction of the screen's bottom.
        size_mm: (width, height).
    """

    name: str
    middle: tuple[float, float, float]
    right: tuple[float, float, float]
    down: tuple[float, float, float]
    size_mm: tuple[float, float]

    @property
    def where(self) -> str:
        """Such as "axial, z 12.5 mm"."""
        axis = int(np.argmax(np.abs(np.cross(self.right, self.down))))
        return f"{self.name.lower()}, {'xyz'[axis]} {self.middle[axis]:.1f} mm"


def axial(middle: Sequence[float], size_mm: tuple[float, float]) -> Cut:
    """Seen from below, the patient's left at the right."""
    return Cut("Axial", _point(middle), (1, 0, 0), (0, 1, 0), size_mm)


def coronal(middle: Sequence[float], size_mm: tuple[float, float]) -> Cut:
    """Seen from the front, the patient's left at the right."""
    return Cut("Coronal", _point(middle), (1, 0, 0), (0, 0, -1), size_mm)


def _point(at: Sequence[float]) -> tuple[float, float, float]:
    x, y, z = (float(part) for part in at)
    return x, y, z


def sample(volume: Volume, cut: Cut, step_mm: float, to_volume: Affine | None = None
           ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Values of a volume on a plane, linearly interpolated, and where the volume has any.

    Args:
        volume: a CT.
        cut: the plane.
        step_mm: size of a pixel.
        to_volume: (4, 4) from the plane's LPS mm to the volume's; None for its own.
    """
    width, height = (max(2, round(size / step_mm)) for size in cut.size_mm)
    across = (np.arange(width) - (width - 1) / 2) * step_mm
    down = (np.arange(height) - (height - 1) / 2) * step_mm
    points = (np.asarray(cut.middle) + down[:, None, None] * np.asarray(cut.down)
              + across[None, :, None] * np.asarray(cut.right))
    if to_volume is not None:
        points = points @ to_volume[:3, :3].T + to_volume[:3, 3]
    index = np.moveaxis(volume.geometry.to_index(points), -1, 0)
    inside = np.all((index >= -0.5) & (index <= _last(volume.geometry)[:, None, None] + 0.5), axis=0)
    values = ndimage.map_coordinates(volume.voxels, index, output=np.float32, order=1, mode="nearest")
    return np.where(inside, values, np.float32(volume.voxels.min())), inside


def _last(geometry: VolumeGeometry) -> NDArray[np.float64]:
    return np.asarray(geometry.shape, float) - 1


def draw_overview(volumes: tuple[Volume, Volume], cut: Cut, to_prior: Affine, window: Window,
                  titles: tuple[str, str]) -> Image.Image:
    """One plane of the later scan, the earlier one in the same place, and where density differs.

    Args:
        volumes: earlier and later.
        cut: in LPS mm of the later scan.
        to_prior: (4, 4) from current to prior LPS mm.
        window: of the grey scale.
        titles: of both.
    """
    step = max(cut.size_mm) / PANEL
    earlier, known = sample(volumes[0], cut, step, to_prior)
    later, own = sample(volumes[1], cut, step)
    note = f"laid on the later scan\n{window.name}"
    panels = [_panel(earlier, cut, step, window, f"{titles[0]}\n{note}"),
              _panel(later, cut, step, window, f"{titles[1]}\n{cut.where}\n{window.name}"),
              _difference(earlier, later, known & own, cut, step, window)]
    return side_by_side(panels)


@dataclass(frozen=True)
class Ring:
    """An opacity to be shown.

    Args:
        centre_mm: LPS of its own scan.
        diameter_mm: to be written and drawn; None where none is measured: then only the place is marked.
    """

    centre_mm: tuple[float, float, float]
    diameter_mm: float | None


def draw_opacity(volumes: tuple[Volume, Volume], rings: tuple[Ring, Ring], to_prior: Affine, window: Window,
                 titles: tuple[str, str]) -> Image.Image:
    """Axial close-ups of one opacity in both scans at one scale, and their difference, its middles laid on each other.

    Args:
        volumes: earlier and later.
        rings: where it lies in each.
        to_prior: (4, 4) from current to prior LPS mm, whose rotation the difference uses.
        window: of the grey scale.
        titles: of both.
    """
    largest = max(ring.diameter_mm or 0.0 for ring in rings)
    side = max(50.0, 2.4 * largest)
    step = side / CLOSE_PANEL
    panels = []
    for volume, ring, title in zip(volumes, rings, titles, strict=True):
        cut = axial(ring.centre_mm, (side, side))
        values, _ = sample(volume, cut, step)
        size = "no opacity measured here" if ring.diameter_mm is None else f"{ring.diameter_mm:.1f} mm"
        picture = _panel(values, cut, step, window, f"{title}\n{cut.where}\n{size}")
        radius = (0.5 * (ring.diameter_mm or largest) + 2.5) / step
        outline_circle(picture, (picture.width / 2, picture.height / 2), radius, YELLOW, 1)
        panels.append(picture)
    cut = axial(rings[1].centre_mm, (side, side))
    centred = to_prior.copy()
    centred[:3, 3] = np.asarray(rings[0].centre_mm) - to_prior[:3, :3] @ np.asarray(rings[1].centre_mm)
    earlier, known = sample(volumes[0], cut, step, centred)
    later, own = sample(volumes[1], cut, step)
    return side_by_side([*panels, _difference(earlier, later, known & own, cut, step, window)])


def _panel(values: NDArray[np.float32], cut: Cut, step: float, window: Window, title: str) -> Image.Image:
    picture = Image.fromarray(window_to_grey(values, window)).convert("RGB")
    orientation_letters(picture, cut.right, cut.down)
    scale_bar(picture, step)
    label(picture, (8, 6), title, size=13)
    return picture


def _difference(earlier: NDArray[np.float32], later: NDArray[np.float32], known: NDArray[np.bool_], cut: Cut,
                step: float, window: Window) -> Image.Image:
    picture = Image.fromarray((window_to_grey(later, window) * 0.7).astype(np.uint8)).convert("RGB")
    low, high = window.centre - window.width / 2, window.centre + window.width / 2
    change = np.where(known, np.clip(later, low, high) - np.clip(earlier, low, high), 0)
    change = ndimage.gaussian_filter(change.astype(np.float32), BLUR_MM / step)
    scale = min(1.0, window.width / WIDE_HU)
    for sign, colour in ((1, ORANGE), (-1, SKY)):
        strength = np.clip((sign * change - FAINT_HU * scale) / ((FULL_HU - FAINT_HU) * scale), 0, 1) * 0.8
        picture.paste(colour, mask=Image.fromarray(np.rint(strength * 255).astype(np.uint8)))
    orientation_letters(picture, cut.right, cut.down)
    label(picture, (8, 6), "Later scan and difference", size=13)
    full = f"full at {FULL_HU * scale:.0f} HU"
    for above, text, colour in ((36, "orange: denser", ORANGE), (22, "blue: less dense", SKY), (8, full, WHITE)):
        label(picture, (8, picture.height - above), text, anchor="ls", size=12, colour=colour)
    return picture
