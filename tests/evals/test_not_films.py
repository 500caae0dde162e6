"""Pictures that are no chest film, and the count of what the gate refuses."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from caseloom.evals.not_films import absent, films, judge, not_films, refusal, table
from caseloom.evals.picture_bones import bone_pictures
from caseloom.evals.picture_drr import cut, expose, project, without_table
from caseloom.evals.picture_files import file_pictures
from caseloom.evals.picture_films import spoiled_films
from caseloom.evals.picture_patterns import pattern_pictures
from caseloom.evals.picture_volumes import volume_pictures
from caseloom.evals.pictures import Picture, with_inverted
from caseloom.tools.localization.network import shipped_network

FEW = 45


def sound(pictures: Iterable[Picture]) -> dict[str, set[bool]]:
    """Check every picture; returns the halves in which each source appears."""
    halves: dict[str, set[bool]] = defaultdict(set)
    names = set()
    for picture in pictures:
        assert picture.pixels.ndim == 2 and picture.pixels.dtype == np.float32, picture.name
        assert min(picture.pixels.shape) >= 16, picture.name
        assert picture.pixels.min() >= 0 and picture.pixels.max() <= 1, picture.name
        assert picture.name not in names
        names.add(picture.name)
        halves[picture.name.split(", ")[0]].add(picture.held_out)
    return halves


def same(first: Iterable[Picture], second: Iterable[Picture]) -> bool:
    return all(one.name == other.name and np.array_equal(one.pixels, other.pixels)
               for one, other in zip(first, second, strict=True))


def test_generated_pictures_are_the_same_every_time_and_fill_both_halves() -> None:
    first = [*pattern_pictures(), *islice(bone_pictures(), FEW)]
    assert same(first, [*pattern_pictures(), *islice(bone_pictures(), FEW)])
    sound(first)
    kinds = defaultdict(set)
    for picture in first:
        kinds[picture.kind].add(picture.held_out)
    assert len(kinds) >= 14
    assert all(halves == {False, True} for halves in kinds.values())


def test_every_seed_is_another_body() -> None:
    limbs = list(islice(bone_pictures(), 8))
    assert {picture.kind for picture in limbs} == {"generated_limb"}
    assert len({picture.pixels.tobytes() for picture in limbs}) == 8


def test_slices_and_radiographs_of_a_volume_are_in_one_half(shared_data: Path) -> None:
    pictures = list(islice(volume_pictures(shared_data), 140))
    halves = sound(pictures)
    assert set(halves) == {"data/ct_chest/Lung_Dx-A0001/*.dcm"}
    assert all(len(half) == 1 for half in halves.values())
    assert {"ct_axial", "ct_coronal", "ct_sagittal", "ct_coronal_slab"} <= {picture.kind for picture in pictures}


def test_pictures_of_files_are_divided_by_file(shared_data: Path) -> None:
    halves = sound(file_pictures(shared_data))
    assert all(len(half) == 1 for half in halves.values())
    assert {frozenset(half) for half in halves.values()} == {frozenset({False}), frozenset({True})}


def test_no_patient_has_films_in_both_halves(shared_data: Path) -> None:
    patients = {}
    for folder in ("cxr_lung_masks_train", "cxr_findings"):
        for entry in json.loads((shared_data / folder / "index.json").read_text(encoding="utf-8")):
            patients[entry.get("image") or entry["filename"]] = entry["patientid"]
    halves = defaultdict(set)
    for picture in islice(spoiled_films(shared_data), 250):
        for source in picture.name.split(", ")[0].split(" and "):
            halves[patients[source.rsplit("/", 1)[1]]].add(picture.held_out)
    assert len(halves) > 20
    assert all(len(half) == 1 for half in halves.values())


def test_films_and_their_variants(shared_data: Path) -> None:
    pictures = list(islice(films(shared_data), 24))
    assert all(len(half) == 1 for half in sound(pictures).values())
    by_kind = {picture.kind: picture.pixels for picture in pictures[:12]}
    plain = by_kind["film"]
    assert np.allclose(by_kind["film_inverted"], 1 - plain)
    assert max(by_kind["film_256"].shape) == 256
    assert np.ptp(by_kind["film_low_contrast"]) <= 0.26
    assert by_kind["film_cropped"].shape == pytest.approx([0.84 * size for size in plain.shape], abs=2)
    assert 0.001 < np.abs(by_kind["film_jpeg_30"] - plain).mean() < 0.05
    assert by_kind["film_tilted_left"].shape == plain.shape != by_kind["film_turned_left"].shape


def test_inverted_follows_each_picture() -> None:
    one = Picture("a", "noise", np.asarray([[0.0, 0.25]], np.float32), held_out=True)
    plain, inverted = with_inverted([one])
    assert plain is one
    assert (inverted.name, inverted.kind, inverted.held_out) == ("a, inverted", "noise", True)
    assert inverted.pixels.tolist() == [[1.0, 0.75]]


def test_absent_sources_are_named_and_left_out(tmp_path: Path) -> None:
    missing = absent(tmp_path)
    assert "data/cxr_lung_masks_train" in missing
    assert "data/wsi/CMU-1-Small-Region.svs" in missing
    assert not any(line.startswith("skimage/") for line in missing)
    names = [picture.name for picture in islice(not_films(tmp_path), FEW)]
    assert names
    assert not any(name.startswith("data/") for name in names)


def test_a_projection_sums_attenuation_along_the_beam() -> None:
    voxels = np.full((20, 30, 60), -1000, np.float32)
    voxels[:, 5:15, 10:50] = 0
    spacing = (2.4, 2.0, 2.0)
    front, side = (project(voxels, spacing, angle) for angle in (0, 90))
    assert front.shape == (40, 100)
    assert front[20, 50] == pytest.approx(10 * 2.0 * 0.019, rel=0.05)
    assert np.median(side[20][side[20] > 0.76]) == pytest.approx(40 * 2.0 * 0.019, rel=0.05)
    assert (front[20] > 0.19).sum() * 1.2 == pytest.approx(80, abs=4)
    assert (side[20] > 0.76).sum() * 1.2 == pytest.approx(20, abs=4)
    assert cut(front, (0, 0.5), (0.25, 0.75)).shape == pytest.approx((20, 34), abs=2)


def test_the_head_is_up_and_the_left_side_right() -> None:
    voxels = np.full((20, 10, 30), -1000, np.float32)
    voxels[15:, :, 20:] = 0
    line = project(voxels, (1.2, 1.2, 1.2), 0)
    assert line[:5, 20:].min() > 0.1 > line[8:].max()
    assert line[:, :18].max() < 0.02


def test_the_table_is_taken_away() -> None:
    voxels = np.full((6, 60, 60), -1000, np.float32)
    voxels[:, 10:40, 10:50] = 40
    voxels[:, 20:30, 20:40] = -850
    voxels[:, 52:56, 5:55] = 300
    body = without_table(voxels)
    assert body.max() == 40
    assert body.shape[1] < 40
    assert (body == -850).sum() == 6 * 10 * 20


def test_exposure_shows_dense_bright() -> None:
    line = np.zeros((120, 120), np.float32)
    line[20:100, 20:100] = 2.0
    line[50:70, 50:70] = 3.0
    grey = expose(line, np.random.default_rng(1))
    assert grey[55:65, 55:65].mean() > grey[25:40, 25:40].mean() > grey[:10, :10].mean()


def test_refusals_are_counted_by_kind_half_and_inversion() -> None:
    blank = np.zeros((64, 64), np.float32)
    assert "blank" in (refusal(blank, shipped_network()) or "")
    pictures = [Picture("one", "blank", blank, held_out=False), Picture("two", "blank", blank, held_out=True)]
    counts, wrong = judge(with_inverted(pictures), refused_is_wrong=False, network=shipped_network())
    assert counts == {"blank": [1, 1, 1, 1, 1, 1, 1, 1]}
    assert wrong == []
    assert judge(pictures, refused_is_wrong=True, network=shipped_network())[1] == ["one"]
    lines = table("no films", counts)
    assert lines[-1] == "| sum | 1 of 1 | 1 of 1 | 1 of 1 | 1 of 1 |"
