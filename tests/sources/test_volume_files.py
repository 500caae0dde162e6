"""NIfTI and NRRD to volumes: any orientation, agreement with nibabel and SimpleITK, no unbounded reads."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import tracemalloc
from itertools import permutations, product
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  its documented alias

from caseloom.core.case import CaseFile, FileKind, Series
from caseloom.core.errors import RefusedFile
from caseloom.core.refusal import RefusalCode
from caseloom.core.settings import Limits
from caseloom.sources.grid_kind import open_grid
from caseloom.sources.stored_grid import sample_grid
from caseloom.sources.volume import HU, Volume, load_volume

LIMITS = Limits()
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def load(path: Path, kind: FileKind = FileKind.CT, limits: Limits = LIMITS) -> Volume:
    file = CaseFile(path=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), size=path.stat().st_size,
                    kind=kind)
    return load_volume(Series(uid="sha256:x", kind=kind, modality=kind.upper(), files=(file,)), path.parent, limits)


def refusal(path: Path, limits: Limits = LIMITS) -> RefusedFile:
    with pytest.raises(RefusedFile) as caught:
        load(path, limits=limits)
    assert path.name not in caught.value.reason
    return caught.value


def scene(point: np.ndarray) -> np.ndarray:
    """A smooth function of LPS mm whose values tell every direction apart."""
    x, y, z = np.moveaxis(point, -1, 0)
    return np.rint(x + 20 * y + 400 * z)


@pytest.mark.parametrize(("axes", "signs"), [
    (axes, signs) for axes in permutations(range(3)) for signs in product((1, -1), repeat=3)])
def test_every_stored_orientation_gives_the_same_patient(tmp_path: Path, axes: tuple[int, ...],
                                                         signs: tuple[int, ...]) -> None:
    affine = np.zeros((4, 4))
    for column, (row, sign) in enumerate(zip(axes, signs, strict=True)):
        affine[row, column] = sign * (1.0, 2.0, 3.0)[column]
    affine[:3, 3], affine[3, 3] = (4, -5, 6), 1
    index = np.stack(np.meshgrid(range(4), range(5), range(6), indexing="ij"), -1)
    lps = (index @ affine[:3, :3].T + affine[:3, 3]) * (-1, -1, 1)
    path = tmp_path / "a.nii.gz"
    nibabel.save(nibabel.Nifti1Image(scene(lps).astype(np.int16), affine), path)
    volume = load(path)
    grid = np.stack(np.meshgrid(*map(range, volume.voxels.shape), indexing="ij"), -1)
    np.testing.assert_array_equal(volume.voxels, scene(volume.geometry.to_lps(grid.astype(float))))
    column = volume.geometry.affine[:3, :3]
    assert column[2, 0] > 0
    assert column[1, 1] != 0
    assert column[0, 2] != 0


def test_real_nifti_files_agree_with_nibabel(shared_data: Path) -> None:
    folder = shared_data / "ct_torso_with_segmentation"
    for name in ("example_ct.nii.gz", "example_ct_sm.nii.gz", "example_mr_sm.nii.gz"):
        volume, image = load(folder / name), nibabel.load(folder / name)
        np.testing.assert_array_equal(volume.voxels, np.asarray(image.dataobj).transpose(2, 1, 0))
        point = RAS_TO_LPS @ image.affine @ (7, 5, 3, 1)
        np.testing.assert_allclose(volume.geometry.to_lps(np.array([3.0, 5.0, 7.0])), point[:3], atol=1e-4)


def test_a_real_nrrd_file_agrees_with_simpleitk(shared_data: Path) -> None:
    path = shared_data / "mr" / "brain1_image.nrrd"
    volume, image = load(path, FileKind.MR), sitk.ReadImage(str(path))
    np.testing.assert_array_equal(volume.voxels, sitk.GetArrayViewFromImage(image))
    np.testing.assert_allclose(volume.geometry.to_lps(np.array([2.0, 30.0, 40.0])),
                               image.TransformIndexToPhysicalPoint((40, 30, 2)), atol=1e-6)


@pytest.mark.parametrize("compressed", [True, False])
def test_nrrd_and_nifti_written_by_simpleitk_agree(tmp_path: Path, compressed: bool) -> None:
    image = sitk.GetImageFromArray(np.arange(3 * 4 * 5, dtype=np.int16).reshape(3, 4, 5) - 600)
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((-3, 8, 100))
    image.SetDirection((0.96, -0.28, 0, 0.28, 0.96, 0, 0, 0, 1))
    for name in ("a.nrrd", "a.nii"):
        path = tmp_path / name
        sitk.WriteImage(image, str(path), useCompression=compressed)
        volume = load(path)
        np.testing.assert_array_equal(volume.voxels, sitk.GetArrayViewFromImage(image))
        np.testing.assert_allclose(volume.geometry.to_lps(np.array([2.0, 1.0, 3.0])),
                                   image.TransformIndexToPhysicalPoint((3, 1, 2)), atol=1e-4)
        assert volume.unit == HU


def test_a_file_is_told_by_content_and_not_by_name(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4), np.int16), np.eye(4)), tmp_path / "a.nii.gz")
    (tmp_path / "b.dcm").write_bytes((tmp_path / "a.nii.gz").read_bytes())
    assert load(tmp_path / "b.dcm").voxels.shape == (4, 4, 4)


def test_scaled_values_microns_and_a_fourth_axis(tmp_path: Path) -> None:
    data = np.arange(4 * 4 * 4 * 2, dtype=np.int16).reshape(4, 4, 4, 2)
    image = nibabel.Nifti1Image(data, np.diag([700.0, 700, 2000, 1]))
    image.header.set_slope_inter(0.5, -10)
    image.header.set_xyzt_units("micron")
    nibabel.save(image, tmp_path / "a.nii")
    volume = load(tmp_path / "a.nii", FileKind.MR)
    np.testing.assert_allclose(volume.voxels, (data[..., 0] * 0.5 - 10).transpose(2, 1, 0))
    assert volume.geometry.spacing == pytest.approx((2.0, 0.7, 0.7))
    assert volume.notes == ("the file holds 2 volumes; the first is used",)


def test_a_sample_shows_other_rows_in_every_stretch(tmp_path: Path) -> None:
    """Slices of a size that divides the stretches' length: equal distances would show the same rows of each."""
    rows = np.broadcast_to(np.arange(256, dtype=np.uint8)[:, None], (40, 256, 256))
    path = tmp_path / "a.nii.gz"
    nibabel.save(nibabel.Nifti1Image(rows.transpose(2, 1, 0), np.eye(4)), path)
    sample = sample_grid(open_grid(path, path.read_bytes()[:512], LIMITS), 1024, 256 * 256, rows.size)
    assert sample.size == 40 * 1024
    assert len(np.unique(sample)) > 100


