"""What is measured in a CT, by the part of the body that its voxels show: tissues, lungs, or what lies in the skull."""

from __future__ import annotations

import numpy as np

from ...core.errors import RefusedFile
from ...core.refusal import RefusalCode
from ...sources.ct_technique import read_technique
from ...sources.volume import HU
from .ct_candidates import tell_candidates
from .ct_head import tell_head
from .ct_lungs import tell_lungs
from .draw import draw_tissues, slice_text
from .grids import Mask, bounding_box, box_mm, coarse_place, refined_planes
from .head import cranial_space
from .lungs import Chest, segment_chest
from .measure import tissue_statistics
from .part import Part, parts_named, parts_of
from .telling import Telling, hounsfield, percent

SMALLEST_BODY_ML = 20.0


def tell_ct(telling: Telling) -> None:
    """Measure a CT in HU and add what was found.

    Raises:
        RefusedFile: NO_TISSUE when the volume shows no body, NO_RESULTS when its values are not HU.
    """
    volume = telling.volume
    if volume.unit != HU:
        why = next((f" ({note})" for note in volume.notes if "Hounsfield" in note), "")
        raise RefusedFile(RefusalCode.NO_RESULTS, f"the values are not Hounsfield units{why}, so no attenuation, lung "
                          "or tissue can be measured")
    chest = segment_chest(volume.voxels, volume.geometry, sides_known=volume.sides_known)
    if chest.body.sum() * chest.coarse.voxel_ml < SMALLEST_BODY_ML:
        raise RefusedFile(RefusalCode.NO_TISSUE, "no body is seen in the CT")
    technique = read_technique(telling.series, telling.context.root, telling.context.limits)
    space = cranial_space(chest.coarse)
    parts = _tell_parts(telling, chest, space)
    _tell_tissues(telling, chest)
    if chest.lungs:
        tell_lungs(telling, chest, technique)
        tell_candidates(telling, chest)
    else:
        telling.warnings.append("no lung is seen in the CT; lungs were not measured")
    if Part.HEAD in parts:
        tell_head(telling, chest, space, technique)


def _tell_parts(telling: Telling, chest: Chest, space: Mask) -> tuple[Part, ...]:
    lungs = np.logical_or.reduce([np.zeros_like(space), *(lung.rough for lung in chest.lungs)])
    parts = parts_of(chest.coarse, chest.body, lungs, space)
    telling.parts = parts
    series = telling.series
    named = parts_named([series.body_part or ""]) or parts_named([series.description])
    if parts and named and not named & set(parts):
        telling.warnings.append(f"the header names {' and '.join(sorted(named))}, but the images show "
                                f"{' and '.join(parts)}; what was measured follows the images")
    return parts


def _tell_tissues(telling: Telling, chest: Chest) -> None:
    volume, factors = telling.volume, chest.coarse.factors
    k = min(int(chest.body.sum(axis=(1, 2)).argmax()) * factors[0] + factors[0] // 2, volume.voxels.shape[0] - 1)
    picture = telling.picture("tissue", lambda: draw_tissues(volume, chest, k))
    place = coarse_place(bounding_box(chest.body), factors, volume.voxels.shape)
    shown = f"; the images show {' and '.join(telling.parts)}" if telling.parts else ""
    evidence = (telling.region(box_mm(place, volume.geometry), (place[0].start, place[0].stop - 1),
                               f"{slice_text(volume, k)}, soft tissue window, plain and with each range of "
                               f"attenuation inside the body in colour{shown}", picture),)
    for item in tissue_statistics(volume.voxels, refined_planes(chest.body, factors, volume.voxels.shape)):
        telling.measured("Tissue attenuation", hounsfield(item.mean), evidence, site=item.tissue.name)
        telling.measured("Tissue fraction", percent(item.percent), evidence, site=item.tissue.name)
