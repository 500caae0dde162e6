"""Two films laid on each other by their lungs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from made_film import film_study, read_grey
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from caseloom.core.result import ToolResult
from caseloom.readers.measure import MeasureReader
from caseloom.tools.base import ToolContext
from caseloom.tools.comparison import ComparisonTool, StudyReading
from caseloom.tools.comparison.draw_films import between, difference
from caseloom.tools.comparison.film_align import align_films, landmarks, moved_film, umeyama
from caseloom.tools.comparison.films import alignment_text, see_film
from caseloom.tools.localization import LocalizationTool
from caseloom.tools.localization.masks import FilmMasks

SIDE = 400
PAIRS = ("ada8c494", "8da14fff", "0a7faa2a", "5782ae15")
"""Films of two people, two dates each."""
Points = NDArray[np.float64]


def similarity(turn: float, scale: float, x: float, y: float) -> Points:
    angle = np.deg2rad(turn)
    matrix = np.eye(3)
    matrix[:2, :2] = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([SIDE / 2, SIDE / 2])
    matrix[:2, 2] = np.add(middle, (x, y)) - matrix[:2, :2] @ middle
    return matrix


def drawn(to_current: Points, *, left: bool = True) -> FilmMasks:
    """Two unequal lungs and a heart, drawn through a similarity."""
    x, y = np.meshgrid(np.arange(SIDE) + 0.5, np.arange(SIDE) + 0.5)
    inverse = np.linalg.inv(to_current)
    u, v = (inverse[row, 0] * x + inverse[row, 1] * y + inverse[row, 2] for row in (0, 1))
    right_lung = ((u - 125) / 48) ** 2 + ((v - 200) / 110) ** 2 <= 1
    left_lung = ((u - 275) / 42) ** 2 + ((v - 195) / 105) ** 2 <= 1
    heart = ((u - 210) / 40) ** 2 + ((v - 240) / 50) ** 2 <= 1
    return FilmMasks(right_lung, left_lung if left else np.zeros_like(left_lung), heart & ~right_lung & ~left_lung, 1.0)


@pytest.mark.parametrize(("turn", "scale", "x", "y"), [(0, 1, 25, -30), (10, 1, 0, 0), (0, 0.8, 10, 10),
                                                       (-7, 1.1, -12, 8)])
def test_a_moved_turned_and_scaled_film_is_brought_back(turn: float, scale: float, x: float, y: float) -> None:
    to_current = similarity(turn, scale, x, y)
    found = align_films(drawn(np.eye(3)), drawn(to_current))
    assert found is not None and found.aligned
    assert found.after > 0.97 > found.before
    assert (found.turn_deg, found.scale) == (pytest.approx(turn, abs=0.5), pytest.approx(scale, rel=0.01))
    corners = np.array([[100, 100, 1], [300, 100, 1], [100, 300, 1], [300, 300, 1]], float)
    apart = (corners @ np.linalg.inv(found.to_prior).T - corners @ to_current.T)[:, :2]
    assert np.linalg.norm(apart, axis=1).max() < 0.01 * SIDE


def test_one_lung_in_common_is_enough_and_none_is_not() -> None:
    found = align_films(drawn(np.eye(3)), drawn(similarity(5, 1, 10, 0), left=False))
    assert found is not None
    assert (found.aligned, round(found.turn_deg)) == (True, 5)
    other = drawn(np.eye(3))
    empty = FilmMasks(np.zeros_like(other.heart), other.image_right, other.heart, 1.0)
    assert align_films(drawn(np.eye(3), left=False), empty) is None


def test_a_film_on_its_side_is_not_laid_on_the_other() -> None:
    found = align_films(drawn(np.eye(3)), drawn(similarity(60, 1, 0, 0)))
    assert found is not None
    assert (found.aligned, found.moved, found.before, found.turn_deg) == (False, False, found.after, 0.0)


def test_films_that_lie_on_each_other_already_are_not_moved() -> None:
    """An opacity that takes the base of a lung moves its landmarks, not the patient."""
    whole = drawn(np.eye(3))
    rows = np.arange(SIDE)[:, None]
    cut = FilmMasks(whole.image_left & (rows < 290), whole.image_right, whole.heart, 1.0)
    found = align_films(whole, cut)
    assert found is not None
    assert (found.moved, found.aligned, found.turn_deg, found.scale) == (False, True, 0.0, 1.0)
    assert found.before == found.after > 0.95
    assert "edge to edge without being moved" in alignment_text(found)


def test_landmarks_turn_with_the_lung() -> None:
    to_current = similarity(12, 0.9, 5, 5)
    plain = np.column_stack([landmarks(drawn(np.eye(3)).image_left), np.ones(5)])
    assert np.allclose((plain @ to_current.T)[:, :2], landmarks(drawn(to_current).image_left), atol=1.5)


def test_umeyama_never_mirrors() -> None:
    points = np.array([[0, 0], [4, 0], [0, 2], [4, 2.0]])
    found = umeyama(points, points * [-1, 1])
    assert np.linalg.det(found[:2, :2]) > 0
    exact = similarity(20, 1.5, 3, 4)
    onto = (np.column_stack([points, np.ones(4)]) @ exact.T)[:, :2]
    assert np.allclose(umeyama(points, onto), exact)


def test_the_difference_shows_what_was_added_and_no_exposure() -> None:
    film = np.random.default_rng(1).random((200, 200)).astype(np.float32) * 0.1 + 0.3
    film[:, 100:] += 0.4
    later = film.copy()
    later[60:100, 30:70] += 0.3
    change = difference(film * 0.6 + 0.2, later, np.ones(film.shape, bool))
    assert change[80, 50] > 0.3
    assert abs(float(np.median(change[120:]))) < 0.06
    assert not difference(film, later, np.zeros(film.shape, bool)).any()


def test_a_film_is_moved_pixel_on_pixel() -> None:
    film = np.zeros((40, 60), np.float32)
    film[10, 20] = 1
    shift = np.array([[1, 0, -5], [0, 1, -7], [0, 0, 1.0]])
    moved = moved_film(film, shift, (40, 60))
    assert np.argwhere(moved == 1).tolist() == [[17, 25]]


def test_between_fills_each_row() -> None:
    mask = np.zeros((2, 6), bool)
    mask[0, [1, 4]] = True
    assert between(mask).astype(int).tolist() == [[0, 1, 1, 1, 1, 0], [0] * 6]


def context(root: Path, pictures: Path | None = None) -> ToolContext:
    return ToolContext(root=root, patient=None, opaque_patient="P-0", reader=MeasureReader(), pictures=pictures,
                       cache=root)


def read(path: Path, day: str | None, **fields: object) -> StudyReading:
    study = film_study(path, **fields).model_copy(update={"date": day})
    return StudyReading(study, LocalizationTool().run(study, context(path.parent)))


def compared(prior: StudyReading, current: StudyReading, root: Path, pictures: Path | None = None) -> ToolResult:
    return ComparisonTool().compare(prior, current, context(root, pictures))


def save(pixels: NDArray[np.float32], path: Path) -> None:
    Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def folder(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real film in smaller, the same turned and scaled, a copy in another file format, and two pairs of films."""
    target, images = tmp_path_factory.mktemp("films"), shared_data / "cxr_longitudinal" / "images"
    for name in PAIRS:
        save(ndimage.zoom(read_grey(images / f"{name}.jpg"), 0.4, order=1), target / f"{name}.png")
    film = read_grey(target / "ada8c494.png")
    angle, middle = np.deg2rad(6), (np.array(film.shape) - 1) / 2
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / 0.9
    save(ndimage.affine_transform(film, turn, middle - turn @ np.add(middle, (10, -15)), order=1, mode="nearest"),
         target / "moved.png")
    with Image.open(target / "ada8c494.png") as picture:
        picture.save(target / "copy.tif")
    return target


