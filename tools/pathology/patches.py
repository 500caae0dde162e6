"""Where on a slide the patches lie that a model is shown: pure geometry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...readers.recipes.slide import PATCH_SIDE
from ...sources.slide import Region

MAGNIFICATIONS = ((10, 1.0), (5, 2.0))
"""(name, micrometres per pixel). 10x is what Google's notebook uses; 5x was trained alike (MedGemma 1.5 Technical
Report, 2.3.2) and serves slides that were scanned no finer."""
TOLERANCE = 1.05
"""As in EZ-WSI-DICOMweb: a level within 5 % counts as the magnification."""
LEAST_TISSUE = 0.2
"""Share of a patch that tissue covers; an own choice. Where no patch has as much, any with tissue counts."""


@dataclass(frozen=True)
class PatchGrid:
    """Patches without overlap over the scanned area.

    Args:
        magnification: such as 10.
        mpp: micrometres per pixel of a patch.
        places: on tissue, row by row, each in level-0 pixels.
    """

    magnification: int
    mpp: float
    places: tuple[Region, ...]


def magnification_for(mpp: float) -> tuple[int, float] | None:
    """(name, micrometres per pixel) of the patches from a slide of `mpp` micrometres per pixel; None below 5x."""
    return next(((name, wanted) for name, wanted in MAGNIFICATIONS if mpp <= wanted * TOLERANCE), None)


def lay_patches(mask: NDArray[np.bool_], area: Region, mpp: float) -> PatchGrid | None:
    """Patches of 896 x 896 on tissue.

    The grid holds whole patches only and lies in the middle of the scanned area, so that what is cut off is shared by
    its edges. An area smaller than one patch has one, which reaches over its edges.

    Args:
        mask: tissue over `area`, (rows, columns) bool, any resolution.
        area: the scanned area, level-0 pixels.
        mpp: micrometres per level-0 pixel.

    Returns:
        None when the slide was scanned below 5x.
    """
    chosen = magnification_for(mpp)
    if chosen is None:
        return None
    side = PATCH_SIDE * chosen[1] / mpp
    columns, rows = (max(1, int(extent / side + 1e-6)) for extent in (area.width, area.height))
    left, top = (area.x + (area.width - columns * side) / 2, area.y + (area.height - rows * side) / 2)
    places = [Region(round(left + column * side), round(top + row * side), round(side), round(side))
              for row in range(rows) for column in range(columns)]
    shares = [_tissue_share(mask, area, place) for place in places]
    least = LEAST_TISSUE if max(shares) >= LEAST_TISSUE else min((share for share in shares if share), default=1.0)
    kept = tuple(place for place, share in zip(places, shares, strict=True) if share >= least)
    return PatchGrid(*chosen, places=kept)


def on_area(place: Region, area: Region) -> Region:
    """The part of a place that lies on the scanned area."""
    left, top = max(area.x, place.x), max(area.y, place.y)
    right, bottom = (min(area.x + area.width, place.x + place.width), min(area.y + area.height, place.y + place.height))
    return Region(left, top, right - left, bottom - top)


def _tissue_share(mask: NDArray[np.bool_], area: Region, place: Region) -> float:
    """Share of a place, 0..1, that is tissue; what lies beyond the scanned area is none."""
    down, across = mask.shape[0] / area.height, mask.shape[1] / area.width
    spans = (place.y - area.y, place.height, down), (place.x - area.x, place.width, across)
    rows, columns = (slice(max(0, round(start * scale)), max(0, round((start + side) * scale)))
                     for start, side, scale in spans)
    return float(mask[rows, columns].sum() / max(1.0, place.height * down * place.width * across))
