"""Overlays of volumes: what was measured, drawn where it was measured."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ...core.boxes import Box
from ...core.finding import Laterality
from ...sources.volume import HU, Volume
from ..drawing import (
    BRAIN_WINDOW,
    GREEN,
    LUNG_WINDOW,
    ORANGE,
    SKY,
    SOFT_WINDOW,
    YELLOW,
    Colour,
    Window,
    in_rows,
    label,
    outline_box,
    outline_circle,
    outline_mask,
    percentile_window,
    side_by_side,
)
from .grids import Mask, bounding_box, coarse_place, refine
from .lungs import Chest
from .measure import TISSUES
from .nodules import Candidate
from .views import Plane, View, fit, show, view_of

FRAME = 560
CLOSE_FRAME = 420
TILE = 270
"""Largest height and width of one view, of a close-up, and of one slice of several, in screen pixels."""
MR_TILES = 4
SIDE_COLOURS: dict[Laterality, Colour] = {Laterality.RIGHT: SKY, Laterality.LEFT: ORANGE, Laterality.BILATERAL: GREEN}
"""As on films."""
TISSUE_COLOURS: tuple[Colour, ...] = (YELLOW, (213, 94, 0), SKY)
CANDIDATE: Colour = YELLOW


def draw_lungs(volume: Volume, chest: Chest) -> Image.Image:
    """Coronal and axial view with the contour of each lung, cut to the body.

    Args:
        volume: a CT.
        chest: its segmentation, with at least one lung.
    """
    rough = np.logical_or.reduce([lung.rough for lung in chest.lungs])
    k, j = (_fine(widest(rough, axis), chest, axis) for axis in (0, 1))
    pictures = []
    planes: tuple[tuple[Plane, int], ...] = (("across", j), ("slice", k))
    for plane, index in planes:
        view = cut_view(volume, plane, index, chest)
        picture = _titled(volume, view, LUNG_WINDOW, fit(view, FRAME, FRAME))
        _outline_lungs(picture, view, chest)
        pictures.append(picture)
    _legend(pictures[1], [(lung.name, SIDE_COLOURS[lung.side]) for lung in chest.lungs])
    return side_by_side(pictures)


def _outline_lungs(picture: Image.Image, view: View, chest: Chest) -> None:
    for lung in chest.lungs:
        outline_mask(picture, view.turn(lung.patch.plane(view.axis, view.index)), SIDE_COLOURS[lung.side])


def draw_tissues(volume: Volume, chest: Chest, k: int) -> Image.Image:
    """One axial slice with a colour wash of each tissue range beside the plain slice."""
    view = cut_view(volume, "slice", k, chest)
    step = fit(view, FRAME, FRAME)
    plain, washed = (_titled(volume, view, SOFT_WINDOW, step) for _ in range(2))
    values, inside = view.take(volume.voxels), view.turn(_refined_plane(chest.body, chest, k))
    for tissue, colour in zip(TISSUES, TISSUE_COLOURS, strict=True):
        mask = inside & (values >= tissue.low) & (values <= (32767 if tissue.high is None else tissue.high))
        _wash(washed, mask, colour)
    names = [tissue.name if tissue.high is None else f"{tissue.name}, {tissue.low} to {tissue.high} HU"
             for tissue in TISSUES]
    _legend(washed, list(zip(names, TISSUE_COLOURS, strict=True)))
    return side_by_side([plain, washed])


def draw_head(volume: Volume, chest: Chest, space: Mask, dense: Mask, k: int) -> Image.Image:
    """One axial slice, plain and with the space within the skull and the hyperdense clusters in it.

    Args:
        volume: a CT of the head.
        chest: its coarse grid is that of the masks.
        space: within the skull.
        dense: the clusters.
        k: slice of the volume.
    """
    view = cut_view(volume, "slice", k, chest)
    step = fit(view, FRAME, FRAME)
    plain, marked = (_titled(volume, view, BRAIN_WINDOW, step) for _ in range(2))
    for mask, colour in ((space, SKY), (dense, ORANGE)):
        outline_mask(marked, view.turn(_refined_plane(mask, chest, k)), colour)
    _legend(marked, [("Within the skull", SKY), ("Hyperdense", ORANGE)])
    return side_by_side([plain, marked])


def draw_foreground(volume: Volume, mask: Mask, k: int) -> Image.Image:
    """One slice large with the contour of the foreground, and slices through all of it, in one window."""
    window = percentile_window(view_of(volume.geometry, "slice", k).take(volume.voxels))
    place = bounding_box(mask)[0]
    tiles = spread(place.start, place.stop - 1, MR_TILES)[::-1]
    pictures = []
    for index, frame in [(k, FRAME), *((tile, TILE) for tile in tiles)]:
        view = view_of(volume.geometry, "slice", index)
        picture = _titled(volume, view, window, fit(view, frame, frame), brief=frame is TILE)
        outline_mask(picture, view.take(mask), GREEN, 1 if frame is TILE else 2)
        pictures.append(picture)
    return side_by_side([pictures[0], in_rows(pictures[1:], 2)])


def draw_slice(volume: Volume, k: int, box: Box, chest: Chest) -> Image.Image:
    """An axial slice with a candidate's box."""
    view = cut_view(volume, "slice", k, chest)
    step = fit(view, FRAME, FRAME)
    picture = _titled(volume, view, LUNG_WINDOW, step)
    outline_box(picture, view.box(box, volume.geometry.shape, step), CANDIDATE)
    return picture


