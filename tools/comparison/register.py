"""Alignment of two CT scans of one body, and the check that it is one. Pure, with SimpleITK's optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.geometry import Affine, VolumeGeometry
from ..volume.grids import Mask, coarse_geometry, coarsen

if TYPE_CHECKING:
    import SimpleITK as sitk  # noqa: N813  its documented alias

GRID_MM = 4.0
"""Voxel size at which scans are aligned."""
HU_RANGE = (-1000.0, 300.0)
LEAST_LIKENESS = 0.7
"""Correlation of HU within the body after rigid alignment below which it is not believed. A chest CT moved, turned and
breathing 20 mm deeper at its base gives 0.92 with itself, its own mirror image 0.62."""
LEAST_GAIN = 0.005
"""Of the correlation, for which scales and shears are added to rotation and shift: the depth of a breath. On a chest CT
made to breathe 10 and 20 mm deeper they bring the mean error in the lungs from 1.5 and 3.2 mm to 0.9 and 1.8 mm."""
MOST_STRETCH = 1.25
LAST_STEP_MM, MOST_STEPS = 0.02, 60
"""Where the optimiser stops, on each grid."""
MOST_SAMPLES = 100_000
"""Voxels, evenly spread, that each step looks at: what bounds the time for large scans."""
LEAST_SHARED = 0.25
"""Part of the smaller scan's body that must lie in the other scan."""


@dataclass(frozen=True)
class Scan:
    """A scan on a coarse grid.

    Args:
        values: (k, j, i) float32 HU, clipped to `HU_RANGE`.
        body: of the same shape.
        lungs: of the same shape; empty where no lung is seen.
        geometry: of the grid.
    """

    values: NDArray[np.float32]
    body: Mask
    lungs: Mask
    geometry: VolumeGeometry


@dataclass(frozen=True)
class Alignment:
    """How the prior scan lies in the current one.

    Args:
        to_prior: (4, 4) from current LPS mm to prior LPS mm.
        kind: "scanner coordinates", "rigid" or "affine".
        before: correlation of HU within the body of the current scan as the scanners' own coordinates have it; None
            where they do not overlap.
        after: the same with the alignment.
        lungs: overlap (Dice) of the lungs after alignment, within the field of both; None without lungs.
    """

    to_prior: Affine
    kind: str
    before: float | None
    after: float
    lungs: float | None

    @property
    def to_current(self) -> Affine:
        """(4, 4) from prior LPS mm to current LPS mm."""
        return np.asarray(np.linalg.inv(self.to_prior))

    @property
    def turn_deg(self) -> float:
        """Angle of the rotation in it (polar decomposition)."""
        left, _, right = np.linalg.svd(self.to_prior[:3, :3])
        cosine = (np.trace(left @ right) - 1) / 2
        return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))

    @property
    def rows_text(self) -> str:
        """The first three rows of the matrix from prior to current LPS mm."""
        return "; ".join(" ".join(f"{part + 0.0:.4f}" for part in row[:3]) + f" {row[3] + 0.0:.1f}"
                         for row in self.to_current[:3])


def scan_of(voxels: NDArray[Any], geometry: VolumeGeometry, body: Mask, lungs: Mask) -> Scan:
    """A scan on a grid of about `GRID_MM`.

    Args:
        voxels: (k, j, i) HU.
        geometry: of the voxels.
        body: on a grid of blocks of the voxels.
        lungs: on the same grid as `body`.
    """
    coarse = coarsen(voxels, geometry, GRID_MM)
    shape = coarse.values.shape
    grid = coarse_geometry(geometry, coarse.factors, (shape[0], shape[1], shape[2]))
    masks = [_resized(mask, shape) for mask in (body, lungs)]
    return Scan(np.clip(coarse.values, *HU_RANGE), masks[0], masks[1], grid)


def _resized(mask: Mask, shape: tuple[int, ...]) -> Mask:
    index = [np.minimum((np.arange(new) + 0.5) * old / new, old - 1).astype(int)
             for new, old in zip(shape, mask.shape, strict=True)]
    return mask[np.ix_(*index)]


