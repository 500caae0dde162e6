"""Decoding one DICOM instance: right values from every syntax, one clear refusal from every damage."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    MPEG2MPML,
    UID,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from caseloom.core.errors import RefusedFile
from caseloom.core.refusal import RefusalCode
from caseloom.core.settings import Limits
from caseloom.sources.dicom_pixels import decode_pixels
from caseloom.sources.quiet import quiet_parsers

LIMITS = Limits()


def ramp(rows: int = 64, columns: int = 72) -> np.ndarray:
    return (np.arange(rows * columns, dtype=np.int16).reshape(rows, columns) * 2 - 1000).astype(np.int16)


def image(pixels: np.ndarray, *, stored: int = 16) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = CTImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = "2.25.1"
    ds.Modality, ds.PatientName = "CT", "SAMPLE^ALEX"
    ds.Rows, ds.Columns = pixels.shape[-2:]
    if pixels.ndim == 3:
        ds.NumberOfFrames = pixels.shape[0]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, stored, stored - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    ds.PixelData = pixels.tobytes()
    return ds


def save(ds: Dataset, path: Path) -> Path:
    ds.save_as(path, enforce_file_format=True)
    return path


def after_meta(whole: bytes) -> int:
    """Offset of the dataset: preamble, prefix, group length element, and what the group length says."""
    return 144 + int.from_bytes(whole[140:144], "little")


def refusal(path: Path, limits: Limits = LIMITS, frame: int | None = None) -> RefusedFile:
    with pytest.raises(RefusedFile) as caught:
        decode_pixels(path, limits, frame)
    assert str(path.parent) not in caught.value.reason
    assert "SAMPLE" not in caught.value.reason
    return caught.value


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless, RLELossless])
def test_lossless_syntaxes_give_back_every_value(tmp_path: Path, syntax: UID) -> None:
    ds = image(ramp())
    ds.compress(syntax, generate_instance_uid=False)
    pixels, header = decode_pixels(save(ds, tmp_path / "a"), LIMITS)
    np.testing.assert_array_equal(pixels, ramp())
    assert header.file_meta.TransferSyntaxUID == syntax
    assert "PixelData" not in header


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_uncompressed_syntaxes_give_back_every_value(tmp_path: Path, syntax: UID) -> None:
    ds = image(ramp())
    ds.file_meta.TransferSyntaxUID = syntax
    np.testing.assert_array_equal(decode_pixels(save(ds, tmp_path / "a"), LIMITS)[0], ramp())


def test_big_endian_gives_back_every_value(tmp_path: Path) -> None:
    ds = image(ramp())
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    ds.PixelData = ramp().byteswap().tobytes()
    ds["PixelData"].VR = "OW"
    pixels, _ = decode_pixels(save(ds, tmp_path / "a"), LIMITS)
    np.testing.assert_array_equal(pixels, ramp())


@pytest.mark.parametrize("implicit", [True, False])
def test_a_file_without_file_meta_is_read(tmp_path: Path, implicit: bool) -> None:
    ds = image(ramp())
    del ds.file_meta
    ds.save_as(tmp_path / "a", implicit_vr=implicit, little_endian=True, enforce_file_format=False)
    np.testing.assert_array_equal(decode_pixels(tmp_path / "a", LIMITS)[0], ramp())


def test_a_compressed_file_without_file_meta_is_recognised_by_its_codestream(tmp_path: Path) -> None:
    ds = image(ramp())
    ds.compress(JPEGLSLossless, generate_instance_uid=False)
    whole = save(ds, tmp_path / "a").read_bytes()
    bare = whole[after_meta(whole):]
    (tmp_path / "b").write_bytes(bare)
    pixels, header = decode_pixels(tmp_path / "b", LIMITS)
    np.testing.assert_array_equal(pixels, ramp())
    assert header.file_meta.TransferSyntaxUID == JPEGLSLossless


def test_unused_high_bits_do_not_change_values(tmp_path: Path) -> None:
    clean = np.arange(64, dtype=np.uint16).reshape(8, 8)
    dirty = clean | 0xF000
    pixels, _ = decode_pixels(save(image(dirty, stored=12), tmp_path / "a"), LIMITS)
    np.testing.assert_array_equal(pixels, clean)


def test_one_frame_of_several(tmp_path: Path) -> None:
    stack = np.stack([ramp(), ramp() + 7, ramp() + 9])
    path = save(image(stack), tmp_path / "a")
    np.testing.assert_array_equal(decode_pixels(path, LIMITS)[0], stack)
    np.testing.assert_array_equal(decode_pixels(path, LIMITS, frame=1)[0], stack[1])
    assert refusal(path, frame=3).code is RefusalCode.CORRUPT


def test_a_cut_file_is_truncated(tmp_path: Path) -> None:
    whole = save(image(ramp()), tmp_path / "a").read_bytes()
    (tmp_path / "b").write_bytes(whole[:-100])
    assert refusal(tmp_path / "b").code is RefusalCode.TRUNCATED
    (tmp_path / "c").write_bytes(whole[:-(ramp().nbytes + 12)])
    assert refusal(tmp_path / "c").code is RefusalCode.TRUNCATED


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless, RLELossless])
def test_a_file_cut_at_any_place_is_refused_or_read_whole(tmp_path: Path, syntax: UID) -> None:
    ds = image(ramp())
    ds.compress(syntax, generate_instance_uid=False)
    whole = save(ds, tmp_path / "a").read_bytes()
    for keep in range(1, len(whole) - 60, 97):
        (tmp_path / "b").write_bytes(whole[:keep])
        assert refusal(tmp_path / "b").reason


def test_a_header_that_promises_more_than_the_limit_is_refused_before_decoding(tmp_path: Path) -> None:
    ds = image(ramp())
    ds.Rows = ds.Columns = 65535
    assert refusal(save(ds, tmp_path / "a")).code is RefusalCode.TOO_LARGE
    ds = image(ramp())
    ds.NumberOfFrames = 2_000_000_000
    assert refusal(save(ds, tmp_path / "b")).code is RefusalCode.TOO_LARGE


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless])
def test_a_codestream_larger_than_its_header_says_is_refused(tmp_path: Path, syntax: UID) -> None:
    ds = image(ramp())
    ds.compress(syntax, generate_instance_uid=False)
    ds.Rows = 12
    assert "64 x 72" in refusal(save(ds, tmp_path / "a")).reason


def test_a_pixel_length_beyond_the_end_of_the_file_allocates_nothing(tmp_path: Path) -> None:
    whole = bytearray(save(image(ramp()), tmp_path / "a").read_bytes())
    at = whole.rindex(b"\xe0\x7f\x10\x00OW")
    whole[at + 8:at + 12] = struct.pack("<I", 0xFFFFFFF0)
    (tmp_path / "b").write_bytes(whole)
    pixels, _ = decode_pixels(tmp_path / "b", LIMITS)
    np.testing.assert_array_equal(pixels, ramp())


def test_a_deflate_bomb_is_refused(tmp_path: Path) -> None:
    ds = image(ramp())
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    whole = save(ds, tmp_path / "a").read_bytes()
    start = after_meta(whole)
    packer = zlib.compressobj(wbits=-15)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()
    (tmp_path / "b").write_bytes(whole[:start] + bomb)
    assert refusal(tmp_path / "b").code is RefusalCode.TOO_LARGE


def test_objects_without_an_image_and_empty_files_are_named(tmp_path: Path) -> None:
    ds = image(ramp())
    del ds.Rows
    assert refusal(save(ds, tmp_path / "a")).code is RefusalCode.NOT_AN_IMAGE
    (tmp_path / "b").write_bytes(b"")
    assert refusal(tmp_path / "b").code is RefusalCode.EMPTY
    (tmp_path / "c").write_bytes(b"%PDF-1.7 not a DICOM file at all")
    refusal(tmp_path / "c")


def test_a_syntax_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    ds = image(ramp())
    ds.compress(JPEGLSLossless, generate_instance_uid=False)
    ds.file_meta.TransferSyntaxUID = MPEG2MPML
    caught = refusal(save(ds, tmp_path / "a"))
    assert caught.code is RefusalCode.UNSUPPORTED
    assert "MPEG2" in caught.reason


def test_random_damage_never_raises_anything_else(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    ds = image(ramp())
    ds.compress(JPEG2000Lossless, generate_instance_uid=False)
    whole = save(ds, tmp_path / "a").read_bytes()
    for _ in range(150):
        damaged = bytearray(whole)
        for at in rng.integers(130, len(whole), 6):
            damaged[at] = rng.integers(0, 256)
        (tmp_path / "b").write_bytes(damaged)
        try:
            pixels, _ = decode_pixels(tmp_path / "b", LIMITS)
        except RefusedFile:
            continue
        assert pixels.size < 10_000_000


def test_hostile_and_real_files_are_read_or_refused(shared_data: Path) -> None:
    paths = sorted((shared_data / "hostile_dicom").iterdir()) + sorted((shared_data / "dicom_single").iterdir())
    read = set()
    for path in paths:
        try:
            read.add((path.name, decode_pixels(path, LIMITS)[0].shape))
        except RefusedFile as refused:
            assert "\n" not in refused.reason
    assert {("image_dfl.dcm", (512, 512)), ("RG1_J2KI.dcm", (1955, 1841)), ("eCT_Supplemental.dcm", (2, 512, 512)),
            ("US1_J2KR.dcm", (480, 640, 3))} <= read
    assert not any(name == "MR_truncated.dcm" for name, _ in read)


def test_quiet_parsers_gives_the_warnings_back_however_threads_interleave() -> None:
    before = list(warnings.filters)
    first, second = quiet_parsers(), quiet_parsers()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    warnings.warn("silenced while a parser is at work", stacklevel=1)
    second.__exit__(None, None, None)
    assert list(warnings.filters) == before
    with pytest.raises(UserWarning):
        pydicom.valuerep.validate_value("IS", "1A", pydicom.config.WARN)
