"""Slices and computed radiographs of CT and MR volumes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core.case import FileKind
from ..core.settings import Limits
from ..phantoms.body import build_anatomy
from ..phantoms.grid import Grid
from ..phantoms.specs import BodySpec
from ..sources.film_grey import between
from ..sources.volume import Volume, load_volume
from .picture_drr import cut, expose, project, without_table
from .pictures import File, Grey, Picture, between_percentiles, found, series_of, shrunk

_CHEST = File("ct_chest/Lung_Dx-A0001/*.dcm", "ct", held_out=True)
_TORSO = File("ct_torso_with_segmentation/example_ct.nii.gz", "ct", held_out=False)
VOLUMES = (
    _CHEST, _TORSO,
    File("mr/brain1_image.nrrd", "mr", held_out=False),
    File("ct_torso_with_segmentation/example_mr_sm.nii.gz", "mr", held_out=True),
    File("tests/data/example4d.nii.gz", "mr", held_out=True, package="nibabel"),
    File("tests/data/anatomical.nii", "mr", held_out=False, package="nibabel"),
)
_WINDOWS = {"lung": (-600, 1500), "soft": (40, 400), "bone": (400, 1800)}
"""Centre and width in HU."""


class View(NamedTuple):
    """A radiograph to compute.

    Args:
        kind: what it shows.
        angles: of the beam, degrees; 0 frontal, 90 lateral.
        rows: the part from head (0) to foot (1).
        columns: the part from left to right of the picture.
        air: left around the body on both sides, as a part of its width.
    """

    kind: str
    angles: tuple[float, ...]
    rows: tuple[float, float] = (0.0, 1.0)
    columns: tuple[float, float] = (0.0, 1.0)
    air: float = 0.0


_LATERAL = (View("drr_lateral_chest", (90, 270, 82, 98)),
            View("drr_lateral_chest", (90, 270), (0.08, 0.92), (0.05, 0.95)),
            View("drr_lateral_chest", (86, 274), air=0.15))
_OBLIQUE = (View("drr_oblique_chest", (45, -45, 60, -60, 52, -52)),
            View("drr_oblique_chest", (50, -50), (0.05, 0.95), (0.08, 0.92)))
_VIEWS = {
    _CHEST: (*_LATERAL, *_OBLIQUE,
             View("drr_abdomen", (0, 8), (0.72, 1.0)),
             View("drr_shoulder", (0, 10), (0.0, 0.32), (0.0, 0.36)),
             View("drr_shoulder", (0, -10), (0.0, 0.32), (0.64, 1.0)),
             View("drr_neck", (0, 90), (0.0, 0.2), (0.2, 0.8))),
    _TORSO: (View("drr_abdomen", (0, 180), (0.0, 1.0)), View("drr_abdomen", (0, 10, -10), (0.0, 0.62), (0.04, 0.96)),
             View("drr_pelvis", (0, 10, 180), (0.55, 1.0)), View("drr_pelvis", (0,), (0.62, 0.95), (0.06, 0.94)),
             View("drr_lateral_abdomen", (90, 270)), View("drr_lateral_abdomen", (90, 60), (0.0, 0.6)),
             View("drr_hip", (0,), (0.68, 1.0), (0.0, 0.48)), View("drr_hip", (0,), (0.68, 1.0), (0.52, 1.0))),
}
_PHANTOMS = (BodySpec(seed=7, vessel_targets=120), BodySpec(seed=21, vessel_targets=160, heart_scale=1.25),
             BodySpec(seed=33, vessel_targets=90, heart_scale=0.9))
"""The middle one is held out."""


def volume_pictures(data: Path) -> Iterator[Picture]:
    """Slices in every plane of all volumes that are there, and radiographs computed from the CTs and phantoms."""
    for file in VOLUMES:
        paths = found(file, data)
        if paths:
            volume = load_volume(series_of(paths, FileKind(file.kind), file.kind.upper()), paths[0].parent, Limits())
            voxels, spacing = _towards_lps(volume), volume.geometry.spacing
            yield from _slices(file, voxels, spacing)
            if file.kind == "ct":
                yield from _slabs(file, voxels, spacing)
                yield from _radiographs(file.name, file.held_out, _thinned(voxels, spacing), _VIEWS[file])
    for number, spec in enumerate(_PHANTOMS):
        file = File(f"chest {spec.seed}", "ct", held_out=number % 2 == 1, package="phantom")
        voxels, spacing = _phantom(spec)
        yield from _coronal(file, voxels, spacing)
        yield from _radiographs(file.name, file.held_out, (voxels, spacing), (*_LATERAL, *_OBLIQUE))


def _towards_lps(volume: Volume) -> NDArray[np.float32]:
    """Voxels from foot to head, from front to back and from the patient's right to left."""
    steps = np.diag(np.asarray(volume.geometry.affine)[:3, :3][:, ::-1])
    turned = tuple(slice(None, None, -1 if step < 0 else 1) for step in steps[::-1])
    return np.ascontiguousarray(volume.voxels[turned], np.float32)


def windowed(values: NDArray[Any], name: str) -> Grey:
    """HU to 0..1 in the window of that name."""
    centre, width = _WINDOWS[name]
    return between(values, centre - width / 2, centre + width / 2)