def test_a_file_without_orientation_tells_no_sides(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.zeros((4, 4, 4), np.int16), None)
    image.header.set_zooms((1, 1, 2))
    nibabel.save(image, tmp_path / "a.nii")
    volume = load(tmp_path / "a.nii")
    assert not volume.sides_known
    assert any("sides are not told" in note for note in volume.notes)


def nifti_bytes(shape: tuple[int, ...] = (4, 5, 6)) -> bytearray:
    return bytearray(nibabel.Nifti1Image(np.ones(shape, np.int16), np.eye(4)).to_bytes())


def test_a_small_file_that_declares_a_huge_volume_is_refused(tmp_path: Path) -> None:
    whole = nifti_bytes()
    whole[42:48] = np.array([1100, 1100, 1100], "<i2").tobytes()
    for name, content in (("a.nii", bytes(whole)), ("a.nii.gz", gzip.compress(bytes(whole)))):
        (tmp_path / name).write_bytes(content)
        assert refusal(tmp_path / name).code is RefusalCode.TRUNCATED
    whole[42:48] = np.array([32767, 32767, 32767], "<i2").tobytes()
    (tmp_path / "b.nii").write_bytes(whole)
    assert refusal(tmp_path / "b.nii").code is RefusalCode.TOO_LARGE


