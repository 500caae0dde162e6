"""Films: what they look like after loading, and the way back to stored pixels."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from caseloom.core.case import CaseFile, FileKind, Series
from caseloom.core.errors import RefusedFile
from caseloom.core.refusal import RefusalCode
from caseloom.core.settings import Limits
from caseloom.sources.film import Film, load_film

STEPS = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


def load(path: Path, limits: Limits | None = None, **fields: object) -> Film:
    file = CaseFile(path=path.name, sha256="0" * 64, size=path.stat().st_size, kind=FileKind.FILM)
    series = Series(uid="1.2", kind=FileKind.FILM, modality="DX", files=(file,), **fields)
    return load_film(series, path.parent, limits or Limits())


def write_film(path: Path, stored: np.ndarray, **elements: object) -> Path:
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.SOPClassUID, header.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.3"
    header.Modality, header.PhotometricInterpretation = "DX", "MONOCHROME2"
    header.Rows, header.Columns = stored.shape[:2]
    header.SamplesPerPixel, header.PixelRepresentation = 1, 0
    header.BitsAllocated = stored.dtype.itemsize * 8
    header.BitsStored, header.HighBit = header.BitsAllocated, header.BitsAllocated - 1
    for name, value in elements.items():
        setattr(header, name, value)
    header.PixelData = stored.tobytes()
    header.save_as(path, enforce_file_format=True)
    return path


def test_a_jpeg_2000_film_in_monochrome1_is_bright_where_dense(shared_data: Path) -> None:
    film = load(shared_data / "dicom_single" / "RG1_J2KI.dcm")
    assert film.pixels.shape == film.stored_shape == (1955, 1841)
    assert film.pixels.dtype == np.float32
    assert 0 <= film.pixels.min() < film.pixels.max() <= 1
    spine, lung = film.pixels[900:1100, 880:960].mean(), film.pixels[560:640, 500:600].mean()
    assert spine > lung + 0.2
    assert film.spacing_mm is None, "a spacing of zero means that it is not known"
    assert (film.view, film.body_part, film.modality, film.sides_known) == ("PA", "CHEST", "CR", True)


@pytest.mark.parametrize("turn", range(1, 9))
def test_boxes_lead_back_to_the_stored_pixel_for_every_exif_orientation(tmp_path: Path, turn: int) -> None:
    exif = Image.Exif()
    exif[274] = turn
    path = tmp_path / "film.png"
    Image.fromarray(STEPS).save(path, exif=exif)
    film = load(path)
    assert film.stored_shape == (3, 4)
    for row, column in np.ndindex(*film.pixels.shape):
        x0, y0, x1, y1 = film.to_stored((column, row, column + 1, row + 1))
        assert (x1 - x0, y1 - y0) == (1, 1)
        assert round(film.pixels[row, column] * 255) == STEPS[int(y0), int(x0)]


@pytest.mark.parametrize("orientation", [(a, b) for a in "LR" for b in "FH"] + [(b, a) for a in "LR" for b in "FH"])
def test_patient_orientation_brings_the_left_to_the_right_of_the_picture(tmp_path: Path, orientation: tuple[str, str]
                                                                         ) -> None:
    along = {"L": 1.0, "R": -1.0, "F": 10.0, "H": -10.0}
    rows, columns = np.mgrid[:3, :4]
    stored = (100 + along[orientation[0]] * columns + along[orientation[1]] * rows).astype(np.uint8)
    film = load(write_film(tmp_path / "film.dcm", stored, PatientOrientation=list(orientation),
                           WindowCenter=100, WindowWidth=200, PixelSpacing=[0.1, 0.2]))
    assert film.sides_known
    steps = np.diff(film.pixels, axis=1).mean() * 199, np.diff(film.pixels, axis=0).mean() * 199
    assert steps == (pytest.approx(1, abs=0.01), pytest.approx(10, abs=0.01))
    upright = orientation[0] in "LR"
    assert film.spacing_mm == ((0.1, 0.2) if upright else (0.2, 0.1))


def test_a_lateral_orientation_is_kept_as_written_and_turns_nothing(tmp_path: Path) -> None:
    film = load(write_film(tmp_path / "film.dcm", STEPS, PatientOrientation=["P", "F"]))
    assert (film.turn, film.sides_known, film.patient_orientation) == (1, False, ("P", "F"))


def test_the_first_of_several_windows_is_used(tmp_path: Path) -> None:
    stored = np.asarray([[0, 500, 1000, 4000]], np.uint16).repeat(3, 0)
    film = load(write_film(tmp_path / "film.dcm", stored, WindowCenter=[500, 2000], WindowWidth=[1001, 4000]))
    assert film.pixels[0] == pytest.approx([0, 0.5, 1, 1], abs=0.001)


def test_a_voi_table_goes_before_a_window(tmp_path: Path) -> None:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4, 0, 8])
    table.add_new("LUTData", "US", [0, 255, 128, 64])
    stored = np.asarray([[0, 1, 2, 3]], np.uint16).repeat(3, 0)
    film = load(write_film(tmp_path / "film.dcm", stored, VOILUTSequence=[table], WindowCenter=2, WindowWidth=4))
    assert film.pixels[0] == pytest.approx(np.asarray([0, 255, 128, 64]) / 255, abs=0.001)


def test_a_film_without_a_window_says_so(tmp_path: Path) -> None:
    film = load(write_film(tmp_path / "film.dcm", STEPS))
    assert film.pixels.max() == 1
    assert any("no display window" in note for note in film.notes)


def test_monochrome1_is_inverted_and_padding_is_black(tmp_path: Path) -> None:
    film = load(write_film(tmp_path / "film.dcm", STEPS, PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=0,
                           WindowCenter=128, WindowWidth=256))
    assert film.pixels[0, 0] == 0
    assert film.pixels[0, 1] > film.pixels[2, 3]


@pytest.mark.parametrize(("picture", "expected"), [
    (Image.fromarray(STEPS), STEPS / 255),
    (Image.fromarray(STEPS).convert("RGB"), STEPS / 255),
    (Image.fromarray(STEPS).convert("RGBA"), STEPS / 255),
    (Image.fromarray(STEPS).convert("P"), STEPS / 255),
    (Image.fromarray(STEPS.astype(np.uint16) * 257), STEPS / 255),
    (Image.fromarray((STEPS > 100).astype(np.uint8) * 255).convert("1"), STEPS > 100),
], ids=["grey", "rgb", "rgba", "palette", "16 bit", "1 bit"])
def test_every_kind_of_png_gives_the_same_grey(tmp_path: Path, picture: Image.Image, expected: np.ndarray) -> None:
    picture.save(tmp_path / "film.png")
    grey = load(tmp_path / "film.png").pixels
    if picture.mode.startswith("I"):
        grey = grey / grey.max() * STEPS.max() / 255
    assert grey == pytest.approx(expected.astype(float), abs=0.005)


def test_twelve_bits_in_a_sixteen_bit_png_are_not_nearly_black(tmp_path: Path) -> None:
    Image.fromarray(np.asarray([[0, 2048, 4095]], np.uint16)).save(tmp_path / "film.png")
    assert load(tmp_path / "film.png").pixels[0] == pytest.approx([0, 0.5, 1], abs=0.001)


def test_a_tinted_photograph_of_a_film_is_read_and_a_colour_picture_is_not(tmp_path: Path) -> None:
    grey = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    tinted = np.stack([grey, (grey * 0.9).astype(np.uint8), (grey * 0.85).astype(np.uint8)], axis=-1)
    Image.fromarray(tinted).save(tmp_path / "tinted.png")
    assert load(tmp_path / "tinted.png").pixels.shape == (64, 256)
    coloured = np.stack([grey, grey[::-1, ::-1], grey], axis=-1)
    Image.fromarray(coloured).save(tmp_path / "coloured.png")
    with pytest.raises(RefusedFile) as refusal:
        load(tmp_path / "coloured.png")
    assert refusal.value.code is RefusalCode.WRONG_MODALITY


def test_a_truncated_jpeg_is_named_truncated(tmp_path: Path) -> None:
    path = tmp_path / "film.jpg"
    Image.effect_noise((300, 300), 60).save(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(RefusedFile) as refusal:
        load(path)
    assert refusal.value.code is RefusalCode.TRUNCATED


def test_a_huge_declared_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                                        + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b""))
    with pytest.raises(RefusedFile) as refusal:
        load(tmp_path / "bomb.png")
    assert refusal.value.code is RefusalCode.TOO_LARGE
    Image.fromarray(STEPS).save(tmp_path / "small.png")
    with pytest.raises(RefusedFile) as refusal:
        load(tmp_path / "small.png", Limits(max_image_pixels=11))
    assert refusal.value.code is RefusalCode.TOO_LARGE


def test_a_picture_full_of_nonsense_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "film.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"nonsense" * 20)
    with pytest.raises(RefusedFile) as refusal:
        load(tmp_path / "film.png")
    assert refusal.value.code is RefusalCode.CORRUPT


def test_dicom_of_another_modality_is_no_film(shared_data: Path) -> None:
    for name in ("US1_J2KR.dcm", "MR2_UNCR.dcm"):
        with pytest.raises(RefusedFile) as refusal:
            load(shared_data / "dicom_single" / name)
        assert refusal.value.code is RefusalCode.WRONG_MODALITY


def test_what_the_case_says_stands_in_for_a_silent_picture(tmp_path: Path) -> None:
    Image.fromarray(STEPS).save(tmp_path / "film.png")
    film = load(tmp_path / "film.png", view="AP Supine", body_part="Chest", spacing_mm=(0.2, 0.2))
    assert (film.view, film.body_part, film.spacing_mm, film.supine) == ("AP SUPINE", "CHEST", (0.2, 0.2), True)


def test_the_detector_spacing_is_used_with_a_note(tmp_path: Path) -> None:
    film = load(write_film(tmp_path / "film.dcm", STEPS, ImagerPixelSpacing=[0.15, 0.15]))
    assert film.spacing_mm == (0.15, 0.15)
    assert any("detector" in note for note in film.notes)




@pytest.mark.parametrize(("windows", "note"), [
    (([2000], [4000]), None), (([100, 2000], [50, 4000]), "display window 2"), (([60000], [100]), "blank picture"),
    (([50], [10]), "blank picture")])
def test_a_window_that_shows_nothing_is_passed_over_and_told(tmp_path: Path, windows: tuple[list[int], list[int]],
                                                             note: str | None) -> None:
    stored = np.linspace(500, 3500, 1200).astype(np.uint16).reshape(30, 40)
    film = load(write_film(tmp_path / "film.dcm", stored, WindowCenter=windows[0], WindowWidth=windows[1]))
    assert np.ptp(film.pixels) > 0.7
    assert [text for text in film.notes if "window" in text] == ([] if note is None else [
        text for text in film.notes if note in text and "used" in text])
    assert (note is None) is not any("window" in text for text in film.notes)
