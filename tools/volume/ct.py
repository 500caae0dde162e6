"""What is measured in a CT: tissues, lungs, and solid candidates in them."""

from __future__ import annotations

import numpy as np

from ...core.boxes import Box
from ...core.errors import RefusedFile
from ...core.finding import Status
from ...core.refusal import RefusalCode
from ...sources.volume import HU, Volume
from .draw import draw_close, draw_lungs, draw_slice, draw_tissues, slice_text, widest
from .grids import Mask, bounding_box, box_mm, refine
from .lungs import Chest, Lung, lung_name, segment_chest
from .measure import mean_within, tissue_statistics
from .nodules import LARGEST_NODULE_MM, Candidate, find_candidates
from .telling import Telling, hounsfield, millilitres, millimetres, percent

SMALLEST_BODY_ML = 20.0


def tell_ct(telling: Telling) -> None:
    """Measure a CT in HU and add what was found.

    Raises:
        RefusedFile: NO_TISSUE when the volume shows no body, NO_RESULTS when its values are not HU.
    """
    volume = telling.volume
    if volume.unit != HU:
        raise RefusedFile(RefusalCode.NO_RESULTS, "the values are not Hounsfield units, so no attenuation, lung or "
                          "tissue can be measured")
    chest = segment_chest(volume.voxels, volume.geometry, sides_known=volume.sides_known)
    body = refine(chest.body, chest.coarse.factors, volume.voxels.shape)
    if chest.body.sum() * chest.coarse.voxel_ml < SMALLEST_BODY_ML:
        raise RefusedFile(RefusalCode.NO_TISSUE, "no body is seen in the CT")
    _tell_tissues(telling, body)
    if not chest.lungs:
        telling.warnings.append("no lung is seen in the CT; lungs were not measured")
        return
    _tell_lungs(telling, chest, body)
    for rank, candidate in enumerate(find_candidates(chest, volume.voxels, volume.geometry), 1):
        _tell_candidate(telling, candidate, rank, body)


def _tell_tissues(telling: Telling, body: Mask) -> None:
    volume = telling.volume
    k = widest(body, 0)
    picture = telling.picture("tissue", lambda: draw_tissues(volume, body, k))
    place = bounding_box(body)
    evidence = (telling.region(box_mm(place, volume.geometry), (place[0].start, place[0].stop - 1),
                               f"{slice_text(volume, k)}, soft tissue window, plain and with each range of attenuation "
                               "inside the body in colour", picture),)
    for item in tissue_statistics(volume.voxels, body):
        telling.measured("Tissue attenuation", hounsfield(item.mean), evidence, site=item.tissue.name)
        telling.measured("Tissue fraction", percent(item.percent), evidence, site=item.tissue.name)


def _tell_lungs(telling: Telling, chest: Chest, body: Mask) -> None:
    volume = telling.volume
    picture = telling.picture("lungs", lambda: draw_lungs(volume, chest.lungs, body))
    for lung in chest.lungs:
        place = bounding_box(lung.mask)
        slices = (place[0].start, place[0].stop - 1)
        name = lung.name
        first, last = (volume.planes[k].index + 1 for k in slices)
        caption = (f"{volume.modality}, contour of the {name.lower()}, coronal and axial, lung window; it shows on "
                   f"slices {first} to {last} of {volume.stored_slices}")
        if lung.partial:
            caption += f" and is cut by the {_cut_ends(lung)} slice"
            telling.warnings.append(f"{name}: only a part is in the scan (cut by the {_cut_ends(lung)} slice); its "
                                    "volume is that of the part")
        evidence = (telling.region(box_mm(place, volume.geometry), slices, caption, picture),)
        site = f"{name} (partial)" if lung.partial else name
        telling.measured("Lung volume", millilitres(lung.mask.sum() * volume.geometry.voxel_ml), evidence, site=site,
                         side=lung.side)
        telling.measured("Mean lung attenuation", hounsfield(mean_within(volume.voxels, lung.mask)), evidence,
                         site=site, side=lung.side)


def _cut_ends(lung: Lung) -> str:
    return " and ".join(end for end, cut in (("lowest", lung.cut_low), ("highest", lung.cut_high)) if cut)


def _tell_candidate(telling: Telling, candidate: Candidate, rank: int, body: Mask) -> None:
    volume = telling.volume
    k = int(np.clip(round(float(volume.geometry.to_index(np.array(candidate.centre_mm))[0])), 0,
                    volume.geometry.shape[0] - 1))
    box, slices = _box_on_slice(candidate, volume), _slices(candidate, volume)
    large = candidate.diameter_mm > LARGEST_NODULE_MM
    x, y, z = candidate.centre_mm
    how = ("mean diameter of the sphere with its volume; its border towards the chest wall and mediastinum is estimated"
           if candidate.is_mass else "diameter of the sphere with its partial-volume-weighted volume")
    close = telling.picture(f"candidate{rank}", lambda: draw_close(volume, candidate))
    whole = telling.picture(f"candidate{rank}-slice", lambda: draw_slice(volume, k, box, body))
    evidence = (
        telling.region(candidate.bbox_mm, slices, f"Close-up of a solid candidate, centre x {x:.1f} y {y:.1f} z "
                       f"{z:.1f} mm (LPS), size given as {how}", close),
        telling.slice(k, box, f"{slice_text(volume, k)}, lung window, box around a solid candidate", whole))
    telling.measured("Pulmonary mass candidate" if large else "Pulmonary nodule candidate",
                     millimetres(candidate.diameter_mm), evidence, site=lung_name(candidate.side),
                     side=candidate.side, status=Status.INDETERMINATE)


def _index_ends(candidate: Candidate, volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest (k, j, i) index that the candidate's box reaches."""
    low, high = np.array(candidate.bbox_mm[:3]), np.array(candidate.bbox_mm[3:])
    corners = np.array([[(low, high)[(n >> axis) & 1][axis] for axis in range(3)] for n in range(8)])
    index = volume.geometry.to_index(corners)
    return index.min(axis=0), index.max(axis=0)


def _box_on_slice(candidate: Candidate, volume: Volume) -> Box:
    low, high = _index_ends(candidate, volume)
    _, rows, columns = volume.geometry.shape
    return (float(max(0, np.floor(low[2] + 0.5))), float(max(0, np.floor(low[1] + 0.5))),
            float(min(columns, np.ceil(high[2] + 0.5))), float(min(rows, np.ceil(high[1] + 0.5))))


def _slices(candidate: Candidate, volume: Volume) -> tuple[int, int]:
    low, high = _index_ends(candidate, volume)
    last = volume.geometry.shape[0] - 1
    return int(np.clip(np.ceil(low[0]), 0, last)), int(np.clip(np.floor(high[0]), 0, last))
