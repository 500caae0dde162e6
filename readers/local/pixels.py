"""Pictures as the vision tower takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from ...core.errors import ReaderFailed
from ..request import Picture


def pixel_values(image_processor: Any, pictures: Sequence[Picture]) -> torch.Tensor:
    """The processor's own scaling: stretched to its input size, whole, without crops.

    Returns:
        (pictures, 3, height, width) float32.
    """
    images = [Image.fromarray(picture.pixels) for picture in pictures]
    values = image_processor(images=images, return_tensors="pt", do_pan_and_scan=False, do_convert_rgb=True)
    pixels: torch.Tensor = values["pixel_values"]
    return pixels


def check_size(picture: Picture, most: int) -> None:
    """Refuse a picture that would ask too much of this machine.

    Raises:
        ReaderFailed: more than `most` pixels.
    """
    rows, columns = picture.pixels.shape[:2]
    if rows * columns > most:
        raise ReaderFailed(f"a picture of {rows} x {columns} pixels is too large to be read (at most {most:,} "
                           "pixels); give a smaller one or a part of it")