def align(prior: Scan, current: Scan) -> Alignment | None:
    """The transform that makes two scans most alike; None when they are not alike enough with any.

    Correlation of HU (insensitive to calibration) is maximised over rotation and shift, on grids of 16, 8 and 4 mm,
    from the scanners' coordinates and from the middles of the lungs, or of the bodies, laid on each other. The best
    counts, the scanners' coordinates themselves where neither makes the scans more alike; then scales and shears are
    added where they prove themselves.
    """
    starts = {"scanner coordinates": np.eye(4), "middles": _shift(prior, current)}
    tried = [("scanner coordinates", starts["scanner coordinates"])]
    tried += [("rigid", _rigid(prior, current, start)) for start in starts.values()
              if _overlap(prior, current, start) >= LEAST_SHARED]
    best = _best(prior, current, tried)
    if best is None or best[0] < LEAST_LIKENESS:
        return None
    after, kind, matrix = _with_breath(prior, current, best)
    before = likeness(prior, current, starts["scanner coordinates"])
    return Alignment(matrix, kind, before, after, _lung_overlap(prior, current, matrix))


def _best(prior: Scan, current: Scan, tried: list[tuple[str, Affine]]) -> tuple[float, str, Affine] | None:
    """The first of the most alike."""
    best = None
    for kind, matrix in tried:
        score = likeness(prior, current, matrix)
        if score is not None and (best is None or score > best[0]):
            best = score, kind, matrix
    return best


def _with_breath(prior: Scan, current: Scan, rigid: tuple[float, str, Affine]) -> tuple[float, str, Affine]:
    """The affine transform from the rigid one on, where it is a better one that no body contradicts."""
    matrix = _affine(prior, current, rigid[2])
    after = likeness(prior, current, matrix)
    stretches = np.linalg.svd(matrix[:3, :3], compute_uv=False)
    sound = bool(np.all((stretches < MOST_STRETCH) & (stretches > 1 / MOST_STRETCH)))
    return (after, "affine", matrix) if sound and after is not None and after >= rigid[0] + LEAST_GAIN else rigid


def _shift(prior: Scan, current: Scan) -> Affine:
    """The shift that lays the middle of the lungs, or of the bodies, on each other."""
    masks = [(scan.lungs if prior.lungs.any() and current.lungs.any() else scan.body) for scan in (prior, current)]
    middles = [scan.geometry.to_lps(np.asarray(ndimage.center_of_mass(mask))[None])[0]
               for scan, mask in zip((prior, current), masks, strict=True)]
    matrix = np.eye(4)
    matrix[:3, 3] = middles[0] - middles[1]
    return matrix


def likeness(prior: Scan, current: Scan, to_prior: Affine) -> float | None:
    """Correlation of HU at the voxels of either body in the current scan that the prior holds too, -1..1.

    Returns:
        None when less than `LEAST_SHARED` of the smaller body is in both.
    """
    if _overlap(prior, current, to_prior) < LEAST_SHARED:
        return None
    moved, field = resampled(prior.values, prior.geometry, current.geometry, to_prior, HU_RANGE[0])
    body, _ = resampled(prior.body.astype(np.float32), prior.geometry, current.geometry, to_prior, 0.0)
    shared = field & (current.body | (body > 0.5))
    pair = np.corrcoef(moved[shared], current.values[shared])
    return round(float(pair[0, 1]), 3)


def _overlap(prior: Scan, current: Scan, to_prior: Affine) -> float:
    """Part of the smaller body that lies in both scans."""
    body, _ = resampled(prior.body.astype(np.float32), prior.geometry, current.geometry, to_prior, 0.0)
    voxel = current.geometry.voxel_ml
    smaller = min(float(prior.body.sum()) * prior.geometry.voxel_ml, float(current.body.sum()) * voxel)
    return float((current.body & (body > 0.5)).sum()) * voxel / max(smaller, 1e-6)


def _lung_overlap(prior: Scan, current: Scan, to_prior: Affine) -> float | None:
    moved, field = resampled(prior.lungs.astype(np.float32), prior.geometry, current.geometry, to_prior, 0.0)
    first, second = (moved > 0.5) & field, current.lungs & field
    total = int(first.sum()) + int(second.sum())
    return round(2 * float((first & second).sum()) / total, 3) if total else None


