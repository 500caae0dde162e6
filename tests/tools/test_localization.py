"""The localization tool on real and generated films."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from made_film import box_of, film_study, named, read_grey, run_on_film, run_on_pixels
from PIL import Image

from caseloom.core.boxes import iou
from caseloom.core.finding import Category, Laterality, Status
from caseloom.core.refusal import RefusalCode
from caseloom.phantoms import BodySpec, CaseSpec, CtSpec, FilmSpec, SlideSpec, VisitSpec, write_case
from caseloom.sources.film import INVERTED
from caseloom.tools.localization import LocalizationTool


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """One generated film of 0.6 mm pixels and its truth."""
    folder = tmp_path_factory.mktemp("generated")
    visit = VisitSpec("2025-03-04", (), None, CtSpec(columns=64, pixel_mm=6.0, slice_mm=20.0),
                      FilmSpec(grid_mm=2.0, pixel_mm=0.6))
    slide = SlideSpec(width=1536, height=1024, region=(800, 380, 320, 260), glands=60)
    spec = CaseSpec(body=BodySpec(vessel_targets=40), visits=(visit,), slide=slide)
    case = write_case(spec, folder)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    (film,) = (study for study in truth["studies"] if study["modality"] != "CT")
    return case / film["files"][0], film


def test_a_generated_film_gives_its_boxes_and_its_ratio(generated: tuple[Path, dict]) -> None:
    path, truth = generated
    result = run_on_film(path)
    assert not result.refused
    assert iou(box_of(result, "Right lung"), tuple(truth["lung_boxes_px"]["right"])) > 0.75
    assert iou(box_of(result, "Left lung"), tuple(truth["lung_boxes_px"]["left"])) > 0.75
    assert iou(box_of(result, "Cardiac silhouette"), tuple(truth["heart_box_px"])) > 0.75
    ratio = named(result, "Cardiothoracic ratio")
    assert (ratio.category, ratio.status) == (Category.MEASUREMENT, Status.MEASURED)
    assert ratio.value.number == pytest.approx(truth["cardiothoracic_ratio"], abs=0.03)
    assert (ratio.value.unit, ratio.value.ucum) == ("1", "1")
    assert ratio.value.number == round(ratio.value.number, 2)


def test_findings_name_the_patients_sides_and_carry_evidence_and_date(shared_data: Path) -> None:
    result = run_on_film(shared_data / "dicom_single" / "RG1_J2KI.dcm")
    right, left = named(result, "Right lung"), named(result, "Left lung")
    assert (right.laterality, left.laterality) == (Laterality.RIGHT, Laterality.LEFT)
    assert box_of(result, "Right lung")[2] < box_of(result, "Left lung")[0]
    assert {item.date for item in result.findings} == {"2025-03-04"}
    assert all(item.confidence is None for item in result.findings)
    assert {key for item in result.findings for key in item.evidence} == {item.id for item in result.evidence}
    assert not any("left is" in warning for warning in result.warnings), "PatientOrientation is L\\F"
    assert not any("projection" in warning for warning in result.warnings), "ViewPosition is PA"


def test_a_mirrored_film_whose_header_says_so_keeps_the_patients_sides(shared_data: Path, tmp_path: Path) -> None:
    import pydicom

    header = pydicom.dcmread(shared_data / "dicom_single" / "RG1_J2KI.dcm")
    stored = header.pixel_array
    header.decompress()
    header.PixelData = np.ascontiguousarray(stored[:, ::-1]).tobytes()
    header.PatientOrientation = ["R", "F"]
    header.save_as(tmp_path / "mirrored.dcm")
    straight = run_on_film(shared_data / "dicom_single" / "RG1_J2KI.dcm")
    mirrored = run_on_film(tmp_path / "mirrored.dcm")
    width = stored.shape[1]
    for name in ("Right lung", "Left lung", "Cardiac silhouette"):
        x0, y0, x1, y1 = box_of(straight, name)
        assert box_of(mirrored, name) == (width - x1, y0, width - x0, y1)


def test_boxes_of_a_turned_picture_are_in_its_stored_pixels(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "cxr_nih" / "00000001_000.png"
    exif = Image.Exif()
    exif[274] = 6
    with Image.open(source) as picture:
        picture.convert("L").transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
        width = picture.width
    x0, y0, x1, y1 = box_of(run_on_film(source), "Left lung")
    assert box_of(run_on_film(tmp_path / "turned.png"), "Left lung") == (y0, width - x1, y1, width - x0)


def test_real_films_agree_with_drawn_boxes(shared_data: Path) -> None:
    films = json.loads((shared_data / "cxr_findings" / "index.json").read_text(encoding="utf-8"))
    overlaps: dict[str, list[float]] = {"Right lung": [], "Left lung": [], "Cardiomediastinum": []}
    for film in films:
        result = run_on_film(shared_data / "cxr_findings" / "images" / film["filename"], view=film["view"])
        for region in film["regions"]:
            name = region["class"].capitalize()
            if name in overlaps:
                x, y, width, height = region["bbox_xywh"]
                overlaps[name].append(iou(box_of(result, name), (x, y, x + width, y + height)))
    assert {name: len(values) for name, values in overlaps.items()} == dict.fromkeys(overlaps, 3)
    assert np.mean(overlaps["Right lung"]) > 0.8
    assert np.mean(overlaps["Left lung"]) > 0.8
    assert min(overlaps["Cardiomediastinum"]) > 0.75


@pytest.mark.parametrize(("view", "words"), [("AP", "AP film"), ("AP SUPINE", "supine film"), (None, "not known")])
def test_the_projection_is_a_caveat_of_the_ratio(shared_data: Path, view: str | None, words: str) -> None:
    result = run_on_film(shared_data / "cxr_nih" / "00000001_000.png", view=view)
    (shown,) = (item for item in result.evidence if item.id in named(result, "Cardiothoracic ratio").evidence)
    assert words in shown.caption
    assert any(words in warning for warning in result.warnings)


def test_an_unseen_heart_border_leaves_the_ratio_indeterminate(shared_data: Path, tmp_path: Path) -> None:
    pixels = read_grey(shared_data / "cxr_nih" / "00000001_000.png")
    veiled = pixels.copy()
    veiled[230:380, 290:440] = pixels[230:380, 290:440].max()
    result = run_on_pixels(tmp_path, veiled)
    ratio = named(result, "Cardiothoracic ratio")
    assert (ratio.status, ratio.value) == (Status.INDETERMINATE, None)
    assert "Cardiac silhouette" not in {item.name for item in result.findings}
    assert any("cannot be told" in warning for warning in result.warnings)


def test_the_overlay_is_written_once_per_film_and_is_the_same_every_time(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "cxr_nih" / "00000001_000.png"
    one, other = (run_on_film(path, pictures=tmp_path / name) for name in ("one", "other"))
    assert one.model_copy(update={"seconds": 0.0}) == other.model_copy(update={"seconds": 0.0})
    (picture,) = {item.picture for item in one.evidence}
    name = Path(picture).name
    assert picture == f"overlays/{name}"
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
    with Image.open(tmp_path / "one" / name) as drawn:
        assert max(drawn.size) == 1024
        colours = np.asarray(drawn).astype(int)
    assert (np.ptp(colours, axis=-1) > 60).sum() > 2000, "boxes and lines are in colour"


def test_headers_refuse_before_pixels_are_read(tmp_path: Path) -> None:
    path = tmp_path / "absent.dcm"
    path.write_bytes(b"never read")
    refusal = LocalizationTool().gate(film_study(path, view="LL"))
    assert refusal is not None
    assert (refusal.file, refusal.code) == ("absent.dcm", RefusalCode.WRONG_VIEW)
    assert LocalizationTool().gate(film_study(path, view="PA")) is None
    assert [item.code for item in run_on_film(path, view="LATERAL").refused] == [RefusalCode.WRONG_VIEW]


def test_a_contradicted_body_part_is_measured_with_a_warning_only_when_the_chest_is_clear(
    shared_data: Path, tmp_path: Path
) -> None:
    clear = run_on_film(shared_data / "cxr_longitudinal" / "images" / "5782ae15.jpg", body_part="KNEE")
    assert clear.findings
    assert any("KNEE" in warning for warning in clear.warnings)
    part = read_grey(shared_data / "cxr_longitudinal" / "images" / "5782ae15.jpg")
    (refusal,) = run_on_pixels(tmp_path, part[:part.shape[0] // 2, :part.shape[1] // 2]).refused
    assert refusal.code is RefusalCode.WRONG_BODY_PART


@pytest.mark.parametrize("name", ["00000001_000.png", "00027426_000.png"])
def test_a_plain_picture_stored_as_its_mirror_image_keeps_the_patients_sides(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    pixels = read_grey(shared_data / "cxr_nih" / name)
    straight = run_on_pixels(tmp_path, pixels)
    mirrored = run_on_pixels(tmp_path, pixels[:, ::-1])
    assert any("mirror image" in warning for warning in mirrored.warnings)
    assert not any("mirror image" in warning for warning in straight.warnings)
    x0, y0, x1, y1 = box_of(straight, "Left lung")
    assert iou(box_of(mirrored, "Left lung"), (pixels.shape[1] - x1, y0, pixels.shape[1] - x0, y1)) > 0.95


def test_a_film_with_black_and_white_exchanged_is_measured_like_itself(shared_data: Path, tmp_path: Path) -> None:
    pixels = read_grey(shared_data / "cxr_nih" / "00000001_000.png")
    straight, inverted = (run_on_pixels(tmp_path, shown) for shown in (pixels, 1 - pixels))
    assert any(INVERTED in warning for warning in inverted.warnings)
    assert not any(INVERTED in warning for warning in straight.warnings)
    ratio = named(straight, "Cardiothoracic ratio").value.number
    assert named(inverted, "Cardiothoracic ratio").value.number == pytest.approx(ratio, abs=0.02)
    for name in ("Right lung", "Left lung", "Cardiomediastinum"):
        assert iou(box_of(inverted, name), box_of(straight, name)) > 0.93


def test_a_letter_that_contradicts_the_header_is_told(shared_data: Path, tmp_path: Path) -> None:
    import pydicom
    from PIL import ImageDraw, ImageFont

    header = pydicom.dcmread(shared_data / "dicom_single" / "RG1_J2KI.dcm")
    stored = header.pixel_array
    header.decompress()
    for letter, disputed in (("R", False), ("L", True)):
        burned = Image.new("L", (stored.shape[1], stored.shape[0]))
        ImageDraw.Draw(burned).text((0.1 * stored.shape[1], 0.06 * stored.shape[0]), letter, fill=255,
                                    font=ImageFont.load_default(90))
        white = 0 if header.PhotometricInterpretation == "MONOCHROME1" else int(stored.max())
        header.PixelData = np.where(np.asarray(burned) > 128, white, stored).astype(stored.dtype).tobytes()
        header.save_as(tmp_path / f"{letter}.dcm")
        result = run_on_film(tmp_path / f"{letter}.dcm")
        assert any("contradict each other" in warning for warning in result.warnings) is disputed
        assert box_of(result, "Right lung")[2] < box_of(result, "Left lung")[0], "sides follow the header"


def test_a_header_that_the_heart_contradicts_is_followed_and_told(shared_data: Path, tmp_path: Path) -> None:
    import pydicom

    header = pydicom.dcmread(shared_data / "dicom_single" / "RG1_J2KI.dcm")
    header.decompress()
    pixels = read_grey(shared_data / "cxr_nih" / "00000001_000.png")
    header.Rows, header.Columns = pixels.shape
    header.BitsAllocated, header.BitsStored, header.HighBit = 8, 8, 7
    header.PhotometricInterpretation, header.PatientOrientation = "MONOCHROME2", ["L", "F"]
    for name in ("WindowCenter", "WindowWidth", "VOILUTSequence", "RescaleSlope", "RescaleIntercept"):
        if name in header:
            del header[name]
    for which, stored in (("straight", pixels), ("mirrored", pixels[:, ::-1])):
        header.PixelData = np.rint(stored * 255).astype(np.uint8).tobytes()
        header.save_as(tmp_path / f"{which}.dcm")
        result = run_on_film(tmp_path / f"{which}.dcm")
        assert any("by the header the heart lies" in text for text in result.warnings) is (which == "mirrored")
        assert box_of(result, "Right lung")[2] < box_of(result, "Left lung")[0]


@pytest.mark.parametrize("pad", [((150, 150), (150, 150)), ((0, 512), (0, 0)), ((0, 0), (256, 256))])
def test_wide_black_borders_change_nothing(shared_data: Path, tmp_path: Path, pad: tuple[tuple[int, int], ...]) -> None:
    pixels = read_grey(shared_data / "cxr_nih" / "00000001_000.png")
    plain, padded = (run_on_pixels(tmp_path, shown) for shown in (pixels, np.pad(pixels, pad)))
    top, left = pad[0][0], pad[1][0]
    for name in ("Right lung", "Left lung", "Cardiomediastinum"):
        x0, y0, x1, y1 = box_of(plain, name)
        assert iou(box_of(padded, name), (x0 + left, y0 + top, x1 + left, y1 + top)) > 0.93


def test_masks_lie_beside_the_overlay_in_the_size_of_the_stored_image(shared_data: Path, tmp_path: Path) -> None:
    result = run_on_film(shared_data / "cxr_nih" / "00000001_000.png", pictures=tmp_path / "overlays")
    by_name = {item.name: item for item in result.findings}
    (shown,) = (item for item in result.evidence if item.id in by_name["Left lung"].evidence)
    with Image.open(tmp_path / str(shown.mask)) as mask:
        rows, columns = np.nonzero(np.asarray(mask))
        assert mask.size == (512, 512)
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == box_of(result, "Left lung")