def draw_marked(volume: Volume, k: int, box: Box) -> Image.Image:
    """A whole stored slice in the lung window with a box.

    Args:
        volume: a CT.
        k: plane of the array.
        box: in pixels of the stored slice.
    """
    view = view_of(volume.geometry, "slice", k)
    step = fit(view, FRAME, FRAME)
    picture = _titled(volume, view, LUNG_WINDOW, step)
    outline_box(picture, view.box(box, volume.geometry.shape, step), CANDIDATE)
    return picture


def draw_close(volume: Volume, candidate: Candidate) -> Image.Image:
    """Axial and coronal close-ups around a candidate, lung window, and the axial one in a soft tissue window."""
    k, j, i = (round(float(at)) for at in volume.geometry.to_index(np.array(candidate.centre_mm)))
    half = max(30.0, candidate.diameter_mm * 1.2)
    middle = {0: k, 1: j, 2: i}
    pictures = []
    planes: tuple[tuple[Plane, int, Window], ...] = (
        ("slice", k, LUNG_WINDOW), ("slice", k, SOFT_WINDOW), ("across", j, LUNG_WINDOW))
    for plane, index, window in planes:
        down, across = (1, 2) if plane == "slice" else (0, 2)
        cut = tuple(_window_around(middle[axis], half / volume.geometry.spacing[axis], volume.geometry.shape[axis])
                    for axis in (down, across))
        view = view_of(volume.geometry, plane, index, (cut[0], cut[1]))
        step = fit(view, CLOSE_FRAME, CLOSE_FRAME)
        picture = _titled(volume, view, window, step)
        x0, y0, x1, y1 = view.box((middle[across], middle[down], middle[across] + 1, middle[down] + 1),
                                  volume.geometry.shape, step)
        radius = (0.6 * candidate.diameter_mm + 2.0) / step
        outline_circle(picture, ((x0 + x1) / 2, (y0 + y1) / 2), radius, CANDIDATE, 1)
        pictures.append(picture)
    return side_by_side(pictures)


def spread(first: int, last: int, most: int) -> list[int]:
    """At most `most` slices from `first` to `last`, both included, at equal distances."""
    return sorted({round(float(k)) for k in np.linspace(first, last, most)})


