"""Files into series and studies."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from caseloom.core.case import FileKind, Study
from caseloom.core.settings import Limits
from caseloom.sources.discover import discover
from caseloom.sources.grouping import TOOL_FOR_KIND, shared_instance_uids, studies_in
from caseloom.sources.identify import Reading
from caseloom.sources.manifest import FileEntry, Manifest

MakeDicom = Callable[..., Path]


@pytest.fixture
def group(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Study, ...]]:
    def run(manifest: Manifest | None = None) -> tuple[Study, ...]:
        said = manifest or Manifest()
        found = discover(tmp_path / "case", Reading(Limits(), tmp_path_factory.mktemp("cache")), said)
        return studies_in(found, said)

    return run


def positions(study: Study, tmp_path: Path, series: int = 0) -> list[float]:
    import pydicom

    return [float(pydicom.dcmread(tmp_path / "case" / file.path).ImagePositionPatient[2])
            for file in study.series[series].files]


def test_slices_lie_along_the_normal_whatever_their_names_and_numbers(make_dicom: MakeDicom, tmp_path: Path,
                                                                     group: Callable[..., tuple[Study, ...]]) -> None:
    places = [-7.5, -5.0, -2.5, 0.0, 2.5, 5.0, 10.0]
    shuffled = random.Random(3).sample(places, len(places))  # noqa: S311 - a fixed order is wanted
    for number, z in enumerate(shuffled):
        make_dicom(tmp_path / "case" / f"IM{number}", z=z, InstanceNumber=len(places) - number)

    (study,) = group()

    assert positions(study, tmp_path) == places
    assert (study.kind, study.modality, study.date, study.id) == (FileKind.CT, "CT", "2025-03-04", "S1")
    assert study.series[0].frames == 7


def test_slices_stored_from_head_to_feet_are_in_lps_order_too(make_dicom: MakeDicom, tmp_path: Path,
                                                             group: Callable[..., tuple[Study, ...]]) -> None:
    for number, z in enumerate((30.0, 20.0, 10.0)):
        make_dicom(tmp_path / "case" / f"{number}", z=z, ImageOrientationPatient=[1, 0, 0, 0, -1, 0])

    (study,) = group()

    assert positions(study, tmp_path) == [10.0, 20.0, 30.0]


def test_localizers_and_other_geometries_split_off(make_dicom: MakeDicom, tmp_path: Path,
                                                   group: Callable[..., tuple[Study, ...]]) -> None:
    case = tmp_path / "case"
    for number in range(4):
        make_dicom(case / f"axial{number}", z=float(number))
    make_dicom(case / "scout", z=9.0, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
               ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    make_dicom(case / "coarse", z=10.0, PixelSpacing=[1.5, 1.5])

    (study,) = group()

    assert [len(series.files) for series in study.series] == [4, 1, 1]
    assert {"LOCALIZER" in series.image_type for series in study.series[1:]} == {True, False}
    assert len({series.uid for series in study.series}) == 1


def test_repeated_scans_of_the_same_places_are_separate_series(make_dicom: MakeDicom, tmp_path: Path,
                                                              group: Callable[..., tuple[Study, ...]]) -> None:
    case = tmp_path / "case"
    for phase in (1, 2):
        for number in range(3):
            make_dicom(case / f"{phase}-{number}", z=float(number), AcquisitionNumber=phase,
                       SOPInstanceUID=f"1.2.3.{phase}.{number}")
    assert [len(series.files) for series in group()[0].series] == [3, 3]


def test_an_acquisition_number_per_slice_is_no_reason_to_split(make_dicom: MakeDicom, tmp_path: Path,
                                                              group: Callable[..., tuple[Study, ...]]) -> None:
    for number in range(4):
        make_dicom(tmp_path / "case" / f"{number}", z=float(number), AcquisitionNumber=number)

    assert [len(series.files) for series in group()[0].series] == [4]


def test_one_study_per_kind_of_object(make_dicom: MakeDicom, tmp_path: Path,
                                      group: Callable[..., tuple[Study, ...]]) -> None:
    case = tmp_path / "case"
    make_dicom(case / "ct", "CT", series="a", PatientID="P-1")
    make_dicom(case / "pa", "DX", series="b", ViewPosition="PA", BodyPartExamined="CHEST",
               ImagerPixelSpacing=[0.2, 0.2])
    make_dicom(case / "ll", "DX", series="b", ViewPosition="LL", PixelSpacing=[0, 0], z=1.0)
    make_dicom(case / "sr", "SR", series="c")

    ct, film = group()

    assert (ct.kind, film.kind, ct.uid == film.uid) == (FileKind.CT, FileKind.FILM, True)
    assert [(series.view, series.spacing_mm, series.body_part) for series in film.series] == [
        ("LL", None, None), ("PA", (0.2, 0.2), "CHEST")]


def test_missing_uids_keep_a_folder_together(make_dicom: MakeDicom, tmp_path: Path,
                                             group: Callable[..., tuple[Study, ...]]) -> None:
    for number in range(3):
        make_dicom(tmp_path / "case" / "one" / f"{number}", z=float(number), SeriesInstanceUID=None,
                   StudyInstanceUID=None)

    (study,) = group()

    assert [len(series.files) for series in study.series] == [3]
    assert study.series[0].uid.startswith("sha256:")


def test_case_yaml_completes_what_files_do_not_say(make_dicom: MakeDicom, tmp_path: Path,
                                                   group: Callable[..., tuple[Study, ...]]) -> None:
    case = tmp_path / "case"
    case.mkdir()
    Image.effect_noise((300, 300), 40).save(case / "a.png")
    Image.effect_noise((300, 301), 40).save(case / "film_2024-05-06.png")
    make_dicom(case / "ct", StudyDate="20250304")
    said = Manifest(files={"a.png": FileEntry(date="2023-01", modality="CR", view="AP", body_part="CHEST"),
                           "ct": FileEntry(date="2020")})

    first, second, third = group(said)

    assert (first.date, first.modality, first.series[0].view, first.body_part) == ("2023-01", "CR", "AP", "CHEST")
    assert second.date == "2024-05-06"
    assert third.date == "2025-03-04"
    assert [study.id for study in (first, second, third)] == ["S1", "S2", "S3"]


def test_equal_instance_uids_with_different_content_are_said(make_dicom: MakeDicom, tmp_path: Path) -> None:
    for number in range(2):
        make_dicom(tmp_path / f"{number}", z=float(number), SOPInstanceUID="1.2.3")

    (warning,) = shared_instance_uids(discover(tmp_path, Reading(Limits(), tmp_path)))

    assert "0, 1" in warning


def test_a_real_series_and_a_real_slide(shared_data: Path, tmp_path: Path) -> None:
    reading = Reading(Limits(), tmp_path)
    (study,) = studies_in(discover(shared_data / "ct_chest" / "Lung_Dx-A0001", reading), Manifest())
    assert [len(series.files) for series in study.series] == [64]

    levels, svs = studies_in([item for item in discover(shared_data / "wsi", reading)
                              if item.file.kind is FileKind.SLIDE], Manifest())
    assert levels.date == svs.date == "2009-12-29"
    assert len(levels.series) == 1
    assert levels.series[0].files[0].path.endswith("51964035950843598658438462088613050949.dcm")
    assert {len(levels.files), len(svs.files)} == {8, 1}


def test_every_tool_of_the_catalogue_is_known() -> None:
    assert set(TOOL_FOR_KIND.values()) == {"volume", "localization", "pathology", "labs", "records"}
