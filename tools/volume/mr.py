"""What is measured in an MR, or in a volume whose values tell no modality: foreground and signal, nothing else."""

from __future__ import annotations

from ...core.errors import RefusedFile
from ...core.refusal import RefusalCode
from .draw import draw_foreground, slice_text, widest
from .grids import bounding_box, box_mm
from .measure import foreground, mean_within
from .telling import Telling, intensity, millilitres


def tell_mr(telling: Telling) -> None:
    """Measure foreground volume and mean signal; the signal is not corrected for the coils' uneven sensitivity.

    Raises:
        RefusedFile: NO_TISSUE when all values are equal.
    """
    volume = telling.volume
    mask = foreground(volume.voxels)
    if not mask.any():
        raise RefusedFile(RefusalCode.NO_TISSUE, "the volume is empty: all its values are equal")
    k = widest(mask, 0)
    place = bounding_box(mask)
    slices = (place[0].start, place[0].stop - 1)
    picture = telling.picture("foreground", lambda: draw_foreground(volume, mask, k))
    evidence = (telling.region(box_mm(place, volume.geometry), slices,
                               f"{slice_text(volume, k)}, and slices through all of it, contour of the foreground "
                               "(a tenth of the robust range, holes filled); signal as stored, not corrected for the "
                               "coils' bias field, so it cannot be compared between scans", picture),)
    telling.measured("Foreground volume", millilitres(mask.sum() * volume.geometry.voxel_ml), evidence)
    telling.measured("Signal intensity", intensity(mean_within(volume.voxels, mask)), evidence, site="Foreground")
