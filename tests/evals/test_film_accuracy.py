"""Films with drawn truth, in both formats: what the network finds itself scores 1, what is moved scores less."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from caseloom.evals.film_accuracy import drawn_films, table
from caseloom.evals.picture_films import real_films
from caseloom.tools.localization.masks import FilmMasks
from caseloom.tools.localization.network import shipped_network
from caseloom.tools.localization.segment import segment_film


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, FilmMasks]:
    """A generated film as an 8-bit picture, and what the network finds on it."""
    pixels = next(real_films(tmp_path_factory.mktemp("no_data"))).pixels
    grey = np.rint(pixels * 255).astype(np.uint8)
    return grey, segment_film(shipped_network(), grey.astype(np.float32) / 255)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def test_one_mask_of_both_lungs(film: tuple[np.ndarray, FilmMasks], tmp_path: Path) -> None:
    grey, masks = film
    lungs = masks.image_left | masks.image_right
    save(tmp_path / "images" / "a.png", grey)
    save(tmp_path / "masks" / "a.png", lungs.astype(np.uint8) * 255)
    save(tmp_path / "images" / "blank.png", np.full_like(grey, 90))
    save(tmp_path / "masks" / "blank.png", lungs.astype(np.uint8) * 255)
    (tmp_path / "index.json").write_text(json.dumps([{"image": name, "mask": name, "patientid": name}
                                                     for name in ("a.png", "blank.png")]), encoding="utf-8")
    said = table(tmp_path, shipped_network(), names=True)
    assert "| blank.png, refused | 1 | - | - |" in said and said[-1] == "| refused | 1 | | |"
    assert any(line.startswith("| Both lungs | 2 | 0.5") for line in said)


def test_regions_with_crops(film: tuple[np.ndarray, FilmMasks], tmp_path: Path) -> None:
    grey, masks = film
    save(tmp_path / "images" / "a.png", grey)
    regions = []
    for name, mask in (("Right Lung", masks.image_left), ("Left Lung", masks.image_right),
                       ("Cardiomediastinum", masks.heart)):
        rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
        crop = mask[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
        save(tmp_path / "masks" / f"{name}.png", np.dstack([crop * 187, crop * 73, crop * 73, crop * 0 + 255]
                                                           ).astype(np.uint8))
        regions.append({"class": name, "mask": f"{name}.png", "bbox_xywh": [
            int(columns[0]), int(rows[0]), crop.shape[1], crop.shape[0]]})
    entry = {"filename": "a.png", "width": grey.shape[1], "height": grey.shape[0],
             "regions": [*regions, {"class": "Tubings", "bbox_xywh": [0, 0, 5, 5]}]}
    (tmp_path / "index.json").write_text(json.dumps([entry]), encoding="utf-8")
    drawn, = drawn_films(tmp_path)
    assert np.array_equal(drawn.masks["Cardiomediastinum"], masks.heart)
    said = table(tmp_path, shipped_network())
    for name in ("Right lung", "Left lung", "Cardiomediastinum", "Both lungs"):
        assert f"| {name} | 1 | 1.000 (1.000) | 1.000 (1.000) |" in said
