"""Long and short axis: on drawn shapes, and on made balls within the precision that findings state."""

from __future__ import annotations

import numpy as np
import pytest
from made_volumes import Canvas
from scipy import ndimage

from caseloom.tools.volume.calipers import calipers, longest, measure_opacity
from caseloom.tools.volume.diameters import measure_ball
from caseloom.tools.volume.nodules import LEAST_PRECISION_MM, SLICE_PRECISION, VOXELS_ACROSS


def opacity(radii: tuple[float, float, float], spacing: tuple[float, float, float],
            shift: tuple[float, float, float] = (0.0, 0.0, 0.0), *, vessel_mm: float = 0.0) -> Canvas:
    """An ellipsoid of soft tissue in lung with partial volume and blur, drawn five times as fine."""
    shape = tuple(int(60 / step) for step in spacing)
    fine = Canvas((shape[0] * 5, shape[1] * 5, shape[2] * 5), (spacing[0] / 5, spacing[1] / 5, spacing[2] / 5))
    fine.values[:] = -850
    fine.draw(shift, radii, 40)
    if vessel_mm:
        fine.draw((0, 0, 0), (vessel_mm / 2, vessel_mm / 2, np.inf), 40)
    canvas = Canvas((shape[0], shape[1], shape[2]), spacing)
    blocks = fine.values.reshape(shape[0], 5, shape[1], 5, shape[2], 5).mean(axis=(1, 3, 5))
    canvas.values = ndimage.gaussian_filter(blocks, (0, 0.6 / spacing[1], 0.6 / spacing[2]))
    return canvas


SPACINGS = ((1.0, 0.8, 0.8), (2.0, 1.15, 1.15), (5.0, 0.8, 0.8))
BALLS = [(diameter, spacing) for spacing in SPACINGS for diameter in (4.0, 6.0, 10.0, 20.0, 28.0)
         if diameter >= VOXELS_ACROSS * spacing[0]]


@pytest.mark.parametrize(("diameter", "spacing"), BALLS)
def test_balls_are_measured_within_the_stated_precision(diameter: float, spacing: tuple[float, float, float]) -> None:
    canvas = opacity((diameter / 2,) * 3, spacing, (0.7, -0.2, 0.3))
    voxels = canvas.voxels(15.0)
    ball = measure_ball(voxels, canvas.geometry, np.array([1.0, 0.5, 0.0]), diameter * 0.6)
    assert ball is not None
    size = measure_opacity(voxels, canvas.geometry, ball)
    assert size is not None
    precision = max(LEAST_PRECISION_MM, SLICE_PRECISION * spacing[0])
    assert size.mean_mm == pytest.approx(diameter, abs=precision)
    assert size.long_mm == pytest.approx(diameter, abs=precision)
    shell = np.pi / 2 * diameter**2 * precision / 1000
    assert size.volume_ml == pytest.approx(np.pi / 6 * diameter**3 / 1000, abs=shell)


def test_long_and_short_axis_lie_in_the_plane_that_shows_the_longest() -> None:
    canvas = opacity((9.0, 4.0, 5.0), (1.0, 0.8, 0.8))
    voxels = canvas.voxels(8.0)
    ball = measure_ball(voxels, canvas.geometry, np.zeros(3), 6.0)
    assert ball is not None
    size = measure_opacity(voxels, canvas.geometry, ball)
    assert size is not None
    assert size.plane in (1, 2), "the long axis runs along z, which no transverse plane shows"
    assert size.long_mm == pytest.approx(18.0, abs=1.0)
    assert size.short_mm == pytest.approx(10.0, abs=1.0)
    thick = opacity((9.0, 4.0, 5.0), (2.5, 0.8, 0.8))
    flat = measure_opacity(thick.voxels(8.0), thick.geometry, ball)
    assert flat is not None
    assert flat.plane == 0, "thick slices are measured as they are stored"
    assert flat.long_mm == pytest.approx(10.0, abs=1.0)


def test_a_vessel_on_an_opacity_is_cut_off() -> None:
    canvas = opacity((6.0, 6.0, 6.0), (1.0, 0.8, 0.8), vessel_mm=3.0)
    voxels = canvas.voxels(8.0)
    ball = measure_ball(voxels, canvas.geometry, np.zeros(3), 6.0)
    assert ball is not None
    size = measure_opacity(voxels, canvas.geometry, ball)
    assert size is not None
    assert size.long_mm == pytest.approx(12.0, abs=2.5)


def test_calipers_turn_with_the_shape_and_know_the_pixels_size() -> None:
    rows, columns = np.mgrid[:80, :80]
    along, across = (rows - 40 + columns - 40) / 2**0.5, (rows - columns) / 2**0.5
    ellipse = (along / 30) ** 2 + (across / 12) ** 2 <= 1
    assert calipers(ellipse, (0.5, 0.5)) == pytest.approx((30.0, 12.0), abs=0.5)
    plane = np.zeros((3, 10, 10), bool)
    plane[1, 2:8, 4] = True
    long_mm, short_mm, axis = longest(plane, (5.0, 2.0, 1.0), (0,))
    assert (long_mm, axis) == (pytest.approx(11.0, abs=0.1), 0)
    assert short_mm < 2