def test_cut_files_are_truncated(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 999, (9, 9, 9)).astype(np.int16)
    packed = gzip.compress(nibabel.Nifti1Image(noise, np.eye(4)).to_bytes())
    for name, content in (("a.nii", bytes(nifti_bytes())[:-9]), ("a.nii.gz", packed[:900])):
        (tmp_path / name).write_bytes(content)
        assert refusal(tmp_path / name).code is RefusalCode.TRUNCATED


def test_colour_pairs_and_flat_images_are_refused(tmp_path: Path) -> None:
    pair = nifti_bytes()
    pair[344:348] = b"ni1\0"
    colour = np.zeros((4, 4, 4), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    flat = nibabel.Nifti1Image(np.zeros((4, 4), np.int16), np.eye(4)).to_bytes()
    for content, code in ((bytes(pair), RefusalCode.UNSUPPORTED), (flat, RefusalCode.TOO_FEW_SLICES),
                          (nibabel.Nifti1Image(colour, np.eye(4)).to_bytes(), RefusalCode.UNSUPPORTED)):
        (tmp_path / "a.nii").write_bytes(content)
        assert refusal(tmp_path / "a.nii").code is code


def nrrd(data: bytes = bytes(240), **changes: str | None) -> bytes:
    fields = {"type": "short", "dimension": "3", "space": "left-posterior-superior", "sizes": "4 5 6",
              "space directions": "(1,0,0) (0,1,0) (0,0,2)", "endian": "little", "encoding": "raw",
              "space origin": "(0,0,0)"} | {name.replace("_", " "): value for name, value in changes.items()}
    lines = ["NRRD0004", "# a comment: here", *(f"{name}: {value}" for name, value in fields.items() if value)]
    return "\n".join(lines).encode() + b"\n\n" + data


@pytest.mark.parametrize(("content", "code"), [
    (nrrd(data_file="../../secret.raw"), RefusalCode.UNSUPPORTED),
    (nrrd(sizes="4 5 6000"), RefusalCode.TRUNCATED),
    (nrrd(sizes="40000 50000 60000"), RefusalCode.TOO_LARGE),
    (nrrd(encoding="gzip"), RefusalCode.CORRUPT),
    (nrrd(encoding="gzip", data=gzip.compress(bytes(200))), RefusalCode.TRUNCATED),
    (nrrd(encoding="hex"), RefusalCode.UNSUPPORTED),
    (nrrd(encoding="bzip2"), RefusalCode.CORRUPT),
    (nrrd(encoding="bzip2", data=bz2.compress(bytes(240))[:-20]), RefusalCode.TRUNCATED),
    (nrrd(byte_skip="16"), RefusalCode.UNSUPPORTED),
    (nrrd(space_units='"furlong" "mm" "mm"'), RefusalCode.NO_SPACING),
    (nrrd(data_file="LIST").partition(b"\n\n")[0], RefusalCode.UNSUPPORTED),
    (nrrd(type="block"), RefusalCode.UNSUPPORTED),
    (nrrd(dimension="4", sizes="3 4 5 6"), RefusalCode.UNSUPPORTED),
    (nrrd(sizes="4 5 -6"), RefusalCode.CORRUPT),
    (nrrd(space_directions="(1,0,0) (0,1,0) (1,1,0)"), RefusalCode.BAD_GEOMETRY),
    (nrrd(space_directions="(1,0,0) (0,1,0) (0,0,nan)"), RefusalCode.BAD_GEOMETRY),
    (nrrd(space_directions="(1,0,0) none (0,0,1)"), RefusalCode.CORRUPT),
    (nrrd(space_directions=None, space=None), RefusalCode.NO_SPACING),
    (b"NRRD0004\ntype: short", RefusalCode.CORRUPT)])
def test_hostile_nrrd_files_are_refused(tmp_path: Path, content: bytes, code: RefusalCode) -> None:
    (tmp_path / "a.nrrd").write_bytes(content)
    assert refusal(tmp_path / "a.nrrd").code is code


def test_nrrd_of_the_ras_kind_is_turned(tmp_path: Path) -> None:
    (tmp_path / "a.nrrd").write_bytes(nrrd(space="RAS", space_origin="(5,6,7)"))
    volume = load(tmp_path / "a.nrrd")
    np.testing.assert_allclose(volume.geometry.to_lps(np.zeros(3)), (-5, -6, 7))
    np.testing.assert_allclose(volume.geometry.affine[:3, :3], [[0, 0, -1], [0, -1, 0], [2, 0, 0]])


@pytest.mark.parametrize(("space", "signs"), [
    ("LPS", (1, 1, 1)), ("left-posterior-inferior", (1, 1, -1)), ("ras", (-1, -1, 1)), ("LAS", (1, -1, 1)),
    ("right-anterior-inferior", (-1, -1, -1))])
def test_every_nrrd_space_is_turned_to_lps(tmp_path: Path, space: str, signs: tuple[int, ...]) -> None:
    content = nrrd(np.arange(120, dtype=np.int16).tobytes(), space=space, space_origin="(5,6,7)")
    (tmp_path / "a.nrrd").write_bytes(content)
    volume = load(tmp_path / "a.nrrd", FileKind.MR)
    index = (0, 3, 2) if signs[2] > 0 else (5, 3, 2)  # slices run to the head
    np.testing.assert_allclose(volume.geometry.to_lps(np.array(index, float)),
                               np.array([5 + 2, 6 + 3, 7]) * signs)
    assert volume.voxels[index] == 2 + 4 * 3
    assert volume.sides_known


@pytest.mark.parametrize(("changes", "data"), [
    ({"encoding": "raw"}, lambda raw: raw), ({"encoding": "gz"}, gzip.compress),
    ({"encoding": "bz2"}, bz2.compress),
    ({"endian": "big"}, lambda raw: np.frombuffer(raw, "<i2").astype(">i2").tobytes()),
    ({"space_units": '"cm" "cm" "cm"', "space_directions": "(.1,0,0) (0,.1,0) (0,0,.2)"}, lambda raw: raw)])
def test_every_nrrd_encoding_gives_the_same_volume(tmp_path: Path, changes: dict[str, str], data: Any) -> None:
    raw = np.arange(-60, 60, dtype="<i2").tobytes()
    (tmp_path / "a.nrrd").write_bytes(nrrd(data(raw), **changes))
    volume = load(tmp_path / "a.nrrd", FileKind.MR)
    np.testing.assert_array_equal(volume.voxels, np.arange(-60, 60).reshape(6, 5, 4))
    assert volume.geometry.spacing == pytest.approx((2, 1, 1))


@pytest.mark.parametrize("first", [True, False])
def test_of_a_nrrd_file_with_time_points_the_first_is_used(tmp_path: Path, first: bool) -> None:
    stack = np.arange(3 * 120, dtype=np.int16).reshape(3, 6, 5, 4)
    vectors = "(1,0,0) (0,1,0) (0,0,2)"
    stored = np.moveaxis(stack, 0, -1) if first else stack
    (tmp_path / "a.nrrd").write_bytes(nrrd(
        np.ascontiguousarray(stored).tobytes(), dimension="4", sizes="3 4 5 6" if first else "4 5 6 3",
        space_directions=f"none {vectors}" if first else f"{vectors} none"))
    volume = load(tmp_path / "a.nrrd", FileKind.MR)
    np.testing.assert_array_equal(volume.voxels, stack[0])
    assert volume.notes == ("the file holds 3 volumes; the first is used",)


def oblique() -> np.ndarray:
    turn, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)) * 0.3 + np.eye(3))
    affine = np.eye(4)
    affine[:3, :3] = turn * np.sign(np.diag(turn)) @ np.diag((0.8, 0.7, 2.5))
    affine[:3, 3] = (-90, 120, -300)
    return affine