def test_one_chest_moved_is_stable_and_the_alignment_is_in_the_evidence(folder: Path, tmp_path: Path) -> None:
    result = compared(read(folder / "ada8c494.png", "2020-01-01", view="PA"),
                      read(folder / "moved.png", "2020-02-08", view="PA"), folder, tmp_path / "overlays")
    changes = {item.name: item.change for item in result.findings}
    assert {name: change and change.direction for name, change in changes.items()} == {
        "Lung field share": "stable", "Cardiothoracic ratio": "stable"}
    first, second = sorted((item for item in result.evidence if "side by side" in item.caption),
                           key=lambda item: item.date or "")
    assert (first.date, second.date, first.picture) == ("2020-01-01", "2020-02-08", second.picture)
    turned = re.search(r"similarity from lung landmarks \(turned ([\d.]+) degrees counterclockwise, scaled by ([\d.]+)",
                       first.caption)
    assert turned is not None
    assert [float(part) for part in turned.groups()] == [pytest.approx(6, abs=0.5), pytest.approx(0.9, abs=0.01)]
    with Image.open(tmp_path / str(first.picture)) as drawn_pair:
        assert drawn_pair.size[0] > 2.5 * drawn_pair.size[1], "three panels"
    share = next(item for item in result.findings if item.name == "Lung field share")
    assert {first.id, second.id} <= set(share.evidence)
    assert share.change is not None and share.change.prior_evidence == (first.id,)