def shown(kind: str, values: NDArray[Any]) -> Iterator[tuple[str, Grey]]:
    """A slice in each window: three of HU for CT, else the range of its values."""
    if kind == "ct":
        yield from ((name, windowed(values, name)) for name in _WINDOWS)
    else:
        yield "full", between_percentiles(values, 1, 99.5)


def _coronal(file: File, voxels: NDArray[np.float32], spacing: tuple[float, ...]) -> Iterator[Picture]:
    for index in _through_body(file.kind, voxels, axis=1):
        yield from _slice(file, "coronal", index, (voxels[:, index], _pixel(spacing, 1)))
    yield from _slabs(file, voxels, spacing)


def _slices(file: File, voxels: NDArray[np.float32], spacing: tuple[float, ...]) -> Iterator[Picture]:
    for axis, plane in enumerate(("axial", "coronal", "sagittal")):
        for index in _through_body(file.kind, voxels, axis):
            yield from _slice(file, plane, index, (np.take(voxels, index, axis), _pixel(spacing, axis)))


def _through_body(kind: str, voxels: NDArray[np.float32], axis: int, count: int = 12) -> list[int]:
    """Slice numbers, evenly from one side of the body to the other."""
    tissue = voxels > (-300 if kind == "ct" else 0.15 * np.percentile(voxels, 99))
    share = tissue.mean(axis=tuple(other for other in range(3) if other != axis))
    inside = np.flatnonzero(share > 0.2 * share.max())
    return list(dict.fromkeys(np.linspace(inside[0], inside[-1], count).astype(int).tolist()))


def _slice(file: File, plane: str, index: int, image: tuple[NDArray[np.float32], tuple[float, float]]
           ) -> Iterator[Picture]:
    values = _upright(*image, plane)
    for window, grey in shown(file.kind, values):
        yield Picture(f"{file.name}, {plane} {index} {window}", f"{file.kind}_{plane}", shrunk(grey), file.held_out)
    if plane == "coronal" and file.kind == "ct":
        grey = windowed(values, "lung")
        body = ndimage.find_objects((ndimage.gaussian_filter(grey, 4) > 0.3).astype(np.int8))
        if body:
            yield Picture(f"{file.name}, {plane} {index} cropped", "ct_coronal_cropped", shrunk(grey[body[0]]),
                          file.held_out)


def _slabs(file: File, voxels: NDArray[np.float32], spacing: tuple[float, ...]) -> Iterator[Picture]:
    """Mean and greatest value of coronal slabs: the slices that come nearest to a film."""
    thick = max(1, round(40 / spacing[1]))
    body = _through_body("ct", voxels, axis=1, count=2)
    for start in np.linspace(body[0], max(body[0], body[-1] - thick), 5).astype(int):
        slab = voxels[:, start:start + thick]
        for how, values in (("mean", slab.mean(axis=1)), ("greatest", slab.max(axis=1))):
            upright = _upright(values, _pixel(spacing, 1), "coronal")
            for window in ("lung", "soft"):
                yield Picture(f"{file.name}, slab {start} {how} {window}", "ct_coronal_slab",
                              shrunk(windowed(upright, window)), file.held_out)


def _pixel(spacing: tuple[float, ...], axis: int) -> tuple[float, float]:
    rows, columns = (step for index, step in enumerate(spacing) if index != axis)
    return rows, columns


def _upright(values: NDArray[np.float32], pixel_mm: tuple[float, float], plane: str) -> NDArray[np.float32]:
    """Head up where the plane holds it, with square pixels."""
    if plane == "axial":
        return values
    factor = pixel_mm[0] / pixel_mm[1]
    return np.asarray(ndimage.zoom(values[::-1], (factor, 1), order=1, grid_mode=True, mode="nearest"), np.float32)


def _thinned(voxels: NDArray[np.float32], spacing: tuple[float, ...]
             ) -> tuple[NDArray[np.float32], tuple[float, float, float]]:
    """The body alone, at pixels of 1.5 mm or more."""
    step = max(1, round(1.7 / spacing[1]))
    return without_table(voxels[:, ::step, ::step]), (spacing[0], spacing[1] * step, spacing[2] * step)


def _phantom(spec: BodySpec) -> tuple[NDArray[np.float32], tuple[float, float, float]]:
    step, slices = 2.8, 3.0
    shape = (125, 96, 150)
    origin = (-(shape[2] - 1) / 2 * step, -(shape[1] - 1) / 2 * step, 206 - (shape[0] - 1) * slices)
    body = build_anatomy(spec, Grid(origin, (step, step, slices), shape))
    return body.hu, (slices, step, step)


def _radiographs(name: str, held_out: bool, body: tuple[NDArray[np.float32], tuple[float, float, float]],
                 views: tuple[View, ...]) -> Iterator[Picture]:
    rng = np.random.default_rng(len(name))
    lines = {angle: project(*body, angle) for angle in sorted({angle for view in views for angle in view.angles})}
    for number, view in enumerate(views):
        for angle in view.angles:
            part = cut(lines[angle], view.rows, view.columns)
            grey = expose(np.pad(part, ((0, 0), (round(view.air * part.shape[1]),) * 2)), rng)
            yield Picture(f"{name}, {view.kind} {number} at {angle:g}", view.kind, shrunk(grey), held_out)
