"""How much memory the model on this machine may take, and how its work is cut to fit."""

from __future__ import annotations

from dataclasses import dataclass

GIB = 1024**3


@dataclass(frozen=True)
class LocalLimits:
    """Sizes of the pieces that the model works in, and of what is kept between requests.

    Args:
        vision_chunk: pictures that go through the vision tower at once; halved where memory does not suffice.
        prefill_tokens: prompt tokens that go through the decoder at once; a picture's tokens are never parted.
        rows: answers that are written at once; halved where memory does not suffice.
        picture_pixels: rows x columns of the largest picture that is taken.
        feature_memory_bytes: of encoded pictures kept in memory.
        feature_disk_bytes: of encoded pictures kept on disk.
        prefix_bytes: of keys and values of prompt beginnings, kept on the model's device.
    """

    vision_chunk: int = 8
    prefill_tokens: int = 2048
    rows: int = 32
    picture_pixels: int = 100_000_000
    feature_memory_bytes: int = GIB
    feature_disk_bytes: int = 4 * GIB
    prefix_bytes: int = 2 * GIB
