"""DICOM series to volumes: order, geometry, values, and what is said about odd series."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  its documented alias
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian

from caseloom.core.case import CaseFile, FileKind, Series
from caseloom.core.errors import RefusedFile
from caseloom.core.refusal import RefusalCode
from caseloom.core.settings import Limits
from caseloom.sources.volume import ARBITRARY, HU, Volume, load_volume

LIMITS = Limits()
AXIAL = (1, 0, 0, 0, 1, 0)


def header(uid: str) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = CTImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = uid
    ds.Modality, ds.PatientName, ds.SamplesPerPixel, ds.PhotometricInterpretation = "CT", "S^A", 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    return ds


def write_slice(folder: Path, number: int, position: Iterable[float], **fields: object) -> Path:
    """A 6 x 8 slice whose stored values are all `number`; `None` removes a field."""
    ds = header(f"2.25.9{number}")
    ds.Rows, ds.Columns, ds.InstanceNumber = 6, 8, number
    ds.ImagePositionPatient, ds.ImageOrientationPatient = list(position), list(AXIAL)
    ds.PixelSpacing, ds.RescaleSlope, ds.RescaleIntercept = [0.5, 0.75], 1, -1000
    pixels = np.full((6, 8), number, np.int16)
    for name, value in fields.items():
        if value is None:
            delattr(ds, name)
        elif name == "pixels":
            pixels = np.asarray(value, np.int16)
        else:
            setattr(ds, name, value)
    ds.PixelData = pixels.tobytes()
    path = folder / f"{(number * 7) % 101:03d}.dcm"
    ds.save_as(path, enforce_file_format=True)
    return path


def series_of(root: Path, kind: FileKind = FileKind.CT, modality: str = "CT") -> Series:
    files = tuple(CaseFile(path=path.relative_to(root).as_posix(), size=path.stat().st_size, kind=kind,
                           sha256=hashlib.sha256(path.read_bytes()).hexdigest())
                  for path in sorted(root.rglob("*")) if path.is_file())
    return Series(uid="2.25.5", kind=kind, modality=modality, files=files)


def load(root: Path, modality: str = "CT") -> Volume:
    return load_volume(series_of(root, FileKind(modality.lower()), modality), root, LIMITS)


def refusal(root: Path) -> RefusedFile:
    with pytest.raises(RefusedFile) as caught:
        load(root)
    return caught.value


def first_values(volume: Volume) -> list[float]:
    return [float(value) for value in volume.voxels[:, 0, 0]]


def test_slices_are_sorted_from_feet_to_head_whatever_their_names_say(tmp_path: Path) -> None:
    for number in range(9):
        write_slice(tmp_path, number, (-10, 20, 100 - 2.5 * number))
    volume = load(tmp_path)
    assert volume.voxels.dtype == np.int16
    assert first_values(volume) == [number - 1000 for number in range(8, -1, -1)]
    assert volume.instance_uids == tuple(f"2.25.9{number}" for number in range(8, -1, -1))
    assert [plane.index for plane in volume.planes] == list(range(9))
    assert volume.unit == HU
    assert volume.notes == ()
    np.testing.assert_allclose(volume.geometry.to_lps(np.array([2.0, 3.0, 4.0])), (-10 + 4 * 0.75, 20 + 1.5, 85))
    assert volume.geometry.spacing == pytest.approx((2.5, 0.5, 0.75))


def test_planes_carry_the_scanners_numbers(tmp_path: Path) -> None:
    """Slices lie by their place along the normal, whatever x says; the scanner counted from the head."""
    for number in range(9):
        place = (-10 + 0.01 * (number * 7 % 9), 20, 100 - 2.5 * number)
        write_slice(tmp_path, number, place, InstanceNumber=40 + number)
    volume = load(tmp_path)
    assert first_values(volume) == [number - 1000 for number in range(8, -1, -1)]
    assert volume.instance_numbers == tuple(range(48, 39, -1))


def test_a_slice_without_a_number_has_none(tmp_path: Path) -> None:
    for number in range(5):
        write_slice(tmp_path, number, (0, 0, 3.0 * number), InstanceNumber=number if number else None)
    assert load(tmp_path).instance_numbers == (None, 1, 2, 3, 4)


@pytest.mark.parametrize(("cosines", "step", "axis"), [
    ((0, 1, 0, 0, 0, -1), (-2.0, 0, 0), 0), ((1, 0, 0, 0, 0, -1), (0, 3.0, 0), 1),
    ((-1, 0, 0, 0, -1, 0), (0, 0, 4.0), 2),
    ((0.96, 0.28, 0, -0.28, 0.96, 0), (0, 0, -1.5), 2)])
def test_the_normals_largest_component_grows(tmp_path: Path, cosines: tuple[float, ...], step: tuple[float, ...],
                                             axis: int) -> None:
    for number in range(5):
        write_slice(tmp_path, number, np.array([1.0, 2.0, 3.0]) + number * np.array(step),
                    ImageOrientationPatient=list(cosines))
    volume = load(tmp_path)
    assert volume.geometry.affine[axis, 0] == pytest.approx(max(step, key=abs) * np.sign(sum(step)))
    rising = sum(step) > 0
    assert first_values(volume) == [(n if rising else 4 - n) - 1000 for n in range(5)]


def test_real_series_agree_with_simpleitk(shared_data: Path) -> None:
    for folder in ("ct_chest/Lung_Dx-A0001", "ct_torso_with_segmentation/example_ct_dicom"):
        volume = load(shared_data / folder)
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames([str(shared_data / folder / file.path) for file in volume.files])
        image = reader.Execute()
        assert np.array_equal(sitk.GetArrayViewFromImage(image), volume.voxels)
        for index in ((0, 0, 0), (3, 100, 200), (19, 511, 7)):
            there = image.TransformIndexToPhysicalPoint([int(part) for part in index[::-1]])
            np.testing.assert_allclose(volume.geometry.to_lps(np.array(index, float)), there, atol=1e-3)


def test_a_missing_slice_is_said_and_bridged(tmp_path: Path) -> None:
    for number in range(10):
        if number != 4:
            write_slice(tmp_path, number, (0, 0, 5.0 * number))
    volume = load(tmp_path)
    assert first_values(volume) == [number - 1000 for number in range(10)]
    assert [plane.index for plane in volume.planes] == [0, 1, 2, 3, 4, 4, 5, 6, 7, 8]
    assert volume.geometry.spacing[0] == pytest.approx(5.0)
    assert any("one gap of 10.0 mm between slices 4 and 5" in note for note in volume.notes)
    assert any("interpolated to 10 planes" in note for note in volume.notes)


def test_a_hole_too_wide_to_bridge_is_refused(tmp_path: Path) -> None:
    for number in (0, 1, 2, 3, 9, 10, 11, 12):
        write_slice(tmp_path, number, (0, 0, 5.0 * number))
    caught = refusal(tmp_path)
    assert caught.code is RefusalCode.BAD_GEOMETRY
    assert "30.0 mm" in caught.reason


def test_a_stray_slice_beyond_a_gap_is_cut_off_and_named(tmp_path: Path) -> None:
    for number in (0, 1, 2, 3, 4, 5, 6, 7, 40):
        path = write_slice(tmp_path, number, (0, 0, 5.0 * number))
    volume = load(tmp_path)
    assert volume.voxels.shape[0] == 8
    assert [(item.file, item.code) for item in volume.left_out] == [(path.name, RefusalCode.BAD_GEOMETRY)]


def test_of_two_slices_at_one_place_the_first_acquisition_is_used(tmp_path: Path) -> None:
    for number in range(4):
        write_slice(tmp_path, number, (0, 0, 2.0 * number), AcquisitionNumber=2)
        write_slice(tmp_path, number + 20, (0, 0, 2.0 * number), AcquisitionNumber=1)
    volume = load(tmp_path)
    assert first_values(volume) == [number - 980 for number in range(4)]
    assert {item.code for item in volume.left_out} == {RefusalCode.NOT_CHOSEN}
    assert len(volume.left_out) == 4
    assert any("2 phases; used is acquisition 1 (4 slices), not acquisition 2" in note for note in volume.notes)


def test_of_two_slices_that_nothing_tells_apart_the_first_is_used(tmp_path: Path) -> None:
    for number in range(4):
        write_slice(tmp_path, number, (0, 0, 2.0 * number))
        write_slice(tmp_path, number + 20, (0, 0, 2.0 * number + 0.004))
    volume = load(tmp_path)
    assert first_values(volume) == [number - 1000 for number in range(4)]
    assert {item.code for item in volume.left_out} == {RefusalCode.DUPLICATE}
    assert any("4 slices at the same position" in note for note in volume.notes)


def test_slices_of_another_orientation_or_size_are_left_out_by_name(tmp_path: Path) -> None:
    for number in range(5):
        write_slice(tmp_path, number, (0, 0, 2.0 * number))
    odd = write_slice(tmp_path, 50, (0, 0, 3.0), ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    volume = load(tmp_path)
    assert volume.voxels.shape[0] == 5
    assert [item.file for item in volume.left_out] == [odd.name]


def test_a_tilted_gantry_gives_a_sheared_grid_with_true_volumes(tmp_path: Path) -> None:
    tilt = np.radians(15)
    for number in range(6):
        write_slice(tmp_path, number, (0, 0, 4.0 * number),
                    ImageOrientationPatient=[1, 0, 0, 0, float(np.cos(tilt)), float(np.sin(tilt))])
    volume = load(tmp_path)
    assert volume.notes == ("gantry tilt 15.0 degrees: the grid is sheared; positions and volumes allow for it",)
    assert volume.geometry.voxel_ml == pytest.approx(0.5 * 0.75 * 4.0 * np.cos(tilt) / 1000)
    np.testing.assert_allclose(volume.geometry.to_lps(np.array([3.0, 0, 0])), (0, 0, 12), atol=1e-9)


def test_slices_shifted_against_each_other_are_refused(tmp_path: Path) -> None:
    for number in range(6):
        write_slice(tmp_path, number, (20.0 if number == 3 else 0.0, 0, 4.0 * number))
    assert refusal(tmp_path).code is RefusalCode.BAD_GEOMETRY


def test_a_slice_without_place_or_spacing_is_left_out_by_name(tmp_path: Path) -> None:
    for number in range(5):
        write_slice(tmp_path, number, (0, 0, 2.0 * number))
    placeless = write_slice(tmp_path, 50, (0, 0, 0), ImagePositionPatient=None)
    unscaled = write_slice(tmp_path, 51, (0, 0, 0), PixelSpacing=None)
    volume = load(tmp_path)
    assert {item.file: item.code for item in volume.left_out} == {
        placeless.name: RefusalCode.BAD_GEOMETRY, unscaled.name: RefusalCode.NO_SPACING}


def test_a_damaged_slice_is_named_and_bridged(tmp_path: Path) -> None:
    paths = [write_slice(tmp_path, number, (0, 0, 2.0 * number)) for number in range(9)]
    paths[4].write_bytes(paths[4].read_bytes()[:-40])
    volume = load(tmp_path)
    assert first_values(volume) == [number - 1000 for number in range(9)]
    assert [(item.file, item.code) for item in volume.left_out] == [(paths[4].name, RefusalCode.TRUNCATED)]
    assert any("1 slice could not be decoded" in note for note in volume.notes)


def test_a_ct_without_rescale_is_not_called_hu(tmp_path: Path) -> None:
    for number in range(4):
        write_slice(tmp_path, number, (0, 0, 2.0 * number), RescaleIntercept=None)
    volume = load(tmp_path)
    assert volume.unit == ARBITRARY
    assert any("not Hounsfield units" in note for note in volume.notes)


def test_padding_becomes_air_and_hounsfield_units_are_whole(tmp_path: Path) -> None:
    pixels = np.full((6, 8), 31)
    pixels[0, 0] = -2000
    for number in range(4):
        write_slice(tmp_path, number, (0, 0, 2.0 * number), pixels=pixels, PixelPaddingValue=-2000, RescaleSlope=0.5)
    volume = load(tmp_path)
    assert volume.voxels.dtype == np.int16
    assert volume.voxels[0, 0, 0] == -1024
    assert volume.voxels[0, 1, 1] == -984


def test_unsigned_sixteen_bit_mr_keeps_its_values(tmp_path: Path) -> None:
    for number in range(4):
        write_slice(tmp_path, number, (0, 0, 2.0 * number), pixels=np.full((6, 8), -1), PixelRepresentation=0,
                    RescaleSlope=None, RescaleIntercept=None, Modality="MR")
    volume = load(tmp_path, "MR")
    assert first_values(volume) == [65535.0] * 4
    assert volume.unit == ARBITRARY


def test_an_enhanced_multi_frame_file_is_one_volume(tmp_path: Path) -> None:
    ds = header("2.25.8")
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    order = [3, 0, 2, 1]
    ds.Rows, ds.Columns, ds.NumberOfFrames = 6, 8, 4
    shared, orientation, measures, scale = Dataset(), Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient, measures.PixelSpacing = list(AXIAL), [0.5, 0.75]
    scale.RescaleSlope, scale.RescaleIntercept = 1, -1024
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    shared.PixelValueTransformationSequence = [scale]
    ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = [shared], []
    for number in order:
        group, place = Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, 3.0 * number]
        group.PlanePositionSequence = [place]
        ds.PerFrameFunctionalGroupsSequence.append(group)
    ds.PixelData = np.stack([np.full((6, 8), number, np.int16) for number in order]).tobytes()
    ds.save_as(tmp_path / "a", enforce_file_format=True)
    volume = load(tmp_path)
    assert first_values(volume) == [-1024, -1023, -1022, -1021]
    assert volume.geometry.spacing == pytest.approx((3.0, 0.5, 0.75))
    assert volume.instance_uids == ("2.25.8",) * 4
    assert volume.instance_numbers == (2, 4, 3, 1)


def test_too_few_slices_and_series_of_rubbish_are_refused(tmp_path: Path) -> None:
    write_slice(tmp_path, 1, (0, 0, 1))
    write_slice(tmp_path, 2, (0, 0, 2))
    assert refusal(tmp_path).code is RefusalCode.TOO_FEW_SLICES
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:90])
    refusal(tmp_path)


def test_a_series_larger_than_allowed_is_refused_before_allocation(tmp_path: Path) -> None:
    for number in range(4):
        write_slice(tmp_path, number, (0, 0, 2.0 * number))
    with pytest.raises(RefusedFile) as caught:
        load_volume(series_of(tmp_path), tmp_path, Limits(max_volume_voxels=100))
    assert caught.value.code is RefusalCode.TOO_LARGE


def test_impossible_header_values_leave_the_slice_out(tmp_path: Path) -> None:
    for number in range(4):
        write_slice(tmp_path, number, (0, 0, 2.0 * number))
    write_slice(tmp_path, 50, (0, 0, 1e9))
    write_slice(tmp_path, 51, (0, 0, 1), PixelSpacing=[0, 0])
    write_slice(tmp_path, 52, (0, 0, 1), ImageOrientationPatient=[1, 0, 0, 1, 0, 0])
    volume = load(tmp_path)
    assert volume.voxels.shape[0] == 4
    assert len(volume.left_out) == 3
