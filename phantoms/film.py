"""A chest on a grid becomes a frontal film: a projection, a characteristic curve, a DICOM file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.uid import DigitalXRayImageStorageForPresentation
from scipy.ndimage import gaussian_filter, zoom

from .body import Body, Cover
from .dicomfile import Study, make_header, with_tags, write_image
from .grid import Array, Grid
from .ids import make_rng
from .specs import FilmSpec

_WATER_PER_MM = 0.0190
_BONE_GAIN = 1.15
_BITS = 12
_TOP_MM = 206.0
_GLYPHS = {
    "L": ("10000", "10000", "10000", "10000", "10000", "10000", "11111"),
    "R": ("11110", "10001", "10001", "11110", "10100", "10010", "10001"),
}


@dataclass(frozen=True)
class FilmTruth:
    """What the film shows, in stored pixels; boxes are [x0, y0, x1, y1], half-open, origin top left.

    Attributes:
        lungs: box of the lung field by the patient's side, as seen beside heart and above diaphragm.
        heart: box of the cardiac silhouette above the diaphragm.
        heart_mm: greatest width of the silhouette.
        thorax_mm: greatest width between the outer borders of the lung fields.
    """

    lungs: dict[str, list[int]]
    heart: list[int]
    heart_mm: float
    thorax_mm: float

    @property
    def cardiothoracic_ratio(self) -> float:
        """Heart width over thoracic width."""
        return self.heart_mm / self.thorax_mm


def film_grid(spec: FilmSpec) -> Grid:
    """Return the sampling from which a film is projected: fine in the film's plane, coarser along the beam."""
    nx = round(spec.width_mm / spec.grid_mm)
    nz = round(spec.height_mm / spec.grid_mm)
    deep = 2.5 * spec.grid_mm
    ny = round(250 / deep)
    origin = (-(nx - 1) / 2 * spec.grid_mm, -(ny - 1) / 2 * deep, _TOP_MM - (nz - 1) * spec.grid_mm)
    return Grid(origin, (spec.grid_mm, deep, spec.grid_mm), (nz, ny, nx))


def project(body: Body) -> Array:
    """Return the attenuation along parallel rays from back to front (Beer-Lambert), top row first.

    Air to water is linear in CT number; above 150 HU bone's higher share of calcium is given a gain, since CT numbers
    at 120 kV and film at 120 kV with grid do not differ for soft tissue but bone stands out more.

    Returns:
        Dimensionless line integral, float32, shape (nz, nx), columns from the patient's right to left.
    """
    hu = np.maximum(body.hu, -1000)
    relative = 1 + hu / 1000
    bone = np.maximum(hu - 150, 0)
    relative += bone * np.float32((_BONE_GAIN - 1) / 1000)
    depth_mm = body.grid.spacing[1]
    return np.asarray(relative.sum(axis=1)[::-1] * np.float32(_WATER_PER_MM * depth_mm), dtype=np.float32)


def develop(line: Array, spec: FilmSpec, rng: np.random.Generator) -> np.ndarray:
    """Return stored values (12 bit, uint16) of a film from a line integral.

    Sampling to the stored pixel, unsharp masking at two scales, a sigmoid curve, and grain that grows where few
    photons arrive; the side marker is burnt in last.
    """
    factor = spec.grid_mm / spec.pixel_mm
    fine = np.asarray(zoom(line, factor, order=3, grid_mode=True, mode="nearest"), dtype=np.float32)
    wide = gaussian_filter(fine, 26 / spec.pixel_mm, truncate=2.5)
    edge = gaussian_filter(fine, 1.6 / spec.pixel_mm)
    shown = fine - np.float32(0.42) * wide + np.float32(0.55) * (fine - edge)
    low, high = np.percentile(shown[fine > 0.35], [2, 97])
    grey = 1 / (1 + np.exp(-3.9 * ((shown - low) / (high - low) - 0.46)))
    grey = (grey - grey.min()) / (grey.max() - grey.min())
    grain = gaussian_filter(rng.standard_normal(fine.shape, dtype=np.float32), 0.6) * 2
    grey += np.float32(spec.noise) * grain * np.exp(np.minimum(fine, 6) / 8)
    _burn_marker(grey, spec)
    stored = np.rint(np.clip(0.02 + 0.93 * grey, 0, 1) * (2**_BITS - 1)).astype(np.uint16)
    return np.asarray(stored if spec.photometric == "MONOCHROME2" else 2**_BITS - 1 - stored, dtype=np.uint16)


