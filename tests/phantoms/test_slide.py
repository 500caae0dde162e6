import json
from pathlib import Path

import numpy as np
import openslide
import pytest

from caseloom.phantoms import CaseSpec


@pytest.fixture(scope="module")
def slide_truth(small_case: Path) -> dict:
    return json.loads((small_case.parent / "truth.json").read_text())["slide"]


def rgb_of(slide: openslide.OpenSlide, box: tuple[int, int, int, int]) -> np.ndarray:
    x, y, width, height = box
    return np.asarray(slide.read_region((x, y), 0, (width, height)).convert("RGB")).astype(float)


def test_openslide_reads_size_and_scale(small_case: Path, small_spec: CaseSpec, slide_truth: dict) -> None:
    assert small_spec.slide is not None
    with openslide.OpenSlide(small_case / slide_truth["file"]) as slide:
        assert slide.properties["openslide.vendor"] == "aperio"
        assert float(slide.properties["openslide.mpp-x"]) == small_spec.slide.mpp
        assert slide.properties["openslide.objective-power"] == "20"
        assert slide.dimensions == (small_spec.slide.width, small_spec.slide.height)
        assert slide.level_downsamples == pytest.approx((1, 4, 16), rel=0.01)


def test_planted_region_holds_the_dark_nuclei(small_case: Path, slide_truth: dict) -> None:
    box = tuple(slide_truth["region_px"][k] for k in ("x", "y", "width", "height"))
    with openslide.OpenSlide(small_case / slide_truth["file"]) as slide:
        whole = rgb_of(slide, (0, 0, *slide.dimensions))
    dark = whole[..., 0] < 110
    tissue = whole.min(axis=2) < 225
    inside = np.zeros(dark.shape, bool)
    inside[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] = True
    assert dark[inside].mean() > 0.2
    assert dark[inside].mean() > 3 * dark[tissue & ~inside].mean()
    assert slide_truth["nuclei_in_region"] > 80


def test_glass_is_white_and_tissue_has_its_share(small_case: Path, slide_truth: dict) -> None:
    with openslide.OpenSlide(small_case / slide_truth["file"]) as slide:
        thumbnail = np.asarray(slide.read_region((0, 0), 1, slide.level_dimensions[1]).convert("RGB")).astype(float)
    assert thumbnail[:20, :20].min() > 235
    share = float((thumbnail.min(axis=2) < 228).mean())
    assert share == pytest.approx(slide_truth["tissue_fraction"], abs=0.06)


def test_pyramid_levels_show_the_same_place(small_case: Path, slide_truth: dict) -> None:
    with openslide.OpenSlide(small_case / slide_truth["file"]) as slide:
        full = np.asarray(slide.read_region((512, 256), 0, (256, 256)).convert("RGB")).astype(float)
        quarter = np.asarray(slide.read_region((512, 256), 1, (64, 64)).convert("RGB")).astype(float)
    pooled = full.reshape(64, 4, 64, 4, 3).mean(axis=(1, 3))
    assert np.abs(pooled - quarter).mean() < 14
