"""Nodule and mass candidates of a CT, told as findings."""

from __future__ import annotations

import numpy as np

from ...core.boxes import Box
from ...core.finding import Status
from ...sources.volume import Volume
from .draw import draw_close, draw_slice, slice_text
from .lungs import Chest, lung_name
from .nodules import LARGEST_NODULE_MM, MOST, Candidate, apart, find_candidates
from .telling import Telling, millilitres, millimetres


def tell_candidates(telling: Telling, chest: Chest) -> None:
    """The largest candidates, each with mean diameter, long and short axis and volume.

    Args:
        telling: takes findings, evidence and warnings.
        chest: segmentation of the telling's volume.
    """
    if not all(apart(lung) for lung in chest.lungs):
        telling.warnings.append("the lungs cannot be told from each other: candidates at chest wall and mediastinum "
                                "were not looked for")
    found = find_candidates(chest, telling.volume.voxels, telling.volume.geometry)
    for rank, candidate in enumerate(found[:MOST], 1):
        tell_candidate(telling, candidate, rank, chest)
    if len(found) > MOST:
        telling.warnings.append(f"{len(found)} nodule or mass candidates were found; the {MOST} largest are given")


def tell_candidate(telling: Telling, candidate: Candidate, rank: int, chest: Chest) -> None:
    """One candidate: mean diameter, long and short axis and volume, with its close-up and its slice.

    Args:
        telling: takes findings, evidence and warnings.
        candidate: of the telling's volume.
        rank: among all candidates, the largest first; 1-based.
        chest: segmentation of the telling's volume.
    """
    evidence = _evidence(telling, candidate, rank, chest)
    precision, side = candidate.precision_mm, candidate.side
    large = candidate.diameter_mm > LARGEST_NODULE_MM
    site = f"Opacity {rank}, {lung_name(side).lower()}"
    telling.measured("Pulmonary mass candidate" if large else "Pulmonary nodule candidate",
                     millimetres(candidate.diameter_mm, precision), evidence, site=site, side=side,
                     status=Status.INDETERMINATE)
    for name, value in (("Long-axis diameter", millimetres(candidate.long_mm, precision)),
                        ("Short-axis diameter", millimetres(candidate.short_mm, precision)),
                        ("Opacity volume", millilitres(candidate.volume_ml, candidate.volume_precision_ml))):
        telling.measured(name, value, evidence, site=site, side=side)


def _evidence(telling: Telling, candidate: Candidate, rank: int, chest: Chest) -> tuple[str, ...]:
    volume = telling.volume
    k = int(np.clip(round(float(volume.geometry.to_index(np.array(candidate.centre_mm))[0])), 0,
                    volume.geometry.shape[0] - 1))
    box, slices = _box_on_slice(candidate, volume), _slices(candidate, volume)
    x, y, z = candidate.centre_mm
    axes = "LPS" if volume.sides_known else "along the stored axes; how they lie in the patient is not known"
    border = "; its border towards chest wall or mediastinum is estimated" if candidate.attached else ""
    close = telling.picture(f"candidate{rank}", lambda: draw_close(volume, candidate))
    whole = telling.picture(f"candidate{rank}-slice", lambda: draw_slice(volume, k, box, chest))
    return (
        telling.region(candidate.bbox_mm, slices, f"Close-up of solid opacity {rank} by size, centre x {x:.1f} y "
                       f"{y:.1f} z {z:.1f} mm ({axes}); size is the mean of long axis {candidate.long_mm:.1f} mm and "
                       f"short axis {candidate.short_mm:.1f} mm, each to {candidate.precision_mm:.1f} mm{border}",
                       close),
        telling.slice(k, box, f"{slice_text(volume, k)}, lung window, box around solid opacity {rank}", whole))


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