@pytest.mark.parametrize("forms", ["sform", "qform", "both", "neither"])
def test_the_affine_of_sform_or_qform_agrees_with_nibabel_and_simpleitk(tmp_path: Path, forms: str) -> None:
    image = nibabel.Nifti1Image(np.arange(6 * 7 * 8, dtype=np.int16).reshape(6, 7, 8), None)
    image.header.set_zooms((0.8, 0.7, 2.5))
    affine = oblique()
    image.set_sform(affine if forms in ("sform", "both") else None, code=1 if forms in ("sform", "both") else 0)
    image.set_qform(affine if forms in ("qform", "both") else None, code=1 if forms in ("qform", "both") else 0)
    nibabel.save(image, tmp_path / "a.nii.gz")
    volume, theirs = load(tmp_path / "a.nii.gz", FileKind.MR), sitk.ReadImage(str(tmp_path / "a.nii.gz"))
    assert volume.sides_known == (forms != "neither")
    best = nibabel.load(tmp_path / "a.nii.gz").affine
    for i, j, k in ((0, 0, 0), (5, 6, 7), (2, 0, 5)):
        place = (RAS_TO_LPS @ best @ (i, j, k, 1))[:3]
        index = volume.geometry.to_index(place)
        np.testing.assert_allclose(index, np.rint(index), atol=1e-3)
        assert volume.voxels[tuple(np.rint(index).astype(int))] == image.dataobj[i, j, k]
        np.testing.assert_allclose(volume.geometry.to_lps(np.rint(index)), place, atol=1e-3)
        if forms != "neither":
            np.testing.assert_allclose(theirs.TransformIndexToPhysicalPoint((i, j, k)), place, atol=1e-3)


