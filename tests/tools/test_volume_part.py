"""Which part of the body a CT shows, and what lies in a skull, on made volumes with known truth."""

from __future__ import annotations

import numpy as np
import pytest
from made_volumes import Canvas, belly, head, leg

from caseloom.tools.volume.grids import Mask
from caseloom.tools.volume.head import cranial_space, hyperdense, too_noisy
from caseloom.tools.volume.lungs import Chest, segment_chest
from caseloom.tools.volume.part import Part, parts_named, parts_of


def looked_at(canvas: Canvas, noise: float = 5.0) -> tuple[Chest, Mask, tuple[Part, ...]]:
    """The segmentation of a drawing, the space in its skull, and the parts it shows."""
    chest = segment_chest(canvas.voxels(noise), canvas.geometry)
    space = cranial_space(chest.coarse)
    lungs = np.logical_or.reduce([np.zeros_like(space), *(lung.rough for lung in chest.lungs)])
    return chest, space, parts_of(chest.coarse, chest.body, lungs, space)


@pytest.mark.parametrize(("drawing", "part"), [(head()[0], Part.HEAD), (leg(), Part.LIMB), (belly(), Part.ABDOMEN)])
def test_a_part_without_lungs_is_told_and_shows_none(drawing: Canvas, part: Part) -> None:
    chest, _, parts = looked_at(drawing)
    assert parts == (part,)
    assert chest.lungs == (), "sinuses, gut and stool are no lungs"


def test_water_in_a_tub_is_no_part_of_the_body() -> None:
    tub = Canvas((20, 60, 60), (5.0, 3.0, 3.0))
    tub.draw((0, 0, 0), (40, 50, 50), 0)
    assert looked_at(tub)[2] == ()


def test_the_space_in_the_skull_is_without_sockets_sinuses_and_canal() -> None:
    chest, space, _ = looked_at(head(blood_mm=None)[0])
    true_ml = 4 / 3 * np.pi * 8.0 * 9.0 * 6.7
    assert space.sum() * chest.coarse.voxel_ml == pytest.approx(true_ml, rel=0.25), "cut below by neck and sockets"
    values = chest.coarse.values[space]
    assert ((values > -20) & (values < 110)).mean() > 0.97


@pytest.mark.parametrize("slice_mm", [1.0, 3.0, 5.0])
@pytest.mark.parametrize("blood_mm", [None, 8.0, 15.0])
def test_blood_is_measured_and_calcification_is_not(slice_mm: float, blood_mm: float | None) -> None:
    drawing, true_ml = head(slice_mm=slice_mm, blood_mm=blood_mm, calcified=True)
    chest, space, _ = looked_at(drawing)
    found = hyperdense(chest.coarse, space)
    assert found.millilitres == pytest.approx(true_ml, rel=0.08, abs=0.01)
    assert not found.partial


def test_a_head_that_the_scan_cuts_is_partial_and_noise_is_not_taken_for_blood() -> None:
    drawing, _ = head(slice_mm=5.0, blood_mm=None)
    chest, space, _ = looked_at(drawing, noise=15.0)
    assert too_noisy(chest.coarse, space)
    chest, space, _ = looked_at(drawing)
    assert not too_noisy(chest.coarse, space)
    upper = segment_chest(drawing.voxels()[20:], drawing.geometry)
    assert hyperdense(upper.coarse, cranial_space(upper.coarse)).partial


@pytest.mark.parametrize(("words", "parts"), [
    ("CHEST", {Part.CHEST}), ("ABDOMENPELVIS", {Part.ABDOMEN}), ("CT Schädel head native", {Part.HEAD}),
    ("TORSO", {Part.CHEST, Part.ABDOMEN}), ("KNEE", {Part.LIMB}), ("", set()), ("series 3", set())])
def test_parts_that_a_header_names(words: str, parts: set[Part]) -> None:
    assert parts_named([words]) == parts