def resampled(values: NDArray[np.float32], source: VolumeGeometry, target: VolumeGeometry, to_source: Affine,
              outside: float) -> tuple[NDArray[np.float32], Mask]:
    """Values of one scan on the grid of another, linearly interpolated, and where they are known.

    Args:
        values: (k, j, i) of `source`.
        source: geometry of the values.
        target: wanted grid.
        to_source: (4, 4) from LPS mm of the target's scan to that of the source's.
        outside: value beyond the source.
    """
    index = np.linalg.inv(source.affine) @ to_source @ target.affine
    moved = ndimage.affine_transform(values, index[:3, :3], index[:3, 3], target.shape, order=1, cval=outside)
    inside = np.ones(target.shape, bool)
    axes = np.ogrid[tuple(slice(0, size) for size in target.shape)]
    for axis in range(3):
        at = sum(index[axis, n] * axes[n] for n in range(3)) + index[axis, 3]
        inside &= (at >= -0.5) & (at <= source.shape[axis] - 0.5)
    return np.asarray(moved, np.float32), inside


def _rigid(prior: Scan, current: Scan, start: Affine) -> Affine:
    """Rotation and shift, from a shift on."""
    import SimpleITK as sitk  # noqa: N813  its documented alias

    transform = sitk.Euler3DTransform()
    transform.SetCenter(_middle(current))
    transform.SetTranslation([float(part) for part in start[:3, 3]])
    return _optimised(prior, current, transform, start, 4.0, ((4, 2.0), (2, 1.0), (1, 0.0)))


def _affine(prior: Scan, current: Scan, start: Affine) -> Affine:
    """All twelve numbers, from a rigid transform on."""
    import SimpleITK as sitk  # noqa: N813  its documented alias

    middle = np.asarray(_middle(current))
    transform = sitk.AffineTransform(3)
    transform.SetCenter(_middle(current))
    transform.SetMatrix([float(part) for part in start[:3, :3].ravel()])
    transform.SetTranslation([float(part) for part in start[:3, :3] @ middle + start[:3, 3] - middle])
    return _optimised(prior, current, transform, start, 2.0, ((2, 1.0), (1, 0.0)))


def _optimised(prior: Scan, current: Scan, transform: sitk.Transform, start: Affine, step_mm: float,
               levels: Sequence[tuple[int, float]]) -> Affine:
    """The transform, changed in place until the scans are most alike; `levels` are shrinking and smoothing."""
    import SimpleITK as sitk  # noqa: N813  its documented alias

    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)  # sums in another order give another last digit
    method.SetMetricAsCorrelation()
    method.SetMetricFixedMask(_image(_grown(current.body).astype(np.uint8), current.geometry))
    method.SetMetricSamplingStrategy(method.REGULAR)
    voxels = current.values.size
    method.SetMetricSamplingPercentagePerLevel([min(1.0, MOST_SAMPLES * shrink**3 / voxels) for shrink, _ in levels])
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(step_mm, LAST_STEP_MM, MOST_STEPS, gradientMagnitudeTolerance=1e-6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([shrink for shrink, _ in levels])
    method.SetSmoothingSigmasPerLevel([smooth for _, smooth in levels])
    method.SetInitialTransform(transform, inPlace=True)
    try:
        method.Execute(_image(current.values, current.geometry), _image(prior.values, prior.geometry))
    except RuntimeError:  # SimpleITK's word for scans that slid off each other: the start stands, and is checked
        return start
    return _matrix(transform)


def _matrix(transform: sitk.Transform) -> Affine:
    """The (4, 4) matrix of an affine transform, from what it does to four points."""
    start, *ends = (np.asarray(transform.TransformPoint(point)) for point in np.eye(4)[:, 1:].tolist())
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([end - start for end in ends], axis=1)
    matrix[:3, 3] = start
    return matrix


def _middle(scan: Scan) -> list[float]:
    """LPS of the grid's middle, about which is turned."""
    return [float(part) for part in scan.geometry.to_lps((np.asarray(scan.geometry.shape, float) - 1)[None] / 2)[0]]


def _grown(body: Mask) -> Mask:
    return np.asarray(ndimage.binary_dilation(body, iterations=3))


def _image(values: NDArray[Any], geometry: VolumeGeometry) -> sitk.Image:
    """SimpleITK's image of a scan; both use LPS. A sheared grid is taken as if it were not."""
    import SimpleITK as sitk  # noqa: N813  its documented alias

    image = sitk.GetImageFromArray(values)
    axes = geometry.affine[:3, [2, 1, 0]]
    spacing = np.linalg.norm(axes, axis=0)
    image.SetSpacing([float(step) for step in spacing])
    image.SetOrigin([float(part) for part in geometry.affine[:3, 3]])
    image.SetDirection([float(part) for part in (axes / spacing).ravel()])
    return image
