"""Lungs and airways of a CT, told as findings."""

from __future__ import annotations

import numpy as np

from ...core.finding import Laterality
from ...sources.ct_technique import Technique
from ...sources.volume import Volume
from .density import CALIBRATION_HU, LOW_AREA, LOW_HU, THICKEST_COMPARED_MM, lung_density
from .draw import draw_lungs
from .grids import bounding_box, box_mm, coarse_place
from .lungs import BORDER_HU, SIDES, Chest, Lung, lung_name
from .montage import draw_montage
from .telling import Telling, hounsfield, millilitres, percent

SHARP_KERNELS = ("lung", "bone", "edge", "sharp", "detail")
"""Words for edge-enhancing kernels; Siemens numbers them instead, B50f or Br59 being sharp (see `is_sharp`)."""
SHARP_NUMBER = 50
MOST_INTERPOLATED = 0.1
"""Part of the planes beyond which density is not told: means of interpolated planes are smoother and denser at borders.
A third of them moved the means of one scan by 9 and 11 HU."""


def tell_lungs(telling: Telling, chest: Chest, technique: Technique) -> None:
    """Volume, mean attenuation and low-attenuation area of each lung, and the airways' volume.

    Args:
        telling: takes findings, evidence and warnings.
        chest: with at least one lung.
        technique: of the series.
    """
    volume = telling.volume
    picture = telling.picture("lungs", lambda: draw_lungs(volume, chest))
    montage = _montage(telling, chest)
    for lung in chest.lungs:
        _tell_lung(telling, lung, picture, montage)
    _tell_missing(telling, chest)
    _tell_airways(telling, chest, picture)
    if not _shows_density(volume):
        telling.warnings.append("mean lung attenuation and low-attenuation area were not measured: "
                                f"{volume.interpolated:.0%} of the planes are interpolated")
        return
    doubts = not_comparable(technique, volume)
    if doubts:
        telling.warnings.append(f"low-attenuation area and mean lung attenuation: {'; '.join(doubts)}; not comparable "
                                "with published limits or with another technique")


def _montage(telling: Telling, chest: Chest) -> str:
    volume = telling.volume
    both = bounding_box(np.logical_or.reduce([lung.rough for lung in chest.lungs]))
    place = coarse_place(both, chest.coarse.factors, volume.voxels.shape)
    return telling.region(box_mm(place, volume.geometry), (place[0].start, place[0].stop - 1),
                          f"{volume.modality}, axial slices through the lungs from top to base, lung window, contour "
                          "of each lung", telling.picture("montage", lambda: draw_montage(volume, chest)))


def _tell_lung(telling: Telling, lung: Lung, picture: str | None, montage: str) -> None:
    volume, voxel_ml = telling.volume, telling.volume.geometry.voxel_ml
    density = lung_density(volume.voxels, lung.patch)
    place = lung.patch.place
    first, last = (volume.planes[k].index + 1 for k in (place[0].start, place[0].stop - 1))
    margin = millilitres(lung.doubtful * voxel_ml).number
    caption = (f"{volume.modality}, contour of {_the(lung)}, coronal and axial, lung window; it shows on "
               f"slices {first} to {last} of {volume.stored_slices}; volume to {margin:g} mL, the change when the "
               f"border's threshold moves by {BORDER_HU:.0f} HU")
    if _shows_density(volume):
        caption += (f"; low-attenuation area below {LOW_HU} HU to {density.low_margin:.1f} %, attenuation to "
                    f"{CALIBRATION_HU} HU, what calibration may be off")
    if lung.partial:
        ends = " and the ".join(lung.cut)
        caption += f"; cut by the {ends}"
        telling.warnings.append(f"{lung.name}: only a part is in the scan (cut by the {ends}); its volume is that of "
                                "the part")
    evidence = (telling.region(box_mm(place, volume.geometry), (place[0].start, place[0].stop - 1), caption, picture,
                               telling.mask(lung.name.lower().replace(" ", "-"), lung.patch.whole)), montage)
    site = f"{lung.name} (partial)" if lung.partial else lung.name
    values = {"Lung volume": millilitres(lung.patch.count() * voxel_ml, margin)}
    if _shows_density(volume):
        values |= {"Mean lung attenuation": hounsfield(density.mean, CALIBRATION_HU),
                   LOW_AREA: percent(density.low_percent, density.low_margin)}
    for name, value in values.items():
        telling.measured(name, value, evidence, site=site, side=lung.side)


def _shows_density(volume: Volume) -> bool:
    return volume.interpolated <= MOST_INTERPOLATED


def _the(lung: Lung) -> str:
    return lung.name.lower() if lung.side is Laterality.BILATERAL else f"the {lung.name.lower()}"


def _tell_missing(telling: Telling, chest: Chest) -> None:
    """A lung that is not aerated, not there or not in the field is not measured, and that is said."""
    found = {lung.side for lung in chest.lungs}
    if Laterality.BILATERAL not in found:
        telling.warnings += [f"{lung_name(side)}: no aerated lung is seen on this side; it was not measured"
                             for side in SIDES if side not in found]


def _tell_airways(telling: Telling, chest: Chest, picture: str | None) -> None:
    volume, airway = telling.volume, chest.airway_ml
    if airway is None:
        return
    place = coarse_place(bounding_box(chest.lumen), chest.coarse.factors, volume.voxels.shape)
    number, margin = airway
    evidence = (telling.region(box_mm(place, volume.geometry), (place[0].start, place[0].stop - 1),
                               f"{volume.modality}, air in trachea and large bronchi as far as they can be followed, "
                               "which thicker slices shorten; the volume changes by "
                               f"{millilitres(margin).number:g} mL when the border's threshold moves by "
                               f"{BORDER_HU:.0f} HU", picture),)
    telling.measured("Airway volume", millilitres(number), evidence, site="Trachea and large bronchi")


def not_comparable(technique: Technique, volume: Volume) -> list[str]:
    """Why the density of this scan's lungs is not comparable; empty when nothing speaks against it.

    Args:
        technique: from the header.
        volume: its slice distance stands in for a thickness that the header does not give.
    """
    thickness = technique.thickness_mm or volume.geometry.spacing[0]
    doubts = []
    if thickness > THICKEST_COMPARED_MM:
        doubts.append(f"slices are {thickness:g} mm thick, more than {THICKEST_COMPARED_MM:g} mm")
    if technique.kernel is None:
        doubts.append("the kernel is not known")
    elif is_sharp(technique.kernel):
        doubts.append(f"the kernel {technique.kernel} is sharp")
    if technique.contrast:
        doubts.append("contrast medium was given")
    return doubts


def is_sharp(kernel: str) -> bool:
    """Whether a kernel's name is known for edge enhancement: a word for it, or a Siemens number of 50 or more."""
    name = kernel.casefold()
    digits = "".join(ch for ch in name.split("\\")[0] if ch.isdigit())[:2]
    siemens = name[:1] in "bqih" and name[1:2].isalnum() and len(digits) == 2
    return any(word in name for word in SHARP_KERNELS) or (siemens and int(digits) >= SHARP_NUMBER)
