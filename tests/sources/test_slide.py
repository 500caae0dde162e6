"""Slides: geometry, pixels, and what becomes of files that are damaged, huge or no slides at all."""

from __future__ import annotations

import struct
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tifffile
from made_slide import halve, slide_series, write_tiff
from numpy.typing import NDArray

from caseloom.core.errors import RefusedFile
from caseloom.core.refusal import RefusalCode
from caseloom.core.settings import Limits
from caseloom.sources.slide import Level, Region, Slide, open_slide

LIMITS = Limits()
CMU = "CMU-1-Small-Region"


@pytest.fixture
def pixels() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (600, 800, 3), dtype=np.uint8)


@pytest.fixture
def pyramid(tmp_path: Path, pixels: NDArray[np.uint8]) -> Path:
    return write_tiff(tmp_path / "slide.tif", [pixels, halve(pixels)], 0.5)


def refusal(path: Path, limits: Limits = LIMITS) -> RefusedFile:
    with pytest.raises(RefusedFile) as caught, open_slide(slide_series(path.parent, [path]), path.parent, limits):
        pass
    return caught.value


def test_geometry_is_what_the_file_says(pyramid: Path) -> None:
    with open_slide(slide_series(pyramid.parent, [pyramid]), pyramid.parent, LIMITS) as slide:
        assert slide.levels == (Level(800, 600, 1.0), Level(400, 300, 2.0))
        assert slide.mpp == pytest.approx(0.5)
        assert slide.bounds == Region(0, 0, 800, 600)
        assert [slide.level_for(factor) for factor in (0.5, 1.0, 1.99, 2.0, 40.0)] == [0, 0, 1, 1, 1]


def test_regions_are_read_in_level_0_coordinates_and_white_beyond_the_slide(
        pyramid: Path, pixels: NDArray[np.uint8]) -> None:
    with open_slide(slide_series(pyramid.parent, [pyramid]), pyramid.parent, LIMITS) as slide:
        assert (slide.read_region(100, 40, 0, 300, 200) == pixels[40:240, 100:400]).all()
        assert (slide.read_region(200, 80, 1, 50, 60) == halve(pixels)[40:100, 100:150]).all()
        corner = slide.read_region(-10, 590, 0, 30, 20)
        assert (corner[:10, 10:] == pixels[590:, :20]).all()
        assert (corner[:, :10] == 255).all()
        assert (corner[10:] == 255).all()


def test_scaled_reading_averages_by_area(pyramid: Path, pixels: NDArray[np.uint8]) -> None:
    with open_slide(slide_series(pyramid.parent, [pyramid]), pyramid.parent, LIMITS) as slide:
        quarter = slide.read_scaled((0, 0, 800, 600), 200, 150).astype(int)
        assert (np.abs(quarter - halve(halve(pixels))) <= 1).all()
        same = slide.read_scaled((13, 17, 100, 90), 100, 90)
        assert (same == pixels[17:107, 13:113]).all()


def test_a_large_region_is_put_together_from_pieces_without_seams(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 5000).astype(np.uint8)
    path = write_tiff(tmp_path / "ramp.tif", [np.broadcast_to(ramp[None, :, None], (300, 5000, 3)).copy()], 0.5)
    with open_slide(slide_series(tmp_path, [path]), tmp_path, LIMITS) as slide:
        shrunk = slide.read_scaled((0, 0, 5000, 300), 1500, 90)[40, :, 0].astype(int)
    expected = np.interp((np.arange(1500) + 0.5) * 5000 / 1500 - 0.5, np.arange(5000), ramp)
    assert np.abs(shrunk - expected).max() <= 1


@pytest.mark.parametrize(("mpp", "shown"), [(None, None), (353.0, None), (0.25, 0.25)])
def test_an_unsaid_or_impossible_scale_is_not_guessed(
        tmp_path: Path, pixels: NDArray[np.uint8], mpp: float | None, shown: float | None) -> None:
    path = write_tiff(tmp_path / "slide.tif", [pixels], mpp)
    with open_slide(slide_series(tmp_path, [path]), tmp_path, LIMITS) as slide:
        assert slide.mpp == (None if shown is None else pytest.approx(shown))


@pytest.mark.parametrize(("per_cm", "said"), [
    ((20_000, 10_000), "measure 0.5 x 1 µm, which are not square"),
    ((28.3, 28.3), "measure 353 x 353 µm, which no microscope's scanner can mean")])