def widest(mask: Mask, axis: int) -> int:
    """The plane across an axis that holds the most of a mask, the middle one of several."""
    sums = mask.sum(axis=tuple(other for other in range(3) if other != axis))
    best = np.flatnonzero(sums == sums.max())
    return int(best[len(best) // 2])


def _window_around(middle: int, half: float, size: int) -> slice:
    reach = max(2, round(half))
    return slice(max(0, middle - reach), min(size, middle + reach + 1))


def _fine(index: int, chest: Chest, axis: int) -> int:
    """The stored plane in the middle of a coarse one."""
    factor = chest.coarse.factors[axis]
    return min(index * factor + factor // 2, chest.shape[axis] - 1)


def _refined_plane(mask: Mask, chest: Chest, k: int) -> Mask:
    """A coarse mask on the stored slice `k`."""
    factors = chest.coarse.factors
    plane: Mask = refine(mask[k // factors[0]][None], (1, *factors[1:]), (1, *chest.shape[1:]))[0]
    return plane


def cut_view(volume: Volume, plane: Plane, index: int, chest: Chest) -> View:
    """A view cut to the body with a margin of a centimetre."""
    axes = (1, 2) if plane == "slice" else (0, 2)
    place = coarse_place(bounding_box(chest.body), chest.coarse.factors, volume.voxels.shape)
    cut = []
    for axis in axes:
        margin = round(10.0 / volume.geometry.spacing[axis])
        cut.append(slice(max(0, place[axis].start - margin),
                         min(volume.geometry.shape[axis], place[axis].stop + margin)))
    return view_of(volume.geometry, plane, index, (cut[0], cut[1]))


def _titled(volume: Volume, view: View, window: Window, mm_per_pixel: float, *, brief: bool = False) -> Image.Image:
    """A view with plane, slice number, position and window written on it; only number and position when brief."""
    picture = show(view, volume.voxels, window, mm_per_pixel, letters=volume.sides_known)
    unit = f" {HU}" if volume.unit == HU else ""
    stored = view.plane == "slice"
    if brief:
        label(picture, (4, 3), slice_text(volume, view.index).split(" slice ")[1].replace(", ", "\n"), size=11)
        return picture
    where = slice_text(volume, view.index).replace(" slice ", "\nslice ") if stored else _across_text(volume, view)
    label(picture, (8, 6), f"{where}\n{window.name}, C {window.centre:.0f} W {window.width:.0f}{unit}", size=13)
    return picture


def slice_text(volume: Volume, k: int) -> str:
    """Such as "Axial CT slice 58 of 140, z -12.5 mm": numbered in LPS order among the stored slices."""
    name = view_of(volume.geometry, "slice", k).name
    axis = ("Sagittal", "Coronal", "Axial").index(name)
    _, rows, columns = volume.geometry.shape
    place = volume.geometry.to_lps(np.array([k, (rows - 1) / 2, (columns - 1) / 2]))[axis]
    return (f"{name} {kind_word(volume)} slice {volume.planes[k].index + 1} of {volume.stored_slices}, "
            f"{'xyz'[axis]} {place:.1f} mm")


def kind_word(volume: Volume) -> str:
    """CT, MR, or "volume" where the file names no modality."""
    return "volume" if volume.modality == "OT" else volume.modality


def _across_text(volume: Volume, view: View) -> str:
    y = volume.geometry.to_lps(np.array([(volume.geometry.shape[0] - 1) / 2, view.index, 0.0]))[1]
    return f"{view.name} {kind_word(volume)}, y {y:.1f} mm"


def _legend(picture: Image.Image, entries: list[tuple[str, Colour]]) -> None:
    for row, (text, colour) in enumerate(entries):
        label(picture, (8, picture.height - 12 - 18 * (len(entries) - 1 - row)), text, anchor="ls", size=13,
              colour=colour)


def _wash(picture: Image.Image, mask: Mask, colour: Colour, strength: float = 0.4) -> None:
    cover = Image.fromarray((mask * np.uint8(255 * strength)).astype(np.uint8)).resize(
        picture.size, Image.Resampling.BILINEAR)
    picture.paste(colour, mask=cover)
