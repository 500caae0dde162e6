"""Small films in the folders of MIMIC-CXR-JPG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

FILMS = {"aaaa-1": ("10000001", "50000001"), "aaaa-2": ("10000001", "50000002"), "bbbb-1": ("10000002", "50000003")}
"""Patient and study by film."""
ROWS, COLUMNS = 50, 40


def write_mimic(root: Path) -> Path:
    """`root`, with the films below `files/`."""
    for number, (film, (subject, study)) in enumerate(FILMS.items()):
        path = root / "files" / f"p{subject[:2]}" / f"p{subject}" / f"s{study}" / f"{film}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        grey = np.tile(np.linspace(10 + number, 240, COLUMNS), (ROWS, 1)).astype(np.uint8)
        Image.fromarray(grey).save(path)
    return root
