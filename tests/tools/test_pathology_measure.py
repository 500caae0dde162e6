"""The measuring parts of pathology against images whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from made_slide import EOSIN, HAEMATOXYLIN, paint_nuclei, scatter, stain
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import cKDTree

from caseloom.phantoms.nuclei import paint_nuclei as paint_field
from caseloom.sources.slide import Region
from caseloom.tools.pathology.fields import Measure, measure_fields
from caseloom.tools.pathology.heat import Heat, draw_heat, viridis
from caseloom.tools.pathology.measure import (
    CellSums,
    Field,
    Grid,
    cell_tissue,
    densest,
    median_density,
    per_cell,
    search_fields,
)
from caseloom.tools.pathology.nuclei import Nuclei, find_nuclei
from caseloom.tools.pathology.query import understand
from caseloom.tools.pathology.stains import Stains, estimate_stains, is_ink
from caseloom.tools.pathology.tissue import fold_mask, is_pen, tissue_mask

GLASS = (243, 243, 243)
PINK = (222, 150, 190)


def haematoxylin(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return Stains().densities(pixels)[0]


def at(*places: tuple[int, int], radius: float = 3.0) -> Nuclei:
    return Nuclei(np.array(places, np.int32), np.full(len(places), radius, np.float32))


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
    found = find_nuclei(haematoxylin(at_10x(paint_nuclei((448, 448), truth, seed=1)))).centres
    precision, recall = precision_and_recall(found, truth)
    assert precision >= least
    assert recall >= least


@pytest.mark.parametrize("strength", [0.6, 1.0, 1.5])
@pytest.mark.parametrize("per_mm2", [300, 3000])
def test_nuclei_are_found_in_pale_and_in_strong_stains(strength: float, per_mm2: int) -> None:
    vectors = (0.5626, 0.7201, 0.4062), (0.2159, 0.8012, 0.5581)
    field = paint_field(320, per_mm2, (*vectors, strength), seed=7)
    stains = estimate_stains(field.pixels.reshape(-1, 3), (245.0, 245.0, 245.0))
    found = find_nuclei(stains.to_reference(stains.densities(field.pixels)[0]))
    precision, recall = precision_and_recall(found.centres, field.centres)
    assert precision >= 0.97
    assert recall >= 0.97


@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_a_field_of_eosin_alone_is_not_scaled_up_to_nuclei(strength: float) -> None:
    vectors = (0.5626, 0.7201, 0.4062), (0.2159, 0.8012, 0.5581)
    pixels = paint_field(320, 0, (*vectors, strength), seed=7).pixels
    stains = estimate_stains(pixels.reshape(-1, 3), (245.0, 245.0, 245.0))
    assert len(find_nuclei(stains.to_reference(stains.densities(pixels)[0]))) == 0


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
    counts = per_cell(at((0, 0), (111, 111), (112, 111), (223, 447)), grid)
    assert counts.tolist() == [[2, 0, 0, 0], [1, 0, 0, 1]]
    mask = np.zeros((28, 56), bool)
    mask[:, :21] = True
    assert cell_tissue(mask, grid) == pytest.approx(np.array([[1, 0.5, 0, 0], [1, 0.5, 0, 0]]))


def test_a_small_slide_is_padded_to_one_field_whose_density_counts_the_slide_alone() -> None:
    grid = Grid(Region(0, 0, 400, 300), 0.5)
    tissue = cell_tissue(np.ones((30, 40), bool), grid)
    assert tissue.sum() == pytest.approx(200 * 150 / 112**2)
    (field,) = search_fields(per_cell(at(*[(100, 100)] * 6), grid), tissue, grid)
    assert field.region == Region(0, 0, 400, 300)
    assert field.per_mm2 == pytest.approx(6 / (0.2 * 0.15))


def test_the_densest_fields_come_first_and_do_not_overlap() -> None:
    grid = Grid(Region(0, 0, 2240, 2240), 0.5)
    counts = np.ones(grid.cells)
    counts[2:4, 2:4], counts[7, 8] = 50, 30
    fields = search_fields(counts, np.ones(grid.cells), grid)
    top = densest(fields, 3)
    assert [(field.row, field.column, field.nuclei) for field in top[:2]] == [(2, 2, 200), (6, 7, 33)]
    assert top[0].region == Region(448, 448, 448, 448)
    assert all(field.per_mm2 >= median_density(fields) for field in top)


def test_fields_without_tissue_or_nuclei_are_not_ranked() -> None:
    grid = Grid(Region(0, 0, 2240, 2240), 0.5)
    bare = np.zeros(grid.cells)
    assert search_fields(np.full(grid.cells, 9.0), bare, grid) == []
    assert densest([Field(0, 0, Region(0, 0, 448, 448), 0, 0.05)], 5) == ()
    assert densest([], 5) == ()


def test_the_heat_map_brightens_evenly() -> None:
    lightness = viridis(np.linspace(0, 1, 50)).astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) > 0).all()


@pytest.mark.parametrize("ends", [(0.0, 2.0), (2.0, 0.0)])
def test_the_heat_map_colours_tissue_where_the_measure_is_told(ends: tuple[float, float]) -> None:
    values = np.array([[0.0, 2.0, np.nan], [0.0, 2.0, 2.0]])
    mask = np.ones((40, 60), bool)
    mask[:, 55:] = False
    heat = Heat(values, "", "", 20, 0, True, ends)
    shown = np.asarray(draw_heat(np.full((40, 60, 3), 200, np.uint8), mask, heat, 1.0))
    grey = [200, 200, 200]
    assert shown[10, 50].tolist() == shown[30, 58].tolist() == grey
    low, high = (shown[10, column].astype(int).sum() for column in (3, 32))
    assert (low < high) == (ends[0] < ends[1])
    assert low != high
    assert shown[30, 50].tolist() == shown[10, 32].tolist() != grey


def test_stain_vectors_of_a_slide_are_found_again() -> None:
    random = np.random.default_rng(0)
    pair = np.array([[0.55, 0.76, 0.35], [0.22, 0.85, 0.48]])
    pair /= np.linalg.norm(pair, axis=1, keepdims=True)
    amounts = np.where(random.random((20_000, 1)) < 0.4, (0.9, 0.15), (0.03, 0.5))
    amounts = amounts * random.uniform(0.7, 1.3, (20_000, 2))
    white = np.array((240.0, 238.0, 242.0))
    pixels = np.rint(white * 10.0 ** -(amounts @ pair)).astype(np.uint8)
    stains = estimate_stains(pixels, (240.0, 238.0, 242.0))
    assert stains.estimated
    for found, true in zip((stains.haematoxylin, stains.eosin), pair, strict=True):
        assert np.degrees(np.arccos(np.dot(found, true))) < 5


@pytest.mark.parametrize("colour", [(120, 120, 120), (60, 160, 90), (240, 240, 240)])
def test_a_slide_without_both_stains_gets_the_published_vectors(colour: tuple[int, int, int]) -> None:
    noise = np.random.default_rng(1).integers(-6, 7, (9000, 3))
    stains = estimate_stains(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8), (245.0, 245.0, 245.0))
    assert stains == Stains(white=(245.0, 245.0, 245.0))


@pytest.mark.parametrize("radius", [3.0, 4.0, 5.0])
def test_a_disc_has_the_radius_it_was_drawn_with(radius: float) -> None:
    rows, columns = np.mgrid[0:64, 0:64]
    drawn = np.clip(radius + 0.5 - np.hypot(rows - 32, columns - 32), 0, 1).astype(np.float32)
    found = find_nuclei(0.05 + 0.8 * drawn)
    assert found.centres.tolist() == [[32, 32]]
    assert found.radii[0] == pytest.approx(radius, abs=0.5)


def test_red_and_black_pen_is_told_from_dense_nuclei_and_blood() -> None:
    dense = stain(np.full((20, 20), 0.7), np.full((20, 20), 0.3))
    eosin = stain(np.full((20, 20), 0.1), np.full((20, 20), 0.9))
    assert is_pen(np.full((20, 20, 3), (40, 38, 42), np.uint8)).mean() > 0.9
    assert is_pen(np.full((20, 20, 3), (215, 30, 35), np.uint8)).mean() > 0.9
    for tissue in (dense, eosin, np.full((20, 20, 3), (190, 70, 90), np.uint8)):
        assert not is_pen(tissue).any()


def test_a_fold_is_where_both_stains_are_doubled() -> None:
    haematoxylin_od, eosin_od = np.full((100, 160), 0.15), np.full((100, 160), 0.25)
    haematoxylin_od[20:80, 20:50], eosin_od[20:80, 20:50] = 0.3, 0.5
    haematoxylin_od[20:80, 90:130] = 0.6
    found = fold_mask(stain(haematoxylin_od, eosin_od), np.ones((100, 160), bool), Stains(), 100)
    assert found[25:75, 25:45].all()
    assert not found[:, 60:].any()


def test_measures_of_a_field_are_those_of_its_nuclei_and_pixels() -> None:
    grid = Grid(Region(0, 0, 448, 448), 1.0)
    sums = np.zeros((5, *grid.cells))
    sums[0, :2, :2], sums[1, :2, :2], sums[2, :2, :2] = 1000.0, 300.0, 450.0
    nuclei = at(*[(20 * row + 5, 20 * column + 5) for row in range(4) for column in range(4)])
    maps = measure_fields(nuclei, CellSums(sums), grid)
    field = Field(0, 0, Region(0, 0, 224, 224), 16, 0.224**2)
    told = {measure: maps.of(field, measure) for measure in Measure}
    assert told == pytest.approx({
        Measure.DENSITY: 16 / 0.224**2, Measure.HAEMATOXYLIN: 0.3, Measure.EOSIN: 0.45, Measure.STROMA: 0.15,
        Measure.AREA: np.pi * 9, Measure.VARIATION: 0.0, Measure.SPACING: 20.0}, abs=1e-3)
    empty = Field(2, 2, Region(224, 224, 224, 224), 0, 0.224**2)
    assert np.isnan(maps.of(empty, Measure.AREA))
    assert np.isnan(maps.of(empty, Measure.EOSIN))


@pytest.mark.parametrize(("query", "measure", "largest"), [
    ("dense nuclei", Measure.DENSITY, True), ("Find areas with few nuclei", Measure.DENSITY, False),
    ("hypercellular", Measure.DENSITY, True), ("high nuclear density", Measure.DENSITY, True),
    ("low haematoxylin", Measure.HAEMATOXYLIN, False), ("necrosis-like low hematoxylin", Measure.HAEMATOXYLIN, False),
    ("eosinophilic regions", Measure.EOSIN, True), ("stroma", Measure.STROMA, True),
    ("large nuclei", Measure.AREA, True), ("small nuclei", Measure.AREA, False),
    ("pleomorphic nuclei", Measure.VARIATION, True), ("wide nuclear spacing", Measure.SPACING, True)])
def test_words_for_what_is_measured_are_understood(query: str, measure: Measure, largest: bool) -> None:
    wanted = understand(query)
    assert (wanted.measure, wanted.largest) == (measure, largest)


@pytest.mark.parametrize("query", [
    "necrosis", "carcinoma", "dense nuclei of lymphocytes", "not dense nuclei", "mitoses", "glands with dense nuclei",
    "", "dense", "high grade", "stroma and dense nuclei"])
def test_words_for_anything_else_are_not_taken_for_a_measure(query: str) -> None:
    assert understand(query) is None