def test_why_a_scale_is_not_used_is_said(
        tmp_path: Path, pixels: NDArray[np.uint8], per_cm: tuple[float, float], said: str) -> None:
    path = tmp_path / "slide.tif"
    tifffile.imwrite(path, pixels, photometric="rgb", resolution=per_cm, resolutionunit="CENTIMETER")
    with open_slide(slide_series(tmp_path, [path]), tmp_path, LIMITS) as slide:
        assert slide.mpp is None
        assert slide.scale_gap is not None
        assert slide.scale_gap.endswith(said)


def test_a_level_of_another_shape_is_left_out(tmp_path: Path, pixels: NDArray[np.uint8]) -> None:
    path = write_tiff(tmp_path / "slide.tif", [pixels, halve(pixels), np.full((1, 1, 3), 9, np.uint8)], 0.5)
    with open_slide(slide_series(tmp_path, [path]), tmp_path, LIMITS) as slide:
        assert [level.width for level in slide.levels] == [800, 400]


def spoil_tile(path: Path, level: int, tile: int) -> None:
    """Overwrite one compressed tile."""
    with tifffile.TiffFile(path) as file:
        page = file.pages[level]
        place, size = page.dataoffsets[tile], page.databytecounts[tile]
    data = bytearray(path.read_bytes())
    data[place:place + size] = b"\xff" * size
    path.write_bytes(data)


def test_a_damaged_tile_of_a_smaller_level_is_read_from_a_finer_one(pyramid: Path, pixels: NDArray[np.uint8]) -> None:
    spoil_tile(pyramid, 1, 0)
    with open_slide(slide_series(pyramid.parent, [pyramid]), pyramid.parent, LIMITS) as slide:
        half = slide.read_scaled((0, 0, 800, 600), 400, 300).astype(int)
        assert (np.abs(half - halve(pixels)) <= 1).all()
        assert slide.damaged_levels == {1}


def test_a_damaged_tile_of_the_finest_level_is_refused_and_the_rest_still_read(
        pyramid: Path, pixels: NDArray[np.uint8]) -> None:
    spoil_tile(pyramid, 0, 0)

    def read(slide: Slide, x: int) -> str:
        try:
            return "read" if (slide.read_region(x, 300, 0, 100, 100) == pixels[300:400, x:x + 100]).all() else "wrong"
        except RefusedFile as error:
            return error.code

    with open_slide(slide_series(pyramid.parent, [pyramid]), pyramid.parent, LIMITS) as slide:
        with pytest.raises(RefusedFile, match="cannot be decoded"):
            slide.read_region(0, 0, 0, 100, 100)
        with ThreadPoolExecutor(2) as pool:
            assert set(pool.map(lambda x: read(slide, x), range(300, 700, 50))) == {"read"}


@pytest.mark.parametrize(("content", "code"), [
    (b"", RefusalCode.EMPTY), (b"not a slide at all, only text", RefusalCode.UNKNOWN_FORMAT),
    (b"II*\x00\xff\xff\xff\x00", RefusalCode.TRUNCATED), (b"MM\x00*", RefusalCode.TRUNCATED)])
def test_what_is_no_slide_is_refused_with_a_reason(tmp_path: Path, content: bytes, code: RefusalCode) -> None:
    path = tmp_path / "slide.svs"
    path.write_bytes(content)
    assert refusal(path).code == code


def tiff_of(kind: str, path: Path, pixels: NDArray[np.uint8]) -> Path:
    """One image, 0.5 µm per pixel where the format says a scale."""
    tags = {"resolution": (20_000, 20_000), "resolutionunit": "CENTIMETER"}
    ome = {"axes": "YXS", "PhysicalSizeX": 500, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.5}
    alpha = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    written = {
        "strips": (pixels, {"rowsperstrip": 16, "compression": "lzw", **tags}),
        "one strip": (pixels, {"rowsperstrip": 600, **tags}),
        "planes": (np.moveaxis(pixels, 2, 0), {"planarconfig": "separate", "tile": (128, 128), **tags}),
        "alpha": (alpha, {"extrasamples": ["unassalpha"], "rowsperstrip": 50, **tags}),
        "16 bit": (pixels.astype(np.uint16) * 257, {"rowsperstrip": 50, **tags}),
        "OME": (pixels, {"tile": (128, 128), "metadata": ome}),
    }[kind]
    tifffile.imwrite(path, written[0], photometric="rgb", **written[1])
    return path


