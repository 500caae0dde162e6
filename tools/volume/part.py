"""Which part of the body a CT shows, told from its voxels: headers are often wrong. Pure.

Each slice is named by what it holds, first match wins:
head: a space of at least 20 cm² that bone encloses and that is as dense as brain; chest: lung of at least 10 cm²;
trunk: a cross-section of the body of at least 300 cm²; limb: a cross-section below 200 cm² of which bone is 2 % or
more and which holds no gas, as a neck would. Trunk below the lowest lung, or anywhere where neither lung nor brain
is in the scan, is abdomen or pelvis, which are not told apart. A part counts when its slices span `LEAST_MM` or a
quarter of the scan. Sizes are of adults; all are own choices.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from .grids import Coarse, Mask

HEAD_CM2, LUNG_CM2, TRUNK_CM2, LIMB_CM2 = 20.0, 10.0, 300.0, 200.0
BONE_HU, LIMB_BONE = 300.0, 0.02
GAS_HU, GAS_CM2 = -400.0, 0.3
LEAST_MM, LEAST_SHARE = 30.0, 0.25


class Part(StrEnum):
    """What a scan may show."""

    HEAD = "head"
    CHEST = "chest"
    ABDOMEN = "abdomen or pelvis"
    LIMB = "limb"


def parts_of(coarse: Coarse, body: Mask, lungs: Mask, cranium: Mask) -> tuple[Part, ...]:
    """The parts that a scan shows, from head to foot; empty when none is told.

    Args:
        coarse: the volume, k growing to the head.
        body: mask of the body on the coarse grid.
        lungs: mask of both lungs.
        cranium: mask of the space within the skull.
    """
    cm2 = coarse.spacing[1] * coarse.spacing[2] / 100
    area, lung, brain = (mask.sum(axis=(1, 2)) * cm2 for mask in (body, lungs, cranium))
    head = brain >= HEAD_CM2
    chest = ~head & (lung >= LUNG_CM2)
    trunk = ~head & ~chest & (area >= TRUNK_CM2) & _below_lungs(lung >= LUNG_CM2, head)
    limb = ~head & ~chest & (area > 0) & (area < LIMB_CM2) & _like_limb(coarse.values, body, area / cm2, cm2)
    seen = {Part.HEAD: head, Part.CHEST: chest, Part.ABDOMEN: trunk, Part.LIMB: limb}
    if not limb.sum() > 0.5 * len(limb):
        del seen[Part.LIMB]
    least = min(LEAST_MM, LEAST_SHARE * len(head) * coarse.spacing[0])
    return tuple(part for part, slices in seen.items() if slices.any() and slices.sum() * coarse.spacing[0] >= least)


def _below_lungs(lung: NDArray[np.bool_], head: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Slices that may show abdomen: all below the lowest lung; with no lung all, or none under a head (shoulders)."""
    lowest = int(np.flatnonzero(lung)[0]) if lung.any() else 0 if head.any() else len(lung)
    return np.arange(len(lung)) < lowest


def _like_limb(values: NDArray[np.float32], body: Mask, voxels: NDArray[np.float64], cm2: float
               ) -> NDArray[np.bool_]:
    bone = (body & (values > BONE_HU)).sum(axis=(1, 2)) / np.maximum(voxels, 1)
    gas = (body & (values < GAS_HU)).sum(axis=(1, 2)) * cm2
    return np.asarray((bone >= LIMB_BONE) & (gas < GAS_CM2))


def parts_named(words: Iterable[str]) -> frozenset[Part]:
    """The parts that a header's words name, of those that `parts_of` can tell; empty when they name none.

    Args:
        words: such as BodyPartExamined (DICOM PS3.16, Annex L) and descriptions.
    """
    text = " ".join(words).casefold()
    return frozenset(part for part, marks in _MARKS.items() if any(mark in text for mark in marks))


_MARKS = {
    Part.HEAD: ("head", "brain", "skull", "cran", "neuro"),
    Part.CHEST: ("chest", "thorax", "thorac", "lung", "pulmon", "torso", "trunk", "heart", "cardiac", "whole"),
    Part.ABDOMEN: ("abd", "pelvi", "liver", "pancrea", "kidney", "renal", "bladder", "colon", "torso", "trunk",
                   "whole"),
    Part.LIMB: ("knee", "foot", "ankle", "hand", "wrist", "elbow", "leg", "arm", "femur", "tibia", "thigh",
                "extremity", "calf"),
}