@pytest.mark.parametrize(("kind", "wanted"), [("<u2", np.float32), (">i2", np.int16), ("<f8", np.float32),
                                              ("<i4", np.int16), ("u1", np.int16)])
def test_a_value_that_does_not_fit_far_into_the_file_loses_nothing(tmp_path: Path, kind: str, wanted: type) -> None:
    values = np.zeros((128, 128, 400), kind)
    values[3, 4, 390] = {"<u2": 60_000, "<f8": 0.25}.get(kind, 120)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([-1.0, -1, 1, 1])), tmp_path / "a.nii")
    volume = load(tmp_path / "a.nii", FileKind.MR)
    assert volume.voxels.dtype == wanted
    np.testing.assert_array_equal(volume.voxels, values.transpose(2, 1, 0))


def test_what_is_not_finite_becomes_the_lowest_value(tmp_path: Path) -> None:
    values = np.full((4, 4, 4), 7.5, np.float32)
    values[0, 0, 0], values[1, 1, 1], values[2, 2, 2], values[3, 3, 3] = np.nan, np.inf, -np.inf, -2
    nibabel.save(nibabel.Nifti1Image(values, np.diag([-1.0, -1, 1, 1])), tmp_path / "a.nii")
    volume = load(tmp_path / "a.nii", FileKind.MR)
    assert [volume.voxels[n, n, n] for n in range(4)] == [-2, -2, -2, -2]


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd"])
@pytest.mark.parametrize("turned", [1.0, -1.0])
def test_a_long_file_takes_little_more_memory_than_its_voxels(tmp_path: Path, name: str, turned: float) -> None:
    values = np.random.default_rng(2).integers(-9, 900, (120, 256, 256), dtype=np.int16)
    image = sitk.GetImageFromArray(values)
    image.SetDirection((1, 0, 0, 0, turned, 0, 0, 0, turned))
    sitk.WriteImage(image, str(tmp_path / name))
    tracemalloc.start()
    volume = load(tmp_path / name, FileKind.MR)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_array_equal(volume.voxels, values if turned > 0 else values[::-1])
    assert peak < values.nbytes + 17 * 2**20


def test_a_damaged_checksum_is_seen(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(nibabel.Nifti1Image(np.ones((9, 9, 9), np.int16), np.eye(4)).to_bytes()))
    packed[-6] ^= 1
    (tmp_path / "a.nii.gz").write_bytes(packed)
    assert refusal(tmp_path / "a.nii.gz").code is RefusalCode.CORRUPT
