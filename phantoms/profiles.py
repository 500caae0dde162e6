"""How the trunk changes from the upper abdomen to the neck: smooth curves over z, all in millimetres.

Sizes are those of an adult man of about 1.8 m: chest 33 cm wide and 23 cm deep, lungs 26 cm high.
"""

import numpy as np
from scipy.interpolate import PchipInterpolator

from .grid import Array

_CURVES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "body_x": (
        (-240, -150, -80, 0, 60, 100, 125, 150, 170, 190, 210, 240),
        (153, 155, 158, 163, 167, 170, 174, 186, 176, 116, 72, 62),
    ),
    "body_y": ((-240, -150, 0, 60, 100, 130, 160, 190, 240), (113, 114, 115, 111, 102, 92, 82, 70, 62)),
    "body_mid": ((-240, -150, 0, 100, 130, 200, 240), (0, 0, 2, 12, 16, 10, 8)),
    "cage_x": (
        (-240, -150, -110, -70, -30, 10, 45, 75, 100, 118, 132, 145, 240),
        (124, 130, 133, 135, 134, 130, 122, 110, 93, 74, 56, 38, 24),
    ),
    "cage_y": ((-240, -130, -50, 0, 50, 80, 100, 118, 132, 145, 240), (86, 89, 92, 90, 81, 70, 60, 49, 40, 32, 24)),
    "cage_mid": ((-240, -130, 0, 60, 100, 130, 240), (0, 1, 2, 6, 12, 16, 14)),
    "spine": ((-240, -130, -60, 0, 60, 110, 150, 190, 240), (58, 58, 60, 59, 53, 42, 30, 20, 14)),
    "column": ((-240, -130, -60, 0, 40, 80, 120, 240), (26, 24, 24, 25, 26, 27, 30, 34)),
}


def profile(name: str, z: Array) -> Array:
    """Return the named curve at each z (mm), float32; names are the keys of the table above."""
    knots, values = _CURVES[name]
    return np.asarray(PchipInterpolator(knots, values)(np.clip(z, -240, 240)), dtype=np.float32)