def test_a_copy_with_the_same_pixels_is_refused(folder: Path) -> None:
    result = compared(read(folder / "ada8c494.png", "2020-01-01"), read(folder / "copy.tif", "2020-02-08"), folder)
    assert (result.refused[0].code, result.findings, result.evidence) == ("duplicate", (), ())


def test_a_film_with_black_and_white_exchanged_is_the_same_film(folder: Path) -> None:
    save(1 - read_grey(folder / "ada8c494.png"), folder / "inverted.png")
    readings = [read(folder / name, None) for name in ("ada8c494.png", "inverted.png")]
    plain, inverted = (see_film((reading.study.series[0], reading.study.series[0].files[0]), reading, context(folder))
                       for reading in readings)
    assert np.abs(plain.film.pixels - inverted.film.pixels).max() < 0.005
    assert inverted.share_percent == pytest.approx(plain.share_percent, abs=0.5)


def test_a_copy_packed_again_is_refused(folder: Path) -> None:
    with Image.open(folder / "ada8c494.png") as picture:
        picture.convert("L").save(folder / "packed.jpg", quality=92)
    result = compared(read(folder / "ada8c494.png", "2020-01-01"), read(folder / "packed.jpg", "2020-02-08"), folder)
    assert (result.refused[0].code, result.findings) == ("duplicate", ())


def test_the_ratio_of_a_turned_film_is_compared_in_doubt(folder: Path) -> None:
    result = compared(read(folder / "ada8c494.png", "2020-01-01", view="PA"),
                      read(folder / "moved.png", "2020-02-08", view="PA"), folder)
    status = {item.name: item.status for item in result.findings}
    assert (status["Cardiothoracic ratio"], status["Lung field share"]) == ("indeterminate", "measured")
    assert any("turned against the other" in text for text in result.warnings)


def test_films_without_dates_are_compared_in_the_order_given(folder: Path) -> None:
    result = compared(read(folder / "ada8c494.png", None), read(folder / "moved.png", None), folder)
    assert any("taken as given" in text for text in result.warnings)
    assert {item.change.interval_days for item in result.findings if item.change} == {None}


@pytest.mark.parametrize(("earlier", "later"), [PAIRS[:2], PAIRS[2:]])
def test_films_of_one_person_fit_better_once_aligned(folder: Path, earlier: str, later: str) -> None:
    result = compared(read(folder / f"{earlier}.png", "2020-01-01", view="PA"),
                      read(folder / f"{later}.png", "2020-02-08", view="PA"), folder)
    caption = next(item.caption for item in result.evidence if "side by side" in item.caption)
    before, after = (float(part) for part in
                     caption.split("(Dice) ")[1].replace(" edge to edge", "").replace(" so", "").split(", "))
    assert after > max(before, 0.9)


def test_sides_are_those_that_the_study_names(folder: Path) -> None:
    reading = read(folder / "ada8c494.png", "2020-01-01")
    series = reading.study.series[0]
    plain = see_film((series, series.files[0]), reading, context(folder))
    names = {"Right lung": "Left lung", "Left lung": "Right lung"}
    exchanged = StudyReading(reading.study, reading.result.model_copy(update={"findings": tuple(
        item.model_copy(update={"name": names.get(item.name, item.name)}) for item in reading.result.findings)}))
    mirrored = see_film((series, series.files[0]), exchanged, context(folder))
    assert plain.share_percent is not None
    assert mirrored.share_percent == pytest.approx(100 - plain.share_percent)
    assert np.array_equal(mirrored.film.pixels, plain.film.pixels[:, ::-1])
