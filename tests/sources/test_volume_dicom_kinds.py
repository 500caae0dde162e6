"""DICOM volumes as they come: every transfer syntax, enhanced files, phases, padding, memory, SimpleITK's agreement."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813  its documented alias
from made_series import SPACING, frame_group, image, load, pack, save, series_of, write_enhanced, write_slices
from numpy.typing import NDArray
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from caseloom.core.errors import RefusedFile
from caseloom.core.refusal import RefusalCode
from caseloom.core.settings import Limits
from caseloom.sources.volume import ARBITRARY, HU, Volume, load_planes

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian,
            JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, RLELossless]


def cube(count: int = 5, *, signed: bool = False) -> NDArray[Any]:
    """(count, 20, 24) words that tell every voxel apart."""
    values = np.arange(count * 20 * 24).reshape(count, 20, 24) % 3000
    return (values - 1500).astype(np.int16) if signed else values.astype(np.uint16)


def flat(levels: Sequence[int]) -> NDArray[np.uint16]:
    return np.stack([np.full((8, 9), level, np.uint16) for level in levels])


def levels(volume: Volume) -> list[float]:
    return [float(plane[0, 0]) for plane in volume.voxels]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("signed", [False, True])
def test_every_transfer_syntax_gives_the_same_volume_as_simpleitk(tmp_path: Path, syntax: UID, signed: bool) -> None:
    values = cube(signed=signed)
    write_slices(tmp_path, values, syntax)
    volume = load(tmp_path)
    np.testing.assert_array_equal(volume.voxels, values.astype(np.int32) - 1024)
    assert volume.unit == HU
    assert volume.notes == ()
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(tmp_path / file.path) for file in volume.files])
    theirs = reader.Execute()
    np.testing.assert_array_equal(sitk.GetArrayViewFromImage(theirs), volume.voxels)
    for k, j, i in ((0, 0, 0), (4, 3, 7), (2, 19, 23)):
        np.testing.assert_allclose(volume.geometry.to_lps(np.array([k, j, i], float)),
                                   theirs.TransformIndexToPhysicalPoint((i, j, k)), atol=1e-3)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_an_enhanced_ct_in_every_transfer_syntax(tmp_path: Path, syntax: UID) -> None:
    values = cube()
    order = [3, 0, 4, 2, 1]
    write_enhanced(tmp_path / "a", values[order], [frame_group((1, 2, 2.0 * k)) for k in order], syntax)
    volume = load(tmp_path)
    np.testing.assert_array_equal(volume.voxels, values.astype(np.int32) - 1024)
    assert volume.instance_numbers == (2, 5, 4, 1, 3)
    np.testing.assert_allclose(volume.geometry.to_lps(np.array([2.0, 1, 4])), (1 + 4 * SPACING[1], 2 + SPACING[0], 4))


def test_frames_in_several_fragments_are_found_by_the_offset_table(tmp_path: Path) -> None:
    values = cube(4)
    ds_path = write_enhanced(tmp_path / "a", values, [frame_group((0, 0, 2.0 * k)) for k in range(4)], JPEGLSLossless)
    ds = pydicom.dcmread(ds_path)
    frames = [pack(frame, UID(JPEGLSLossless)) for frame in values]
    ds.PixelData = encapsulate(frames, fragments_per_frame=3, has_bot=True)
    ds.save_as(ds_path)
    np.testing.assert_array_equal(load(tmp_path).voxels, values.astype(np.int32) - 1024)


def test_each_frame_has_its_own_rescale(tmp_path: Path) -> None:
    groups = [frame_group((0, 0, 2.0 * k), PixelValueTransformationSequence={
        "RescaleSlope": k + 1, "RescaleIntercept": -100 * k, "RescaleType": "HU"}) for k in range(4)]
    write_enhanced(tmp_path / "a", flat([10, 20, 30, 40]), groups, scale=None)
    assert levels(load(tmp_path)) == [10, 20 * 2 - 100, 30 * 3 - 200, 40 * 4 - 300]


def test_of_an_enhanced_diffusion_mr_the_lowest_b_value_is_used_and_said(tmp_path: Path) -> None:
    plan = [(b, k) for k in range(4) for b in (800, 0, 400)]
    groups = [frame_group((0, 0, 3.0 * k), MRDiffusionSequence={"DiffusionBValue": b}) for b, k in plan]
    write_enhanced(tmp_path / "a", flat([b + k for b, k in plan]), groups, modality="MR", scale=None)
    volume = load(tmp_path, "MR")
    assert levels(volume) == [0, 1, 2, 3]
    note, = (text for text in volume.notes if "phases" in text)
    assert "3 phases; used is b-value 0 s/mm² (4 slices), not b-value 800 s/mm², b-value 400 s/mm²" in note \
        or "3 phases; used is b-value 0 s/mm² (4 slices), not b-value 400 s/mm², b-value 800 s/mm²" in note


@pytest.mark.parametrize(("macro", "name", "values", "said"), [
    ("FrameContentSequence", "TemporalPositionIndex", (1, 2), "time point 1"),
    ("MREchoSequence", "EffectiveEchoTime", (4.6, 80.0), "echo time 4.6 ms"),
    ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime", (0.0, 310.0), "trigger delay 0 ms"),
    ("MRImageFrameTypeSequence", "FrameType", (["ORIGINAL", "PRIMARY", "T1"], ["DERIVED", "PRIMARY", "T1"]),
     "image type ORIGINAL\\PRIMARY\\T1"),
    ("MRImageFrameTypeSequence", "ComplexImageComponent", ("MAGNITUDE", "PHASE"), "MAGNITUDE")])
def test_phases_of_an_enhanced_file_are_told_apart(tmp_path: Path, macro: str, name: str, values: Sequence[Any],
                                                   said: str) -> None:
    plan = [(which, k) for which in (1, 0) for k in range(4)]
    groups = [frame_group((0, 0, 3.0 * k), **{macro: {name: values[which]}}) for which, k in plan]
    write_enhanced(tmp_path / "a", flat([100 * which + k for which, k in plan]), groups, modality="MR", scale=None)
    volume = load(tmp_path, "MR")
    assert levels(volume) == [0, 1, 2, 3]
    assert any(f"used is {said}" in note or (said in note and "MAGNITUDE" in said) for note in volume.notes)


def test_two_stacks_in_one_file_are_not_mixed(tmp_path: Path) -> None:
    plan = [("1", 0.0), ("1", 3.0), ("1", 6.0), ("2", 1.5), ("2", 4.5), ("2", 7.5), ("2", 10.5)]
    groups = [frame_group((0, 0, z), FrameContentSequence={"StackID": stack}) for stack, z in plan]
    write_enhanced(tmp_path / "a", flat(list(range(7))), groups, modality="MR", scale=None)
    volume = load(tmp_path, "MR")
    assert levels(volume) == [3, 4, 5, 6]
    assert any("used is stack 2 (4 slices), not stack 1" in note for note in volume.notes)


def test_cardiac_phases_whose_trigger_times_differ_from_slice_to_slice_are_ranked(tmp_path: Path) -> None:
    for k in range(4):
        for phase in range(3):
            ds = image(flat([10 * phase + k])[0], modality="MR", InstanceNumber=1 + 3 * k + phase,
                       ImagePositionPatient=[0, 0, 5.0 * k], TriggerTime=100.0 * phase + 7 * k)
            save(ds, tmp_path / f"{phase}{k}.dcm")
    volume = load(tmp_path, "MR")
    assert levels(volume) == [0, 1, 2, 3]
    assert any("3 phases; used is cardiac phase 1" in note for note in volume.notes)
    assert {item.code for item in volume.left_out} == {RefusalCode.NOT_CHOSEN}
    assert len(volume.left_out) == 8


@pytest.mark.parametrize(("creator", "name", "element", "text"), [
    (0x00190010, "SIEMENS MR HEADER", 0x0019100C, "1000"), (0x00430010, "GEMS_PARM_01", 0x00431039, "1000000800\\8\\0"),
    (0x20010010, "Philips Imaging DD 001", 0x20011003, None)])
def test_manufacturers_own_b_values(tmp_path: Path, creator: int, name: str, element: int, text: str | None) -> None:
    for k in range(3):
        for weighted in (True, False):
            ds = image(flat([100 * weighted + k])[0], modality="MR", ImagePositionPatient=[0, 0, 5.0 * k],
                       InstanceNumber=k)
            ds.add_new(creator, "LO", name)
            low = "0" if text is None or "\\" not in text else "0\\8\\0"
            ds.add_new(element, "FL" if text is None else "IS", (1000.0 if weighted else 0.0) if text is None
                       else (text if weighted else low).split("\\"))
            save(ds, tmp_path / f"{weighted}{k}.dcm")
    volume = load(tmp_path, "MR")
    assert levels(volume) == [0, 1, 2]
    assert any("used is b-value 0 s/mm²" in note for note in volume.notes)


def test_an_unsigned_padding_word_of_signed_pixels_is_understood(tmp_path: Path) -> None:
    """Many writers put 63536 for -2000."""
    values = cube(4, signed=True)
    values[:, 0] = -2000
    for k, plane in enumerate(values):
        ds = image(plane, ImplicitVRLittleEndian, InstanceNumber=k, ImagePositionPatient=[0, 0, 2.0 * k])
        ds.add_new("PixelPaddingValue", "US", 63536)
        save(ds, tmp_path / f"{k}.dcm")
    volume = load(tmp_path)
    assert (volume.voxels[:, 0] == -1024).all()
    np.testing.assert_array_equal(volume.voxels[:, 1:], values[:, 1:].astype(int) - 1024)


def test_padding_with_a_value_of_tissue_is_taken_at_the_edge_only(tmp_path: Path) -> None:
    values = np.full((4, 20, 24), 90, np.int16)
    values[:, :3] = 0
    values[:, 10:12, 10:12] = 0
    write_slices(tmp_path, values, PixelPaddingValue=0, RescaleIntercept=0)
    volume = load(tmp_path)
    assert (volume.voxels[:, :3] == -1024).all()
    assert (volume.voxels[:, 10:12, 10:12] == 0).all()


@pytest.mark.parametrize("kind", ["Z_EFF", "HU_MOD", "US"])
def test_values_that_are_no_hounsfield_units_are_not_called_so(tmp_path: Path, kind: str) -> None:
    write_slices(tmp_path, cube(), RescaleType=kind, ImageType=["DERIVED", "PRIMARY", "AXIAL"])
    volume = load(tmp_path)
    assert volume.unit == ARBITRARY
    assert any("not Hounsfield units" in note for note in volume.notes)


def test_sixteen_bit_words_with_an_intercept_neither_wrap_nor_lose_their_ends(tmp_path: Path) -> None:
    for signed, words in ((False, (0, 1024, 33791, 65535)), (True, (-32768, -2000, 0, 32767))):
        folder = tmp_path / str(signed)
        write_slices(folder, np.stack([np.full((8, 9), word, np.int16 if signed else np.uint16) for word in words]))
        assert levels(load(folder)) == [max(-32768, min(32767, word - 1024)) for word in words]


def test_a_damaged_frame_of_an_enhanced_file_is_bridged_and_the_file_is_used(tmp_path: Path) -> None:
    values = flat([10, 20, 30, 40, 50])
    path = write_enhanced(tmp_path / "a", values, [frame_group((0, 0, 2.0 * k)) for k in range(5)], JPEGLSLossless)
    ds = pydicom.dcmread(path)
    frames = [pack(frame, UID(JPEGLSLossless)) for frame in values]
    ds.PixelData = encapsulate([frames[0], frames[1], bytes(40), frames[3], frames[4]])
    ds.save_as(path)
    volume = load(tmp_path)
    assert levels(volume) == [10 - 1024, 20 - 1024, 30 - 1024, 40 - 1024, 50 - 1024]
    assert volume.left_out == ()
    assert any("1 slice could not be decoded" in note for note in volume.notes)
    assert any("interpolated to 5 planes" in note for note in volume.notes)


@pytest.mark.parametrize("cosines", [(0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 0, -1), (-1, 0, 0, 0, -1, 0),
                                     (0.8, 0.36, -0.48, -0.6, 0.48, -0.64)])
def test_oblique_sagittal_and_feet_first_slices_lie_where_simpleitk_puts_them(tmp_path: Path,
                                                                              cosines: tuple[float, ...]) -> None:
    normal = np.cross(cosines[:3], cosines[3:])
    write_slices(tmp_path, cube(6), step=-2.5 * normal, ImageOrientationPatient=list(cosines))
    volume = load(tmp_path)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path)))
    theirs = reader.Execute()
    for index in ((0, 0, 0), (5, 3, 20), (2, 19, 1)):
        place = volume.geometry.to_lps(np.array(index, float))
        there = theirs.TransformPhysicalPointToIndex(place.tolist())
        assert theirs.GetPixel(*there) == volume.voxels[index]
        np.testing.assert_allclose(theirs.TransformIndexToPhysicalPoint(there), place, atol=1e-3)


def test_a_sheared_stack_beyond_any_gantry_and_thin_slices_far_apart_are_refused(tmp_path: Path) -> None:
    write_slices(tmp_path / "a", cube(6), step=(0, 5.0, 2.0))
    with pytest.raises(RefusedFile, match="sheared by 68 degrees"):
        load(tmp_path / "a")
    write_slices(tmp_path / "b", cube(6), step=(0, 0, 20.0), SliceThickness=1)
    with pytest.raises(RefusedFile, match=r"1.0 mm thick lie 20.0 mm apart"):
        load(tmp_path / "b")
    write_slices(tmp_path / "c", cube(6), step=(0, 0, 10.0), SliceThickness=1)
    assert any("not imaged" in note for note in load(tmp_path / "c").notes)


@pytest.mark.parametrize("missing", [None, 20])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEGLSLossless])
def test_loading_takes_little_more_memory_than_the_voxels(tmp_path: Path, syntax: UID, missing: int | None) -> None:
    """Also where planes are interpolated: at most half of the voxels beside them, and 2 MB for all else."""
    values = np.random.default_rng(3).integers(0, 900, (60, 256, 256), dtype=np.uint16)
    paths = write_slices(tmp_path, values, syntax)
    if missing is not None:
        paths[missing].unlink()
    load(tmp_path)
    tracemalloc.start()
    volume = load(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert volume.voxels.nbytes == values.nbytes
    assert peak < 1.5 * values.nbytes + 2e6


def test_an_enhanced_file_is_not_held_whole(tmp_path: Path) -> None:
    values = np.random.default_rng(3).integers(0, 900, (60, 256, 256), dtype=np.uint16)
    groups = [frame_group((0, 0, 2.0 * k)) for k in range(60)]
    for syntax in (ExplicitVRLittleEndian, JPEGLSLossless):
        write_enhanced(tmp_path / "a", values, groups, syntax)
        load(tmp_path)
        tracemalloc.start()
        load(tmp_path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1.5 * values.nbytes + 2e6


def test_some_planes_are_those_of_the_whole_volume_in_the_order_wanted(tmp_path: Path) -> None:
    paths = write_slices(tmp_path, cube(9))
    paths[4].unlink()  # its plane is interpolated
    whole = load(tmp_path)
    assert whole.voxels.shape[0] == 9
    wanted = [8, 4, 0, 1, 1]
    asked: list[Sequence[int | None]] = []
    planes, unit = load_planes(series_of(tmp_path), tmp_path, Limits(), lambda numbers: asked.append(numbers) or wanted)
    np.testing.assert_array_equal(planes, whole.voxels[wanted])
    assert tuple(asked[0]) == whole.instance_numbers
    assert unit == HU


def test_some_planes_beside_a_damaged_slice_are_those_of_the_whole_volume(tmp_path: Path) -> None:
    paths = write_slices(tmp_path, cube(9))
    paths[4].write_bytes(paths[4].read_bytes()[:-40])
    whole = load(tmp_path)
    planes, _ = load_planes(series_of(tmp_path), tmp_path, Limits(), lambda numbers: [2, 4])
    np.testing.assert_array_equal(planes, whole.voxels[[2, 4]])
