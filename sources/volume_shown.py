"""How a volume looks in a notebook: three slices and its grid."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.markup import faint, frame, heading, line, picture, table

if TYPE_CHECKING:
    from .volume_data import Volume

SIDE = 192
"""Display pixels of a slice's longer side."""
HU_SHOWN = (-1000.0, 400.0)
"""Black and white of a CT: lungs and soft tissue both show."""
SHARES = (0.25, 0.5, 0.75)
"""Which planes are shown, as shares of the way through the grid."""


def volume_html(volume: Volume) -> str:
    """Three planes as they are stored, and what is known of the grid."""
    planes = [round(share * (len(volume.planes) - 1)) for share in SHARES]
    low, high = _window(volume, planes)
    shown = f"planes {', '.join(str(k + 1) for k in planes)} of {len(volume.planes)}, as stored"
    k, j, i = volume.geometry.spacing
    facts = {"grid": " × ".join(map(str, volume.geometry.shape)) + " (slices, rows, columns)",
             "spacing": f"{k:.3g} × {j:.3g} × {i:.3g} mm", "values": f"{volume.unit}, {volume.voxels.dtype}",
             "shown": f"black {low:g}, white {high:g} {volume.unit}; {shown}",
             "sides": "" if volume.sides_known else "the file does not say which side is the patient's left"}
    png, width = _row([volume.voxels[k] for k in planes], volume.geometry.spacing[1:], (low, high))
    return frame(heading(f"Volume, {volume.modality}"), picture(png, shown, width),
                 table((), ((faint(key), text) for key, text in facts.items() if text)),
                 *(line(note, faint=True) for note in volume.notes))


def _window(volume: Volume, planes: list[int]) -> tuple[float, float]:
    if volume.unit == "HU":
        return HU_SHOWN
    values = np.concatenate([volume.voxels[k].ravel() for k in planes])
    finite = values[np.isfinite(values)]
    return (float(np.percentile(finite, 1)), float(np.percentile(finite, 99))) if finite.size else (0.0, 1.0)


def _row(slices: list[NDArray[Any]], spacing: tuple[float, float], window: tuple[float, float]) -> tuple[str, int]:
    """The slices side by side as PNG in base64, in their true proportions, and its width in pixels."""
    (low, high), (rows, columns) = window, slices[0].shape
    height, width = rows * spacing[0], columns * spacing[1]
    size = (max(1, round(SIDE * width / max(width, height))), max(1, round(SIDE * height / max(width, height))))
    row = Image.new("L", (size[0] * len(slices), size[1]))
    for place, values in enumerate(slices):
        share = (np.nan_to_num(values.astype(np.float32), nan=low) - low) / max(high - low, 1e-6)
        grey = Image.fromarray((np.clip(share, 0, 1) * 255).astype(np.uint8))
        row.paste(grey.resize(size, Image.Resampling.BILINEAR), (place * size[0], 0))
    buffer = io.BytesIO()
    row.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii"), row.width
