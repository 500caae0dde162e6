"""A chest on a grid becomes an axial DICOM CT series."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage
from scipy.ndimage import gaussian_filter

from .body import AIR_HU, Body
from .dicomfile import Study, make_header, with_tags, write_image
from .grid import Array, Grid
from .ids import make_rng
from .specs import CtSpec

_INTERCEPT = -1024


def ct_grid(spec: CtSpec) -> Grid:
    """Return the sampling of a series in the phantom's frame, centred on the body."""
    half = (spec.columns - 1) / 2 * spec.pixel_mm
    low, high = spec.z_range_mm
    count = round((high - low) / spec.slice_mm) + 1
    return Grid((-half, -half, low), (spec.pixel_mm, spec.pixel_mm, spec.slice_mm), (count, spec.columns, spec.columns))


def write_ct(body: Body, spec: CtSpec, study: Study, folder: Path) -> list[Path]:
    """Write one file per slice, named in an order that is not the order of positions, and return them by position.

    Args:
        body: the chest, on `ct_grid(spec)`.
        spec: sampling and appearance.
        study: identity.
        folder: where to write.

    Returns:
        Files from the lowest slice to the highest.
    """
    count = body.grid.shape[0]
    names = make_rng(study.seed, f"{study.name} file order").permutation(count) + 1
    rng = make_rng(study.seed, f"{study.name} noise")
    table = _table(body.grid)
    files = []
    for k in range(count):
        dataset = _slice_header(body.grid, spec, study, k)
        path = folder / f"IM{names[k]:04d}.dcm"
        write_image(dataset, _stored(body.hu[k], table, spec.noise_hu, rng), 12, path, spec.compress)
        files.append(path)
    return files


def _stored(hu: Array, table: Array, noise_hu: float, rng: np.random.Generator) -> np.ndarray:
    """Return stored values (12 bit) of one slice: table added, noise of a soft kernel, rounded and clipped."""
    noise = gaussian_filter(rng.standard_normal(hu.shape, dtype=np.float32), 0.7)
    noise *= np.float32(noise_hu / 0.40)
    quiet = np.where(hu < AIR_HU + 20, np.float32(0.5), np.float32(1))
    value = np.maximum(hu, table) + noise * quiet
    return np.asarray(np.clip(np.rint(value - _INTERCEPT), 0, 4095), dtype=np.uint16)


def _table(grid: Grid) -> Array:
    """Return CT numbers of a thin curved table top under the patient, air elsewhere; shape (ny, nx)."""
    x, y, _ = grid.axes()
    gap = np.abs(y[0] - (134 - (x[0] / 42) ** 2))
    hollow = (y[0] > 134 - (x[0] / 42) ** 2) & (y[0] < 148)
    top = np.where(gap < 1.6, np.float32(-450), np.where(hollow, np.float32(-955), np.float32(AIR_HU)))
    return np.where(np.abs(x[0]) < 168, top, np.float32(AIR_HU)).astype(np.float32)


def _slice_header(grid: Grid, spec: CtSpec, study: Study, k: int) -> Dataset:
    """Return the header of slice `k`; instances are numbered from the head down, against the order of z."""
    count = grid.shape[0]
    dataset = make_header(study, CTImageStorage, "CT", count - k)
    position = [grid.origin[0], grid.origin[1], grid.origin[2] + k * grid.spacing[2]]
    position = [round(p + o, 4) for p, o in zip(position, spec.offset_mm, strict=True)]
    return with_tags(dataset, {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SeriesDescription": "Chest axial, soft kernel",
        "ProtocolName": "Chest",
        "PatientPosition": "HFS",
        "FrameOfReferenceUID": study.uid("frame"),
        "PositionReferenceIndicator": "",
        "ImagePositionPatient": position,
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [spec.pixel_mm, spec.pixel_mm],
        "SliceThickness": spec.slice_mm,
        "SpacingBetweenSlices": spec.slice_mm,
        "SliceLocation": position[2],
        "KVP": 120,
        "XRayTubeCurrent": 180,
        "ExposureTime": 500,
        "GantryDetectorTilt": 0,
        "TableHeight": 150,
        "ConvolutionKernel": "B30f",
        "ContrastBolusAgent": "Synthetic",
        "PhotometricInterpretation": "MONOCHROME2",
        "RescaleIntercept": _INTERCEPT, "RescaleSlope": 1, "RescaleType": "HU",
        "WindowCenter": [40, -600], "WindowWidth": [400, 1500],
    })  # fmt: skip
