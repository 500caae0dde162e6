"""A made-up document as a scanner or fax would give it: pictures with skew, noise, blur and JPEG artefacts."""

from __future__ import annotations

import io
import random

import numpy as np
from numpy.typing import NDArray

from .sheet import library

TURNS = (0, 0, 0, 0, 90, 180, 270)


def scanned(pdf: bytes, seed: int) -> bytes:
    """A PDF of pictures, one a page, without a text layer.

    Args:
        pdf: the native document.
        seed: decides resolution, skew, blur, noise, contrast, compression and which way up the pages lie.
    """
    pymupdf = library()

    rng = random.Random(seed)  # noqa: S311 — a seeded drawing, no secret
    turn, dpi = rng.choice(TURNS), rng.choice((150, 170, 200, 200, 250))
    with pymupdf.open("pdf", pdf) as native, pymupdf.open() as made:
        for page in native:
            picture = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY, alpha=False)
            sheet = np.frombuffer(picture.samples, np.uint8).reshape(picture.height, picture.stride)[:, :picture.width]
            data = worsened(np.rot90(sheet, turn // 90), rng)
            width, height = (page.rect.width, page.rect.height)[:: -1 if turn % 180 else 1]
            made.new_page(width=width, height=height).insert_image(pymupdf.Rect(0, 0, width, height), stream=data)
        result: bytes = made.tobytes(garbage=3, no_new_id=True)
        return result


def worsened(sheet: NDArray[np.uint8], rng: random.Random) -> bytes:
    """One page as a JPEG, or black and white as a fax sends it."""
    from PIL import Image, ImageFilter

    image = Image.fromarray(np.ascontiguousarray(sheet))
    image = image.rotate(rng.uniform(-1.5, 1.5), Image.Resampling.BICUBIC, fillcolor=255)
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.0, 0.9)))
    noise = np.random.default_rng(rng.randrange(2**31)).normal(0.0, rng.uniform(2.0, 14.0), np.asarray(image).shape)
    dark, light = rng.uniform(0, 60), rng.uniform(225, 250)
    pixels = dark + np.asarray(image, dtype=np.float64) * (light - dark) / 255.0 + noise
    final = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    stream = io.BytesIO()
    if rng.random() < 0.15:
        final.point(lambda value: 255 * (value > 150)).convert("1").save(stream, "PNG")
    else:
        final.save(stream, "JPEG", quality=rng.choice((45, 60, 75, 85)))
    return stream.getvalue()
