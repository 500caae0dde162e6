"""What is measured only when somebody asks: on one slice, in a zone, on a slide, and quotes of documents."""

from __future__ import annotations

import numpy as np
import pytest

from caseloom.core.geometry import VolumeGeometry
from caseloom.sources.page import PageWord
from caseloom.tools.catalogue import on_demand
from caseloom.tools.documents.passages import paragraphs_of, passages_about, passages_of
from caseloom.tools.volume.diameters import measure_ball
from caseloom.tools.volume.on_slice import measure_on_slice


def ball_in_lung(diameter_mm: float, pixel_mm: float, slice_mm: float = 1.0) -> tuple[np.ndarray, VolumeGeometry]:
    """A solid ball of 40 HU in lung of -850 HU, each voxel the mean of 4 x 4 x 4 points, with noise of 15 HU."""
    reach = diameter_mm / 2 + 12
    shape = tuple(2 * int(reach / step) + 1 for step in (slice_mm, pixel_mm, pixel_mm))
    fine = [(np.arange(size * 4) - (size * 4 - 1) / 2) * step / 4 for size, step in
            zip(shape, (slice_mm, pixel_mm, pixel_mm), strict=True)]
    z, y, x = np.meshgrid(*fine, indexing="ij")
    part = (x**2 + y**2 + z**2 <= (diameter_mm / 2) ** 2).reshape(
        shape[0], 4, shape[1], 4, shape[2], 4).mean(axis=(1, 3, 5))
    voxels = -850 + 890 * part + np.random.default_rng(7).normal(0, 15, shape)
    affine = np.zeros((4, 4))
    affine[[2, 1, 0], [0, 1, 2]], affine[3, 3] = (slice_mm, pixel_mm, pixel_mm), 1
    affine[:3, 3] = [-(size - 1) / 2 * step for size, step in zip(shape, (slice_mm, pixel_mm, pixel_mm), strict=True)
                     ][::-1]
    return np.rint(voxels).astype(np.int16), VolumeGeometry(shape, affine)


@pytest.mark.parametrize("diameter", [5.0, 8.0, 14.0, 28.0])
@pytest.mark.parametrize("pixel", [0.6, 0.8, 1.2])
def test_a_ball_is_measured_on_its_middle_slice_and_beside_it(diameter: float, pixel: float) -> None:
    voxels, geometry = ball_in_lung(diameter, pixel)
    ball = measure_ball(voxels, geometry, np.zeros(3), diameter / 2)
    assert ball is not None
    middle = voxels.shape[0] // 2
    size = measure_on_slice(voxels, geometry, ball, middle)
    assert size is not None and size.bounded
    assert size.long_mm == pytest.approx(diameter, abs=size.precision_mm)
    assert size.short_mm == pytest.approx(diameter, abs=size.precision_mm)
    x0, y0, x1, y1 = size.box
    assert (x1 - x0) * pixel == pytest.approx(diameter, abs=2.5 * pixel) and (y1 - y0) == pytest.approx(x1 - x0, abs=1)
    away = round(diameter / 4)  # slices of 1 mm
    chord = 2 * (diameter**2 / 4 - away**2) ** 0.5
    beside = measure_on_slice(voxels, geometry, ball, middle + away)
    assert beside is not None and beside.mean_mm == pytest.approx(chord, abs=beside.precision_mm)
    assert measure_on_slice(voxels, geometry, ball, middle + round(diameter / 2) + 3) is None


def test_what_hangs_on_the_chest_wall_is_not_measured_as_if_it_stood_alone() -> None:
    """The wall begins where the ball ends, so that a threshold runs from one into the other."""
    voxels, geometry = ball_in_lung(14.0, 0.8)
    ball = measure_ball(voxels, geometry, np.zeros(3), 7.0)
    assert ball is not None
    voxels[:, :, voxels.shape[2] // 2 + 5:] = 40
    size = measure_on_slice(voxels, geometry, ball, voxels.shape[0] // 2)
    assert size is not None and not size.bounded


def line(text: str, y: float) -> list[PageWord]:
    return [PageWord(text=word, box=(60 * n, y, 60 * n + 50, y + 10), place=(60 * n, y, 60 * n + 50, y + 10))
            for n, word in enumerate(text.split())]


PAGE = [line("Family history: his mother had breast cancer. Diabetes", 100), line("in his father.", 112),
        line("He denies hemoptysis and", 130), line("chest pain. Seen by Dr. Muster.", 142)]


def test_a_sentence_is_whole_and_keeps_what_its_paragraph_is_about() -> None:
    found = passages_of(paragraphs_of(PAGE), 1)
    assert [one.quoted for one in found] == [
        "Family history: his mother had breast cancer.", "Family history: … Diabetes in his father.",
        "He denies hemoptysis and chest pain.", "Seen by Dr. Muster."]
    assert found[1].box == (0, 100, 410, 122) or found[1].box[1] == 100


@pytest.mark.parametrize(("words", "told"), [
    ("chest pain", ["He denies hemoptysis and chest pain."]), ("haemoptysis", ["He denies hemoptysis and chest pain."]),
    ("diabetes", ["Family history: … Diabetes in his father."]), ("asthma", []),
    ("family history", ["Family history: his mother had breast cancer.", "Family history: … Diabetes in his father."])])
def test_passages_are_found_by_their_words(words: str, told: list[str]) -> None:
    assert [one.quoted for one in passages_about(words, passages_of(paragraphs_of(PAGE), 1))] == told


def test_no_parameter_names_a_person_a_case_or_a_file() -> None:
    for name, asked in on_demand().items():
        assert asked.name == name
        fields = set(asked.arguments.model_fields)
        assert not [field for field in fields if {"patient", "case", "path", "file"} & set(field.split("_"))]
        with pytest.raises(ValueError, match="Extra inputs"):
            asked.arguments.model_validate({"patient": "P-1"})