@pytest.mark.parametrize("kind", ["strips", "one strip", "planes", "alpha", "16 bit", "OME"])
def test_tiffs_that_openslide_does_not_know_are_read(tmp_path: Path, pixels: NDArray[np.uint8], kind: str) -> None:
    path = tiff_of(kind, tmp_path / ("slide.ome.tif" if kind == "OME" else "slide.tif"), pixels)
    with open_slide(slide_series(tmp_path, [path]), tmp_path, LIMITS) as slide:
        assert slide.levels == (Level(800, 600, 1.0),)
        assert slide.mpp == pytest.approx(0.5)
        assert slide.bits == (16 if kind == "16 bit" else 8)
        corner = slide.read_region(700, 500, 0, 200, 200)
        assert (corner[:100, :100] == pixels[500:, 700:]).all()
        assert (corner[100:] == 255).all()


def test_an_ome_pyramid_is_read_with_its_levels_and_without_its_label(
        tmp_path: Path, pixels: NDArray[np.uint8]) -> None:
    path = tmp_path / "slide.ome.tif"
    with tifffile.TiffWriter(path) as writer:
        options = {"photometric": "rgb", "tile": (128, 128)}
        writer.write(np.full((900, 900, 3), 7, np.uint8), metadata={"axes": "YXS", "Name": "Label"}, **options)
        writer.write(pixels, subifds=1, metadata={"axes": "YXS", "Name": "scan"}, **options)
        writer.write(halve(pixels), subfiletype=1, **options)
    with open_slide(slide_series(tmp_path, [path]), tmp_path, LIMITS) as slide:
        assert slide.levels == (Level(800, 600, 1.0), Level(400, 300, 2.0))
        assert (slide.read_region(0, 0, 1, 400, 300) == halve(pixels)).all()
        assert slide.mpp is None


@pytest.mark.parametrize(("values", "reason"), [
    (np.zeros((300, 300), np.uint8), "not in RGB"), (np.zeros((300, 300, 3), np.float32), "samples are float32")])
def test_a_tiff_without_colours_of_whole_numbers_is_unsupported(
        tmp_path: Path, values: NDArray[np.generic], reason: str) -> None:
    path = tmp_path / "plain.tif"
    tifffile.imwrite(path, values, photometric="rgb" if values.ndim == 3 else "minisblack")
    found = refusal(path)
    assert found.code == RefusalCode.UNSUPPORTED
    assert reason in found.reason


def test_tiles_decoded_here_equal_those_of_openslide(shared_data: Path) -> None:
    from openslide import OpenSlide

    svs = shared_data / "wsi" / f"{CMU}.svs"
    with (open_slide(slide_series(svs.parent, [svs]), svs.parent, LIMITS) as slide, OpenSlide(svs) as plain):
        expected = np.asarray(plain.read_region((1900, 2600), 0, (500, 500)))
        found = slide.read_region(1900, 2600, 0, 500, 500)
        assert (found[:367, :320] == expected[:367, :320, :3]).all()


def test_what_the_finest_level_cannot_give_is_white_and_counted(pyramid: Path, pixels: NDArray[np.uint8]) -> None:
    spoil_tile(pyramid, 0, 5)
    with open_slide(slide_series(pyramid.parent, [pyramid]), pyramid.parent, LIMITS) as slide:
        found = slide.read_scaled((0, 0, 800, 600), 800, 600)
        assert slide.damaged_tiles == {Region(256, 256, 256, 256)}
    assert (found[256:512, 256:512] == 255).all()
    assert (found[:256] == pixels[:256]).all()


def test_a_slide_of_one_pixel_is_no_image(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "dot.tif", [np.full((1, 1, 3), 9, np.uint8)], 0.5, tile=16)
    assert refusal(path).code == RefusalCode.NOT_AN_IMAGE


