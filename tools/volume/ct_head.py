"""What lies within the skull in a CT of the head, told as a finding."""

from __future__ import annotations

from ...sources.ct_technique import Technique
from .draw import draw_head, slice_text
from .grids import Mask, bounding_box, box_mm, coarse_place
from .head import FROM_BONE_MM, HYPERDENSE_HU, SMALLEST_CLUSTER_ML, hyperdense, too_noisy
from .lungs import Chest
from .telling import Telling, millilitres


def tell_head(telling: Telling, chest: Chest, space: Mask, technique: Technique) -> None:
    """Hyperdense volume within the skull; not measured after contrast medium, nor in strong noise.

    Args:
        telling: takes findings, evidence and warnings.
        chest: its coarse grid is used.
        space: within the skull, on that grid.
        technique: of the series.
    """
    if technique.contrast:
        telling.warnings.append("contrast medium was given, so hyperdense volume in the head was not measured")
        return
    if too_noisy(chest.coarse, space):
        telling.warnings.append("the head is too noisy for blood to be told from brain; hyperdense volume was not "
                                "measured")
        return
    volume, factors = telling.volume, chest.coarse.factors
    found = hyperdense(chest.coarse, space)
    shown = found.mask if found.mask.any() else space
    k = min(int(shown.sum(axis=(1, 2)).argmax()) * factors[0] + factors[0] // 2, volume.voxels.shape[0] - 1)
    picture = telling.picture("head", lambda: draw_head(volume, chest, space, found.mask, k))
    place = coarse_place(bounding_box(space), factors, volume.voxels.shape)
    value = millilitres(found.millilitres, found.margin)
    low, high = HYPERDENSE_HU
    evidence = (telling.region(
        box_mm(place, volume.geometry), (place[0].start, place[0].stop - 1),
        f"{slice_text(volume, k)}, brain window, space within the skull and clusters of {low:.0f} to {high:.0f} HU of "
        f"at least {SMALLEST_CLUSTER_ML} mL; within {FROM_BONE_MM:.0f} mm of bone nothing is counted; venous sinuses, "
        "falx, tentorium and calcification can be as dense as blood", picture),)
    site = "Within the skull (partial)" if found.partial else "Within the skull"
    telling.measured("Hyperdense volume", value, evidence, site=site)
    telling.warnings.append("hyperdense volume in the head is a measure of attenuation, not of bleeding: thin blood "
                            "under the skull, old blood and blood of anaemic people are not in it")
