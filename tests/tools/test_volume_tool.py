"""The volume tool from files to findings, on a generated chest with known truth and on real scans."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from made_ct import write_slices
from made_volumes import head
from PIL import Image

from caseloom.core.case import CaseFile, FileKind, Series, Study
from caseloom.core.evidence import VolumeRegion, VolumeSlice
from caseloom.core.finding import Finding, Laterality, Status
from caseloom.core.refusal import RefusalCode
from caseloom.core.result import ToolResult
from caseloom.core.settings import Limits
from caseloom.phantoms import CaseSpec, CtSpec, NoduleSpec, VisitSpec, write_case
from caseloom.readers.measure import MeasureReader
from caseloom.sources.volume import load_volume
from caseloom.tools.base import ToolContext
from caseloom.tools.volume import VolumeTool
from caseloom.tools.volume.density import LOW_AREA
from caseloom.tools.volume.lungs import segment_chest


def series_of(root: Path, paths: Iterable[Path], kind: FileKind = FileKind.CT, uid: str = "2.25.5",
              **fields: Any) -> Series:
    files = tuple(CaseFile(path=path.relative_to(root).as_posix(), size=path.stat().st_size, kind=kind,
                           sha256=hashlib.sha256(path.read_bytes()).hexdigest()) for path in sorted(paths))
    return Series(uid=uid, kind=kind, modality=kind.upper(), files=files, **fields)


def study_of(*series: Series) -> Study:
    return Study(id="S1", uid="2.25.1", kind=series[0].kind, modality=series[0].modality, date="2025-03-04",
                 series=series)


def run(root: Path, *series: Series, pictures: Path | None = None, question: str | None = None) -> ToolResult:
    context = ToolContext(root=root, patient=None, opaque_patient="P-0", reader=MeasureReader(), pictures=pictures,
                          cache=root, question=question)
    return VolumeTool().run(study_of(*series), context)


def numbers(result: ToolResult) -> dict[tuple[str, str | None], float | None]:
    return {(item.name, item.site): item.number for item in result.findings}


def one(result: ToolResult, name: str, side: Laterality | None = None) -> Finding:
    found = [item for item in result.findings if item.name == name and item.laterality in (side, item.laterality)
             and (side is None or item.laterality is side)]
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="module")
def chest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A chest of 2.5 mm slices, a 9 mm ball in the right lung; the folder of the case and its truth."""
    folder = tmp_path_factory.mktemp("chest")
    ct = CtSpec(columns=176, pixel_mm=2.1, slice_mm=2.5, compress=False)
    write_case(CaseSpec(visits=(VisitSpec("2025-03-04", (NoduleSpec(diameter_mm=9.0),), None, ct, None),), slide=None,
                        labs=(), record=None, letter=False), folder)
    truth = json.loads((folder / "truth.json").read_text())
    return folder / "case", next(study for study in truth["studies"] if study["modality"] == "CT")


def slices(case: Path) -> list[Path]:
    """From feet to head; their names are in no order."""
    return sorted(case.rglob("*.dcm"),
                  key=lambda path: float(pydicom.dcmread(path, stop_before_pixels=True).ImagePositionPatient[2]))


