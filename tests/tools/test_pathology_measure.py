"""The measuring parts of pathology against images whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from made_slide import EOSIN, HAEMATOXYLIN, paint_nuclei, scatter, stain
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import cKDTree

from caseloom.sources.slide import Region
from caseloom.tools.pathology.draw import viridis
from caseloom.tools.pathology.measure import (
    Field,
    Grid,
    cell_counts,
    cell_tissue,
    densest,
    median_density,
    search_fields,
)
from caseloom.tools.pathology.nuclei import find_nuclei
from caseloom.tools.pathology.stains import haematoxylin, is_ink
from caseloom.tools.pathology.tissue import tissue_mask

GLASS = (243, 243, 243)
PINK = (222, 150, 190)


def precision_and_recall(found: NDArray[np.int32], truth: NDArray[np.float64]) -> tuple[float, float]:
    """Pairs of mutual nearest neighbours within 4 µm."""
    near, truth_of = cKDTree(truth).query(found + 0.5)
    found_of = cKDTree(found + 0.5).query(truth)[1]
    pairs = int(np.sum((near <= 4) & (found_of[truth_of] == np.arange(len(found)))))
    return pairs / len(found), pairs / len(truth)


def at_10x(pixels: NDArray[np.uint8], per_um: int = 2) -> NDArray[np.uint8]:
    size = pixels.shape[1] // per_um, pixels.shape[0] // per_um
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))


def test_the_stain_channel_gives_back_the_density_it_was_painted_with() -> None:
    density = np.linspace(0, 0.9, 40)[None, :].repeat(3, axis=0)
    eosin = np.array([0.0, 0.2, 0.4])[:, None].repeat(40, axis=1)
    assert haematoxylin(stain(density, eosin)) == pytest.approx(density, abs=0.03)
    assert HAEMATOXYLIN[1] < EOSIN[1]


def test_ink_is_neither_stain_nor_tissue() -> None:
    inks = np.array([[(20, 160, 60), (20, 150, 160), (40, 70, 200)]], np.uint8)
    stained = stain(np.array([[0.9, 0.1, 0.4]]), np.array([[0.1, 0.6, 0.4]]))
    assert is_ink(inks).all()
    assert not is_ink(stained).any()
    assert (haematoxylin(inks) == 0).all()


@pytest.mark.parametrize(("count", "apart", "least"), [(250, 14.0, 0.98), (1200, 9.0, 0.97), (1800, 7.5, 0.94)])
def test_nuclei_are_found_where_they_were_painted(count: int, apart: float, least: float) -> None:
    truth = scatter(count, (448, 448), apart, seed=count)
    found = find_nuclei(haematoxylin(at_10x(paint_nuclei((448, 448), truth, seed=1))))
    precision, recall = precision_and_recall(found, truth)
    assert precision >= least
    assert recall >= least


def test_fibres_and_plain_tissue_hold_no_nuclei() -> None:
    lines = np.full((200, 200), 0.05)
    lines[::20] = lines[1::20] = lines[2::20] = 0.9
    flat = stain(np.full((200, 200), 0.4), np.full((200, 200), 0.2))
    assert len(find_nuclei(haematoxylin(stain(lines, np.full((200, 200), 0.2))))) == 0
    assert len(find_nuclei(haematoxylin(flat))) == 0


def picture(*patches: tuple[slice, slice, tuple[int, int, int]]) -> NDArray[np.uint8]:
    pixels = np.full((120, 160, 3), GLASS, np.uint8)
    for rows, columns, colour in patches:
        pixels[rows, columns] = colour
    return pixels


def test_tissue_is_told_from_glass_debris_ink_and_scan_border() -> None:
    tissue, lumen = (slice(20, 80), slice(20, 90), PINK), (slice(40, 44), slice(40, 44), GLASS)
    debris, pen = (slice(100, 103), slice(100, 103), PINK), (slice(20, 80), slice(110, 130), (30, 150, 90))
    border = (slice(110, 120), slice(0, 160), (1, 0, 2))
    mask = tissue_mask(picture(tissue, lumen, debris, pen, border), 100)
    expected = np.zeros((120, 160), bool)
    expected[20:80, 20:90] = True
    assert (mask != expected).sum() <= 4
    assert mask[40:44, 40:44].all()


@pytest.mark.parametrize(("colour", "covered"), [(GLASS, False), ((255, 255, 255), False), (PINK, True)])
def test_a_slide_of_one_kind_is_not_cut_in_two(colour: tuple[int, int, int], covered: bool) -> None:
    noise = np.random.default_rng(0).integers(-2, 3, (120, 160, 1))
    pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    assert (tissue_mask(pixels, 100) == covered).all()


def test_counts_and_cover_fall_into_the_right_cells() -> None:
    grid = Grid(Region(1000, 2000, 896, 448), 0.5)
    assert (grid.size, grid.cells) == ((224, 448), (2, 4))
    counts = cell_counts(np.array([[0, 0], [111, 111], [112, 111], [223, 447]], np.int32), grid)
    assert counts.tolist() == [[2, 0, 0, 0], [1, 0, 0, 1]]
    mask = np.zeros((28, 56), bool)
    mask[:, :21] = True
    assert cell_tissue(mask, grid) == pytest.approx(np.array([[1, 0.5, 0, 0], [1, 0.5, 0, 0]]))


def test_a_small_slide_is_padded_to_one_field_whose_density_counts_the_slide_alone() -> None:
    grid = Grid(Region(0, 0, 400, 300), 0.5)
    tissue = cell_tissue(np.ones((30, 40), bool), grid)
    assert tissue.sum() == pytest.approx(200 * 150 / 112**2)
    (field,) = search_fields(cell_counts(np.full((6, 2), 100, np.int32), grid), tissue, grid)
    assert field.region == Region(0, 0, 400, 300)
    assert field.per_mm2 == pytest.approx(6 / (0.2 * 0.15))


def test_the_densest_fields_come_first_and_do_not_overlap() -> None:
    grid = Grid(Region(0, 0, 2240, 2240), 0.5)
    counts = np.ones(grid.cells, np.int64)
    counts[2:4, 2:4], counts[7, 8] = 50, 30
    fields = search_fields(counts, np.ones(grid.cells), grid)
    top = densest(fields, 3)
    assert [(field.row, field.column, field.nuclei) for field in top[:2]] == [(2, 2, 200), (6, 7, 33)]
    assert top[0].region == Region(448, 448, 448, 448)
    assert all(field.per_mm2 >= median_density(fields) for field in top)


def test_fields_without_tissue_or_nuclei_are_not_ranked() -> None:
    grid = Grid(Region(0, 0, 2240, 2240), 0.5)
    bare = np.zeros(grid.cells)
    assert search_fields(np.full(grid.cells, 9), bare, grid) == []
    assert densest([Field(0, 0, Region(0, 0, 448, 448), 0, 0.05)], 5) == ()
    assert densest([], 5) == ()


def test_the_heat_map_brightens_evenly() -> None:
    lightness = viridis(np.linspace(0, 1, 50)).astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) > 0).all()
