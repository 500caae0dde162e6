"""Grey frames of every compressed transfer syntax: right values and signs, in two threads at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813  its documented alias
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.uid import (
    UID,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from caseloom.core.errors import RefusedFile
from caseloom.core.refusal import RefusalCode
from caseloom.core.settings import Limits
from caseloom.sources.dicom_pixels import decode_pixels
from caseloom.sources.frame_codec import GreyFrame, decode_grey

Pack = Callable[[NDArray[np.uint16]], bytes]


def lossless(predictor: int) -> Pack:
    return lambda words: imagecodecs.jpeg8_encode(words, lossless=True, bitspersample=16, predictor=predictor)


def rle(words: NDArray[np.uint16]) -> bytes:
    return bytes(pydicom.pixels.encoders.RLELosslessEncoder.encode(
        words, rows=words.shape[0], columns=words.shape[1], samples_per_pixel=1, number_of_frames=1, bits_allocated=16,
        bits_stored=16, photometric_interpretation="MONOCHROME2", pixel_representation=0))


PACKED: list[tuple[UID, Pack]] = [
    (JPEGLosslessSV1, lossless(1)), (JPEGLossless, lossless(4)), (JPEGLossless, imagecodecs.ljpeg_encode),
    (JPEGLSLossless, imagecodecs.jpegls_encode), (RLELossless, rle),
    (JPEG2000Lossless, lambda words: imagecodecs.jpeg2k_encode(words, level=0, reversible=True)),
    (HTJ2KLossless, imagecodecs.htj2k_encode)]


def words(bits: int = 16, *, signed: bool = False) -> NDArray[np.uint16]:
    """Stored words of a smooth image with noise, as two's complement in `bits` bits where signed."""
    rng = np.random.default_rng(4)
    low = -(2 ** (bits - 1)) if signed else 0
    values = np.linspace(low, low + 2**bits - 1, 40 * 56).reshape(40, 56).astype(np.int64)
    values = np.clip(values + rng.integers(-9, 9, values.shape), low, low + 2**bits - 1)
    return (values & (2**bits - 1)).astype(np.uint16)


@pytest.mark.parametrize(("syntax", "pack"), PACKED)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [12, 16])
def test_every_lossless_syntax_gives_back_every_value(syntax: UID, pack: Pack, signed: bool, bits: int) -> None:
    stored = words(bits, signed=signed)
    decoded = decode_grey(pack(stored), syntax, GreyFrame(40, 56, 16, bits, signed))
    expected = stored.astype(np.int64)
    if signed:
        expected = np.where(expected >= 2 ** (bits - 1), expected - 2**bits, expected)
    np.testing.assert_array_equal(decoded, expected)


def test_a_signed_codestream_under_an_unsigned_header_is_read_as_the_header_says() -> None:
    packed = imagecodecs.jpeg2k_encode(words(16).view(np.int16), level=0, reversible=True)
    decoded = decode_grey(packed, JPEG2000Lossless, GreyFrame(40, 56, 16, 16, False))
    np.testing.assert_array_equal(decoded, words(16))


@pytest.mark.parametrize(("syntax", "pack"), PACKED)
def test_a_cut_frame_is_refused_or_raises_what_callers_translate(syntax: UID, pack: Pack) -> None:
    packed = pack(words())
    for kept in (0.5, 0.97):
        with pytest.raises((RefusedFile, RuntimeError, ValueError)):
            decode_grey(packed[:int(len(packed) * kept)], syntax, GreyFrame(40, 56, 16, 16, False))


def test_a_frame_of_another_size_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(RefusedFile, match="40 x 56") as caught:
        decode_grey(lossless(1)(words()), JPEGLosslessSV1, GreyFrame(9, 9, 16, 16, False))
    assert caught.value.code is RefusalCode.CORRUPT


@pytest.mark.parametrize("name", ["JPGExtended.dcm", "JPEG-lossy.dcm", "JPEG2000.dcm", "J2K_pixelrep_mismatch.dcm",
                                  "MR_small_RLE.dcm", "JPEGLSNearLossless_16.dcm", "MR_small_jp2klossless.dcm"])
def test_published_files_agree_with_simpleitk(name: str) -> None:
    path = str(get_testdata_file(name))
    pixels, header = decode_pixels(Path(path), Limits())
    rescaled = pydicom.pixels.apply_rescale(pixels, header)
    np.testing.assert_array_equal(rescaled, sitk.GetArrayFromImage(sitk.ReadImage(path))[0])
    assert (name in ("JPGExtended.dcm", "JPEG-lossy.dcm")) == (header.file_meta.TransferSyntaxUID == JPEGExtended12Bit)


@pytest.mark.parametrize(("syntax", "pack"), [item for item in PACKED if item[0] in (
    JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless)])
def test_other_threads_go_on_while_a_frame_is_decoded(syntax: UID, pack: Pack) -> None:
    """A decoder that held the interpreter lock would stop this loop for as long as it works."""
    large = np.tile(words(), (60, 40))
    packed, frame = pack(large), GreyFrame(*large.shape, 16, 16, False)
    started = time.perf_counter()
    decode_grey(packed, syntax, frame)
    alone = time.perf_counter() - started
    assert min(longest_pause(lambda: decode_grey(packed, syntax, frame)) for _ in range(4)) < alone / 2


def longest_pause(work: Callable[[], object]) -> float:
    """Seconds for which this thread stood still while another did the work."""
    thread = threading.Thread(target=work)
    thread.start()
    last, longest = time.perf_counter(), 0.0
    while thread.is_alive():
        now = time.perf_counter()
        last, longest = now, max(longest, now - last)
    return longest
