"""From sorted slices to a regular grid: gaps, uneven distances, tilt. Pure: headers in, a plan out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from .slice_choice import count
from .slice_headers import SliceHeader

LARGEST_BRIDGED_MM = 10.0
"""Widest distance of neighbouring slices across which values are interpolated: as far apart as the slices of
conventional non-spiral chest CT, whose volumes were measured that way."""
LARGEST_JITTER = 0.1
"""Largest distance of a slice from its place on the regular grid, as a fraction of the slice distance."""
LARGEST_TILT = 45.0
"""Degrees between the slices' normal and the line through their corners beyond which they are no stack: gantries tilt
by up to 30 degrees."""
THICK_ENOUGH = 0.9
"""Slices thinner than this part of their distance leave gaps."""
MAIN_RUN = 0.75
"""Smallest part of a series that may stand for it when the rest lies beyond a gap too wide to bridge."""


@dataclass(frozen=True)
class Grid:
    """How a regular grid is made from sorted slices.

    Args:
        affine: (k, j, i, 1) to LPS mm.
        first: index of the first slice used.
        last: index of the last slice used, included.
        places: (planes,) position of each plane in units of slice index from `first`; whole numbers where a plane is
            a stored slice, else it is interpolated between its neighbours.
        notes: what a person must know.
    """

    affine: NDArray[np.float64]
    first: int
    last: int
    places: NDArray[np.float64]
    notes: tuple[str, ...]

    @property
    def is_stored(self) -> bool:
        """Whether every plane is a stored slice."""
        return len(self.places) == self.last - self.first + 1 and bool((self.places % 1 == 0).all())


def lay_grid(slices: Sequence[SliceHeader]) -> Grid:
    """The regular grid for sorted slices.

    Even slices give their own planes. Uneven ones (a slice is missing, distances vary) are interpolated linearly to
    the usual distance where no step is wider than 10 mm; the notes say so. Beyond a wider gap slices are cut off when
    three quarters of the series remain. A tilted gantry gives a sheared grid, in which positions and volumes are exact.

    Raises:
        RefusedFile: TOO_FEW_SLICES, or BAD_GEOMETRY where the slices make no sound grid.
    """
    if len(slices) < 3:
        raise RefusedFile(RefusalCode.TOO_FEW_SLICES, f"{count(len(slices), 'slice')} with a place in the patient; "
                          "a volume needs three or more")
    normal = slices[0].normal
    depth = np.array([float(item.position @ normal) for item in slices])
    usual = float(np.median(np.diff(depth)))
    notes = [*_describe_gaps(depth, usual), *_describe_thickness(slices[len(slices) // 2].thickness, usual)]
    first, last = _main_run(depth, usual)
    if (first, last) != (0, len(slices) - 1):
        notes.append(f"slices {first + 1} to {last + 1} of {len(slices)} are used; the others lie beyond a gap")
    used, depth = slices[first:last + 1], depth[first:last + 1]
    places = _plane_places(depth, usual, notes)
    column = (used[-1].position - used[0].position) / (len(places) - 1)
    _check_straight(used, depth)
    notes += _describe_tilt(column, normal)
    affine = np.eye(4)
    affine[:3, 0] = column
    affine[:3, 1] = used[0].along_column * used[0].spacing[0]
    affine[:3, 2] = used[0].along_row * used[0].spacing[1]
    affine[:3, 3] = used[0].position
    return Grid(affine, first, last, places, tuple(notes))


def _describe_gaps(depth: NDArray[np.float64], usual: float) -> list[str]:
    wide = [(index, step) for index, step in enumerate(np.diff(depth)) if step > 1.5 * usual]
    if not wide:
        return []
    index, step = max(wide, key=lambda item: item[1])
    if len(wide) == 1:
        return [f"slice positions have one gap of {step:.1f} mm between slices {index + 1} and {index + 2} "
                f"(usual distance {usual:.1f} mm)"]
    return [f"slice positions have {len(wide)} gaps, the widest of {step:.1f} mm between slices {index + 1} and "
            f"{index + 2} (usual distance {usual:.1f} mm)"]


def _describe_thickness(thickness: float | None, usual: float) -> list[str]:
    """A note where a part of the body lies between the slices; refuses slices too far apart to stand for it."""
    if not thickness or not 0 < thickness < THICK_ENOUGH * usual:
        return []
    if thickness < usual / 2 and usual > LARGEST_BRIDGED_MM * 1.001:
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, f"slices {thickness:.1f} mm thick lie {usual:.1f} mm apart, too "
                          "far for a volume to be measured")
    return [f"slices are {thickness:.1f} mm thick and lie {usual:.1f} mm apart: what lies between them was not imaged, "
            "and volumes are interpolated"]


def _main_run(depth: NDArray[np.float64], usual: float) -> tuple[int, int]:
    steps = np.diff(depth)
    cuts = np.flatnonzero((steps > LARGEST_BRIDGED_MM * 1.001) & (steps > 1.5 * usual))
    edges = [-1, *cuts.tolist(), len(depth) - 1]
    runs = [(before + 1, after) for before, after in pairwise(edges)]
    first, last = max(runs, key=lambda run: run[1] - run[0])
    if last - first + 1 < max(3, MAIN_RUN * len(depth)):
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, f"slices are missing: the widest gap is {steps.max():.1f} mm where "
                          f"{usual:.1f} mm is usual, so nothing is measured; ask for the whole series")
    return first, last


def _plane_places(depth: NDArray[np.float64], usual: float, notes: list[str]) -> NDArray[np.float64]:
    """Positions of the grid's planes in units of slice index; notes an interpolation."""
    own = np.arange(len(depth), dtype=np.float64)
    even = np.linspace(depth[0], depth[-1], len(depth))
    step = float(even[1] - even[0])
    jitter = float(np.abs(depth - even).max())
    if jitter <= LARGEST_JITTER * step:
        if jitter > 0.02 * step:
            notes.append(f"slice positions deviate from an even distance by up to {jitter:.2f} mm")
        return own
    planes = round(float(depth[-1] - depth[0]) / usual) + 1
    if planes > 4 * len(depth):
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, "slice distances vary too much for a volume to be measured")
    notes.append(f"uneven slice distances: interpolated to {planes} planes at {usual:.2f} mm for measuring")
    places = np.interp(np.linspace(depth[0], depth[-1], planes), depth, own)
    near = np.abs(places - np.rint(places)) < 0.02
    return np.where(near, np.rint(places), places)


def _check_straight(slices: Sequence[SliceHeader], depth: NDArray[np.float64]) -> None:
    """Refuse slices that are shifted against each other beyond a straight stack."""
    first, last = slices[0].position, slices[-1].position
    part = ((depth - depth[0]) / (depth[-1] - depth[0]))[:, None]
    off = np.array([item.position for item in slices]) - (first + part * (last - first))
    if np.linalg.norm(off, axis=1).max() > max(1.0, slices[0].spacing[0]) + LARGEST_BRIDGED_MM * 0.05:
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, "the slices are shifted against each other, so they make no "
                          "regular volume")


def _describe_tilt(column: NDArray[np.float64], normal: NDArray[np.float64]) -> list[str]:
    cosine = float(column @ normal / np.linalg.norm(column))
    angle = float(np.degrees(np.arccos(min(1.0, cosine))))
    if angle < 0.25:
        return []
    if angle > LARGEST_TILT:
        raise RefusedFile(RefusalCode.BAD_GEOMETRY, f"the slices are sheared by {angle:.0f} degrees, more than any "
                          "gantry tilts, so nothing is measured")
    return [f"gantry tilt {angle:.1f} degrees: the grid is sheared; positions and volumes allow for it"]
