"""Planes of a volume as radiologists look at them: axial from below, coronal from the front, sagittal from the left.

Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.boxes import Box
from ...core.geometry import VolumeGeometry
from ..drawing import Window, orientation_letters, scale_bar, to_picture, window_to_grey

Plane = Literal["slice", "across"]
"""A stored slice, or a cut across all slices along their rows (coronal where the slices are axial)."""
_AXES: dict[Plane, tuple[int, int, int]] = {"slice": (0, 1, 2), "across": (1, 0, 2)}
"""Axis looked along, axis that becomes rows, axis that becomes columns."""
_NAMES = ("Sagittal", "Coronal", "Axial")
_DOWN = ((0, 0, -1), (0, 0, -1), (0, 1, 0))
_RIGHT = ((0, 1, 0), (1, 0, 0), (1, 0, 0))
"""LPS directions of the screen's bottom and right, for each of `_NAMES`."""


@dataclass(frozen=True)
class View:
    """How one plane is turned and cut for the screen.

    Args:
        plane: which cut.
        name: Sagittal, Coronal or Axial, whichever is nearest.
        index: of the plane along its axis.
        flips: whether rows and columns are turned round against the stored array.
        cut: (rows, columns) shown, after turning.
        spacing: (rows, columns) in mm.
        right: LPS direction of the screen's right.
        down: LPS direction of the screen's bottom.
    """

    plane: Plane
    name: str
    index: int
    flips: tuple[bool, bool]
    cut: tuple[slice, slice]
    spacing: tuple[float, float]
    right: tuple[float, ...]
    down: tuple[float, ...]

    def take(self, array: NDArray[Any]) -> NDArray[Any]:
        """The shown part of a (k, j, i) array: (rows, columns)."""
        along, _, _ = _AXES[self.plane]
        return self.turn(np.take(array, self.index, axis=along))

    def turn(self, plane: NDArray[Any]) -> NDArray[Any]:
        """The shown part of the plane, as it is stored, that lies across the view's axis."""
        turned = plane[::-1 if self.flips[0] else 1, ::-1 if self.flips[1] else 1]
        shown: NDArray[Any] = turned[self.cut]
        return shown

    @property
    def axis(self) -> int:
        """Array axis looked along."""
        return _AXES[self.plane][0]

    def box(self, stored: Box, shape: tuple[int, int, int], mm_per_pixel: float) -> Box:
        """A box in pixels of the stored plane to pixels of the picture.

        Args:
            stored: [x0, y0, x1, y1], half-open.
            shape: of the volume.
            mm_per_pixel: of the picture.
        """
        _, down, across = _AXES[self.plane]
        spans = []
        for low, high, axis, flip, cut, step in ((stored[0], stored[2], across, self.flips[1], self.cut[1],
                                                  self.spacing[1]),
                                                 (stored[1], stored[3], down, self.flips[0], self.cut[0],
                                                  self.spacing[0])):
            ends = (shape[axis] - high, shape[axis] - low) if flip else (low, high)
            spans.append([(end - cut.start) * step / mm_per_pixel for end in ends])
        return (spans[0][0], spans[1][0], spans[0][1], spans[1][1])


def view_of(geometry: VolumeGeometry, plane: Plane, index: int,
            cut: tuple[slice, slice] | None = None) -> View:
    """The view of a plane.

    Args:
        geometry: of the volume.
        plane: which cut.
        index: of the plane.
        cut: (rows, columns) of the *stored* plane to show; None shows all.
    """
    _, down, across = _AXES[plane]
    rows, columns = geometry.affine[:3, down], geometry.affine[:3, across]
    kind = int(np.argmax(np.abs(np.cross(rows, columns))))
    flips = (bool(rows @ _DOWN[kind] < 0), bool(columns @ _RIGHT[kind] < 0))
    sizes = geometry.shape[down], geometry.shape[across]
    shown = cut or (slice(0, sizes[0]), slice(0, sizes[1]))
    turned = tuple(slice(size - part.stop, size - part.start) if flip else part
                   for part, size, flip in zip(shown, sizes, flips, strict=True))
    spacing = geometry.spacing
    return View(plane, _NAMES[kind], index, flips, (turned[0], turned[1]), (spacing[down], spacing[across]),
                tuple(float(part) for part in (-columns if flips[1] else columns)),
                tuple(float(part) for part in (-rows if flips[0] else rows)))


def show(view: View, voxels: NDArray[Any], window: Window, mm_per_pixel: float, *, letters: bool = True
         ) -> Image.Image:
    """The plane in grey with orientation letters and a scale bar.

    Args:
        view: what to show.
        voxels: (k, j, i).
        window: of the grey scale.
        mm_per_pixel: size of a screen pixel.
        letters: False where the file does not say how the voxels lie in the patient.
    """
    picture = to_picture(window_to_grey(view.take(voxels), window), view.spacing, mm_per_pixel)
    if letters:
        orientation_letters(picture, view.right, view.down)
    scale_bar(picture, mm_per_pixel)
    return picture


def fit(view: View, height: int, width: int) -> float:
    """The mm per pixel at which a view fits into a frame of screen pixels.

    Args:
        view: what is shown.
        height: of the frame.
        width: of the frame.
    """
    rows = (view.cut[0].stop - view.cut[0].start) * view.spacing[0]
    columns = (view.cut[1].stop - view.cut[1].start) * view.spacing[1]
    return float(max(rows / height, columns / width))