def declare(path: Path, tags: dict[int, int]) -> None:
    """Overwrite numbers in the first directory of a little-endian TIFF."""
    data = bytearray(path.read_bytes())
    (start,) = struct.unpack_from("<I", data, 4)
    for entry in range(struct.unpack_from("<H", data, start)[0]):
        place = start + 2 + 12 * entry
        if struct.unpack_from("<H", data, place)[0] in tags:
            struct.pack_into("<HII", data, place + 2, 4, 1, tags[struct.unpack_from("<H", data, place)[0]])
    path.write_bytes(data)


@pytest.mark.parametrize(("kind", "code"), [
    ("tiles", RefusalCode.CORRUPT), ("one tile", RefusalCode.TOO_LARGE), ("one strip", RefusalCode.TOO_LARGE)])
def test_a_declared_bomb_is_refused_in_one_line_and_nothing_of_it_allocated(
        tmp_path: Path, pixels: NDArray[np.uint8], kind: str, code: RefusalCode) -> None:
    million, path = 1_000_000, tmp_path / "bomb.tif"
    if kind == "one strip":
        tiff_of(kind, path, pixels)
    else:
        write_tiff(path, [pixels if kind == "tiles" else pixels[:64, :64]], 0.5)
    block = {"tiles": {}, "one tile": {322: million, 323: million}, "one strip": {278: million}}[kind]
    declare(path, {256: million, 257: million, **block})
    tracemalloc.start()
    found = refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.code == code
    assert "\n" not in found.reason
    assert peak < 20e6


def test_a_limit_on_the_declared_size_holds(pyramid: Path) -> None:
    found = refusal(pyramid, Limits(max_slide_pixels=100_000))
    assert found.code == RefusalCode.TOO_LARGE
    assert "800 x 600" in found.reason


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.97])
def test_a_cut_svs_is_refused(shared_data: Path, tmp_path: Path, share: float) -> None:
    whole = (shared_data / "wsi" / f"{CMU}.svs").read_bytes()
    path = tmp_path / "cut.svs"
    path.write_bytes(whole[:int(len(whole) * share)])
    assert refusal(path).code in (RefusalCode.TRUNCATED, RefusalCode.CORRUPT)


def dicom_files(shared_data: Path) -> list[Path]:
    return sorted((shared_data / "wsi" / f"{CMU}.dicom").iterdir())


def kind_of(path: Path) -> tuple[str, int]:
    import pydicom

    header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["ImageType", "TotalPixelMatrixColumns"])
    return header.ImageType[2], header.TotalPixelMatrixColumns


def test_a_dicom_slide_spread_over_folders_equals_its_svs(shared_data: Path, tmp_path: Path) -> None:
    paths = []
    for number, file in enumerate(dicom_files(shared_data)):
        (tmp_path / str(number)).mkdir()
        paths.append(tmp_path / str(number) / "IM00001")
        paths[-1].write_bytes(file.read_bytes())
    svs = shared_data / "wsi" / f"{CMU}.svs"
    with (open_slide(slide_series(tmp_path, paths), tmp_path, LIMITS) as slide,
          open_slide(slide_series(svs.parent, [svs]), svs.parent, LIMITS) as twin):
        assert (slide.levels[0], slide.mpp) == (twin.levels[0], twin.mpp)
        assert kind_of(tmp_path / slide.file.path) == ("VOLUME", 2220)
        difference = slide.read_region(800, 700, 0, 500, 500).astype(int) - twin.read_region(800, 700, 0, 500, 500)
        assert np.abs(difference).max() <= 2


def test_dicom_levels_whose_colours_contradict_their_header_are_left_out(shared_data: Path) -> None:
    files = dicom_files(shared_data)
    with open_slide(slide_series(files[0].parent, files), files[0].parent, LIMITS) as slide:
        assert slide.levels_left_out == 4
        assert np.median(slide.read_scaled((0, 0, 2220, 2967), 74, 99), axis=(0, 1)) == pytest.approx([243] * 3, abs=4)
    smaller = next(file for file in files if kind_of(file) == ("VOLUME", 1110))
    assert refusal(smaller).code == RefusalCode.UNSUPPORTED


@pytest.mark.parametrize("kind", ["LABEL", "OVERVIEW", "THUMBNAIL"])
def test_label_and_overview_are_never_a_slide(shared_data: Path, kind: str) -> None:
    path = next(file for file in dicom_files(shared_data) if kind_of(file)[0] == kind)
    found = refusal(path)
    assert found.code == RefusalCode.NOT_AN_IMAGE