def _burn_marker(grey: Array, spec: FilmSpec) -> None:
    """Burn the side letter, about 14 mm high, into the upper corner of its side; the patient's left is right."""
    cell = max(1, round(2.0 / spec.pixel_mm))
    rows = [[int(c) for c in row] for row in _GLYPHS[spec.marker]]
    glyph = np.kron(np.array(rows, np.float32), np.ones((cell, cell), np.float32))
    top, margin = round(14 / spec.pixel_mm), round(16 / spec.pixel_mm)
    left = grey.shape[1] - margin - glyph.shape[1] if spec.marker == "L" else margin
    part = grey[top : top + glyph.shape[0], left : left + glyph.shape[1]]
    part[glyph > 0] = 1.06


def measure_film(body: Body, spec: FilmSpec) -> FilmTruth:
    """Return boxes and ratio of the film that `body` (on `film_grid(spec)`) projects to.

    A pixel belongs to a lung field when its ray crosses more than 12 mm of that lung and less than 12 mm of heart
    or of what lies under the diaphragm; to the heart when it crosses more than 12 mm of heart and less than 30 mm of
    what lies under the diaphragm.
    """
    thick = {name: _thickness(body, name) for name in ("lung_left", "lung_right", "heart", "abdomen")}
    clear = (thick["heart"] < 12) & (thick["abdomen"] < 12)
    fields = {side: (thick[f"lung_{side}"] > 12) & clear for side in ("left", "right")}
    heart = (thick["heart"] > 12) & (thick["abdomen"] < 30)
    scale = spec.grid_mm / spec.pixel_mm
    boxes = {side: _box(mask, scale) for side, mask in fields.items()}
    columns = np.flatnonzero(heart.any(axis=0))
    both = np.flatnonzero((fields["left"] | fields["right"]).any(axis=0))
    return FilmTruth(
        lungs=boxes,
        heart=_box(heart, scale),
        heart_mm=float(columns[-1] - columns[0] + 1) * spec.grid_mm,
        thorax_mm=float(both[-1] - both[0] + 1) * spec.grid_mm,
    )


def _thickness(body: Body, name: str) -> Array:
    mask: Cover = body.masks[name]
    total = mask.sum(axis=1, dtype=np.uint32)[::-1]
    return np.asarray(total * np.float32(body.grid.spacing[1] / 255), dtype=np.float32)


def _box(mask: np.ndarray, scale: float) -> list[int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    edges = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    return [round(float(e) * scale) for e in edges]


def write_film(body: Body, spec: FilmSpec, study: Study, path: Path) -> None:
    """Write the film of `body` (on `film_grid(spec)`) as one DX image, as displayed: the patient's left is right."""
    rng = make_rng(study.seed, f"{study.name} grain")
    pixels = develop(project(body), spec, rng)
    dataset = make_header(study, DigitalXRayImageStorageForPresentation, "DX", 1)
    inverse = spec.photometric == "MONOCHROME1"
    with_tags(dataset, {
        "ImageType": ["ORIGINAL", "PRIMARY", ""],
        "SeriesDescription": "Chest PA",
        "ViewPosition": "PA",
        "PatientOrientation": ["L", "F"],
        "ImageLaterality": "U",
        "PresentationIntentType": "FOR PRESENTATION",
        "PixelIntensityRelationship": "LOG",
        "PixelIntensityRelationshipSign": -1 if not inverse else 1,
        "ImagerPixelSpacing": [spec.pixel_mm, spec.pixel_mm],
        "PixelSpacing": [spec.pixel_mm, spec.pixel_mm],
        "PixelSpacingCalibrationType": "GEOMETRY",
        "PixelSpacingCalibrationDescription": "parallel beam, no magnification",
        "EstimatedRadiographicMagnificationFactor": 1.0,
        "KVP": 120, "DistanceSourceToDetector": 1800,
        "BurnedInAnnotation": "NO", "LossyImageCompression": "00",
        "PresentationLUTShape": "INVERSE" if inverse else "IDENTITY",
        "PhotometricInterpretation": spec.photometric,
        "RescaleIntercept": 0, "RescaleSlope": 1, "RescaleType": "US",
        "WindowCenter": 2048, "WindowWidth": 4096,
    })  # fmt: skip
    write_image(dataset, pixels, _BITS, path, spec.compress)