@pytest.fixture(scope="module")
def measured(chest: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> tuple[ToolResult, Path]:
    """The chest's result, and the folder that its pictures' paths start from."""
    case, _ = chest
    out = tmp_path_factory.mktemp("out")
    return run(case, series_of(case, slices(case)), pictures=out / "overlays"), out


def test_volumes_candidate_and_pictures_agree_with_the_truth(chest: tuple[Path, dict[str, Any]],
                                                             measured: tuple[ToolResult, Path]) -> None:
    (case, truth), (result, out) = chest, measured
    for side in (Laterality.RIGHT, Laterality.LEFT):
        lung = one(result, "Lung volume", side)
        assert lung.number == pytest.approx(truth["lung_ml"][side], rel=0.03)
        assert lung.value is not None
        assert (lung.value.unit, lung.value.ucum) == ("mL", "mL")
        assert one(result, "Mean lung attenuation", side).number == pytest.approx(-840, abs=15)
    nodule = one(result, "Pulmonary nodule candidate")
    assert nodule.status is Status.INDETERMINATE
    assert nodule.laterality is Laterality.RIGHT
    assert nodule.number == pytest.approx(9.0, abs=1.0)
    evidence = {item.id: item for item in result.evidence}
    region, place = (evidence[key] for key in nodule.evidence)
    assert isinstance(region.locator, VolumeRegion)
    corners = np.array(region.locator.bbox_mm).reshape(2, 3)
    np.testing.assert_allclose(corners.mean(axis=0), truth["nodules"][0]["centre_lps_mm"], atol=1.0)
    assert isinstance(place.locator, VolumeSlice)
    k, j, i = truth["nodules"][0]["index_zyx"]
    assert place.locator.index == pytest.approx(k, abs=1)
    x0, y0, x1, y1 = place.locator.box or (0, 0, 0, 0)
    assert x0 <= i <= x1
    assert y0 <= j <= y1
    named = next(path for path in slices(case)
                 if pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID == place.locator.instance_uid)
    assert place.source.file == named.relative_to(case).as_posix()
    for item in result.evidence:
        assert item.picture is not None
        with Image.open(out / item.picture) as picture:
            assert picture.width >= 300
    assert all(set(item.evidence) <= set(evidence) for item in result.findings)


def test_sides_are_the_patients_and_findings_the_same_when_the_images_are_stored_turned(
        chest: tuple[Path, dict[str, Any]], measured: tuple[ToolResult, Path], tmp_path: Path) -> None:
    (case, truth), (straight, _) = chest, measured
    for path in slices(case):
        ds = pydicom.dcmread(path)
        pixels = ds.pixel_array[:, ::-1]
        ds.ImageOrientationPatient = [-1, 0, 0, 0, 1, 0]
        ds.ImagePositionPatient[0] = float(ds.ImagePositionPatient[0]) + (ds.Columns - 1) * float(ds.PixelSpacing[1])
        ds.PixelData = np.ascontiguousarray(pixels).tobytes()
        ds.save_as(tmp_path / path.name)
    turned = run(tmp_path, series_of(tmp_path, tmp_path.glob("*.dcm")))
    assert numbers(turned) == pytest.approx(numbers(straight), rel=2e-3, abs=0.15)
    assert one(turned, "Pulmonary nodule candidate").laterality is Laterality.RIGHT
    box = next(item.locator.box for item in turned.evidence if isinstance(item.locator, VolumeSlice))
    assert box is not None
    assert box[0] <= 175 - truth["nodules"][0]["index_zyx"][2] <= box[2]


def test_the_same_input_gives_the_same_bytes(chest: tuple[Path, dict[str, Any]], measured: tuple[ToolResult, Path],
                                             tmp_path: Path) -> None:
    (case, _), (result, out) = chest, measured
    again = run(case, series_of(case, slices(case)), pictures=tmp_path)
    assert again.model_copy(update={"seconds": result.seconds}).model_dump_json() == result.model_dump_json()
    pictures = sorted(tmp_path.iterdir())
    assert len(pictures) == 5
    for path in pictures:
        assert path.read_bytes() == (out / "overlays" / path.name).read_bytes()


def test_a_lung_cut_by_the_scan_is_partial(chest: tuple[Path, dict[str, Any]]) -> None:
    case, _ = chest
    result = run(case, series_of(case, slices(case)[40:60]))
    assert ("Lung volume", "Right lung (partial)") in numbers(result)
    assert any("cut by the lowest slice and the highest slice" in warning for warning in result.warnings)


def test_density_is_not_told_where_planes_are_interpolated(chest: tuple[Path, dict[str, Any]],
                                                           measured: tuple[ToolResult, Path]) -> None:
    case, _ = chest
    whole = slices(case)
    result = run(case, series_of(case, [path for k, path in enumerate(whole) if k % 3 != 1 or k < 2]))
    told = numbers(result)
    assert {name for name, _ in told} >= {"Lung volume"}
    assert not {name for name, _ in told} & {"Mean lung attenuation", LOW_AREA}
    assert any("were not measured: 3" in warning for warning in result.warnings)
    assert told["Lung volume", "Right lung"] == pytest.approx(numbers(measured[0])["Lung volume", "Right lung"],
                                                              rel=0.01)


def test_localizers_secondary_and_short_series_are_refused_and_the_thinner_is_chosen(
        chest: tuple[Path, dict[str, Any]]) -> None:
    case, _ = chest
    paths = slices(case)
    main = series_of(case, paths[:40], uid="2.25.10", image_type=("ORIGINAL", "PRIMARY", "AXIAL"), description="2.5 mm")
    others = {
        RefusalCode.LOCALIZER: series_of(case, paths[40:43], uid="2.25.11",
                                         image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")),
        RefusalCode.DERIVED_OBJECT: series_of(case, paths[43:48], uid="2.25.12",
                                              image_type=("DERIVED", "SECONDARY", "REFORMATTED")),
        RefusalCode.TOO_FEW_SLICES: series_of(case, paths[48:50], uid="2.25.13"),
        RefusalCode.NOT_CHOSEN: series_of(case, paths[50:60], uid="2.25.14", description="5 mm"),
    }
    result = run(case, *others.values(), main)
    refused = {item.file: item.code for item in result.refused}
    for code, series in others.items():
        assert {refused[file.path] for file in series.files} == {code}
    assert {item.locator.series_uid for item in result.evidence
            if isinstance(item.locator, VolumeRegion)} <= {"2.25.10"}


def test_when_the_best_series_is_damaged_the_next_is_measured(chest: tuple[Path, dict[str, Any]],
                                                              tmp_path: Path) -> None:
    case, _ = chest
    for number, path in enumerate(slices(case)[:60]):
        content = path.read_bytes()
        (tmp_path / f"bad{number:03d}.dcm").write_bytes(content[:len(content) // 2])
        if number < 30:
            (tmp_path / f"good{number:03d}.dcm").write_bytes(content)
    result = run(tmp_path, series_of(tmp_path, tmp_path.glob("bad*"), uid="2.25.20"),
                 series_of(tmp_path, tmp_path.glob("good*"), uid="2.25.21"))
    assert result.findings
    assert {item.code for item in result.refused} == {RefusalCode.TRUNCATED}
    assert len(result.refused) == 60


def test_coronal_slices_and_a_ct_without_hu_are_refused(chest: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    case, _ = chest
    for number, path in enumerate(slices(case)[:6]):
        ds = pydicom.dcmread(path)
        ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 0, -1], [0, 3.0 * number, 0]
        ds.save_as(tmp_path / f"coronal{number}.dcm")
        ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3.0 * number]
        del ds.RescaleIntercept
        ds.save_as(tmp_path / f"raw{number}.dcm")
    for name, code in (("coronal", RefusalCode.WRONG_VIEW), ("raw", RefusalCode.NO_RESULTS)):
        result = run(tmp_path, series_of(tmp_path, tmp_path.glob(f"{name}*")))
        assert result.findings == ()
        assert {item.code for item in result.refused} == {code}


def test_rubbish_is_refused_and_a_question_declined(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.dcm").write_bytes(bytes(range(256)) * number)
    result = run(tmp_path, series_of(tmp_path, tmp_path.glob("*.dcm")), question="Is there a tumour?")
    assert result.findings == ()
    assert len(result.refused) == 4
    assert result.answer is not None
    assert result.answer.status == "declined"


def test_the_gate_lets_volumes_in_only(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    for kind, open_gate in ((FileKind.CT, True), (FileKind.MR, True), (FileKind.VOLUME, True), (FileKind.FILM, False)):
        refusal = VolumeTool().gate(study_of(series_of(tmp_path, [tmp_path / "a"], kind)))
        assert (refusal is None) is open_gate


def test_real_lungs_agree_with_the_reference_segmentation(shared_data: Path) -> None:
    folder = shared_data / "ct_torso_with_segmentation"
    series = series_of(folder, [folder / "example_ct_sm.nii.gz"], uid="sha256:a")
    volume = load_volume(series, folder, Limits())
    labels = np.asarray(nibabel.load(folder / "example_seg.nii.gz").dataobj).transpose(2, 1, 0)
    lungs = segment_chest(volume.voxels, volume.geometry).lungs
    lobes = {Laterality.LEFT: (10, 11), Laterality.RIGHT: (12, 13, 14)}
    assert [lung.side for lung in lungs] == [Laterality.RIGHT, Laterality.LEFT]
    for lung in lungs:
        reference = np.isin(labels, lobes[lung.side])
        dice = 2 * (reference & lung.mask).sum() / (reference.sum() + lung.mask.sum())
        assert dice > 0.95
        assert lung.cut == ("highest slice",)


def test_an_abdomen_full_of_gas_has_no_lung(shared_data: Path) -> None:
    folder = shared_data / "ct_torso_with_segmentation"
    volume = load_volume(series_of(folder, [folder / "example_ct.nii.gz"], uid="sha256:a"), folder, Limits())
    assert segment_chest(volume.voxels[:90], volume.geometry).lungs == ()
    result = run(folder, series_of(folder, (folder / "example_ct_dicom").iterdir()))
    assert any("no lung is seen" in warning for warning in result.warnings)
    assert {item.name for item in result.findings} == {"Tissue attenuation", "Tissue fraction"}


def test_the_annotated_tumour_is_among_the_candidates(shared_data: Path) -> None:
    folder = shared_data / "ct_chest"
    result = run(folder, series_of(folder, folder.rglob("*.dcm")))
    assert one(result, "Lung volume", Laterality.RIGHT).number == pytest.approx(3187, rel=0.05)
    boxes = {item["sop"]: item["boxes"][0]["box_xyxy"] for item in json.loads((folder / "boxes.json").read_text())}
    candidates = [item for item in result.findings if "candidate" in item.name]
    assert 1 <= len(candidates) <= 3
    assert candidates[0].laterality is Laterality.LEFT
    place = next(item.locator for item in result.evidence if isinstance(item.locator, VolumeSlice))
    assert place.box is not None
    x0, y0, x1, y1 = boxes[place.instance_uid]
    assert x0 <= (place.box[0] + place.box[2]) / 2 <= x1
    assert y0 <= (place.box[1] + place.box[3]) / 2 <= y1


def test_an_mr_gives_foreground_and_signal_only(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "mr"
    result = run(folder, series_of(folder, [folder / "brain1_image.nrrd"], FileKind.MR, "sha256:b"),
                 pictures=tmp_path / "overlays")
    assert {item.name for item in result.findings} == {"Foreground volume", "Signal intensity"}
    assert one(result, "Foreground volume").number == pytest.approx(3832, rel=0.05)
    assert all(item.picture for item in result.evidence)


def test_what_the_images_show_stands_against_a_header_that_lies(tmp_path: Path) -> None:
    drawing, true_ml = head(slice_mm=5.0, blood_mm=15.0)
    paths = write_slices(tmp_path / "ct", drawing.voxels(), PixelSpacing=[1.9, 1.9], ConvolutionKernel="H31s")
    series = series_of(tmp_path, paths, body_part="CHEST")
    result = run(tmp_path, series, pictures=tmp_path / "overlays")
    assert any("the header names chest, but the images show head" in text for text in result.warnings)
    dense = one(result, "Hyperdense volume")
    assert dense.value is not None
    assert dense.number == pytest.approx(true_ml, rel=0.1)
    assert dense.value.precision is not None
    assert 0 < dense.value.precision < 2
    assert not any("Lung" in item.name for item in result.findings)
    contrast = [pydicom.dcmread(path) for path in paths]
    for path, ds in zip(paths, contrast, strict=True):
        ds.ContrastBolusAgent = "Iohexol"
        ds.save_as(path)
    after = run(tmp_path, series_of(tmp_path, paths))
    assert not any(item.name == "Hyperdense volume" for item in after.findings)
    assert any("contrast medium" in text for text in after.warnings)


def test_an_opacity_is_given_with_axes_volume_and_the_precision_of_each(measured: tuple[ToolResult, Path]) -> None:
    result, _ = measured
    sizes = {item.name: item.value for item in result.findings if (item.site or "").startswith("Opacity 1")}
    assert list(sizes) == ["Pulmonary nodule candidate", "Long-axis diameter", "Short-axis diameter", "Opacity volume"]
    assert [(value.unit, value.precision) for value in list(sizes.values())[1:] if value] == [
        ("mm", 1.0), ("mm", 1.0), ("mL", pytest.approx(0.121, abs=0.02))]
    nodule = one(result, "Pulmonary nodule candidate")
    numbers_mm = [value.number for name, value in sizes.items() if name.endswith("diameter") and value and value.number]
    assert nodule.number == pytest.approx(sum(numbers_mm) / 2, abs=0.1)
    volume = sizes["Opacity volume"]
    assert volume is not None
    assert volume.number == pytest.approx(np.pi / 6 * 0.9**3, abs=volume.precision)


def test_low_attenuation_is_given_with_what_makes_it_incomparable(measured: tuple[ToolResult, Path]) -> None:
    result, _ = measured
    for side in (Laterality.RIGHT, Laterality.LEFT):
        low = one(result, LOW_AREA, side)
        assert low.number is not None
        assert 0 <= low.number < 2
    text, = (item for item in result.warnings if item.startswith("low-attenuation area"))
    assert "2.5 mm thick" in text
    assert "contrast medium was given" in text
