"""The pathology tool on generated and real slides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_slide import halve, paint_nuclei, scatter, slide_series, slide_study, write_tiff
from numpy.typing import NDArray
from PIL import Image

from caseloom.core.case import FileKind, Study
from caseloom.core.evidence import Evidence, SlideRegion
from caseloom.core.refusal import RefusalCode
from caseloom.core.result import AnswerStatus, ToolResult
from caseloom.core.settings import Limits
from caseloom.readers.measure import MeasureReader
from caseloom.tools.base import ToolContext
from caseloom.tools.pathology import PathologyTool

CMU = "CMU-1-Small-Region"
DENSE = "Region of high nuclear density"


def run(study: Study, root: Path, pictures: Path | None = None, question: str | None = None,
        limits: Limits | None = None) -> ToolResult:
    context = ToolContext(root=root, patient=None, opaque_patient="P-1", reader=MeasureReader(), pictures=pictures,
                          cache=root, question=question, limits=limits or Limits())
    return PathologyTool().run(study, context)


def run_one(path: Path, **options: object) -> ToolResult:
    return run(slide_study(slide_series(path.parent, [path])), path.parent, **options)  # type: ignore[arg-type]


def regions(result: ToolResult) -> list[SlideRegion]:
    """The ranked regions, in the order of their numbers."""
    places = {item.id: item.locator for item in result.evidence}
    ranked = sorted((item for item in result.findings if item.name == DENSE), key=lambda item: item.site or "")
    return [places[item.evidence[0]] for item in ranked]  # type: ignore[misc]


def overview(result: ToolResult) -> Evidence:
    (tissue,) = (item for item in result.findings if item.name.startswith("Tissue"))
    return next(item for item in result.evidence if item.id == tissue.evidence[0])


@pytest.fixture(scope="module")
def two_clusters() -> tuple[NDArray[np.uint8], int]:
    """700 x 700 µm of tissue on glass at 0.5 µm per pixel: sparse nuclei, and a dense field of 224 µm.

    Returns:
        The pixels, and how many nuclei the field at (112, 336) to (336, 560) µm (row, column) holds.
    """
    dense = scatter(240, (240, 240), 11.0, seed=3) + np.array([104, 328])
    sparse = scatter(220, (700, 700), 20.0, seed=4)
    sparse = sparse[((sparse < (100, 324)) | (sparse > (348, 572))).any(axis=1)]
    centres = np.concatenate([dense, sparse])
    pixels = np.full((2000, 2000, 3), 244, np.uint8)
    pixels[:1400, :1400] = paint_nuclei((700, 700), centres, seed=5)
    inside = ((centres >= (112, 336)) & (centres < (336, 560))).all(axis=1)
    return pixels, int(inside.sum())


def test_the_planted_field_is_first_with_its_true_count(
        tmp_path: Path, two_clusters: tuple[NDArray[np.uint8], int]) -> None:
    pixels, nuclei = two_clusters
    result = run_one(write_tiff(tmp_path / "slide.tif", [pixels, halve(pixels)], 0.5), pictures=tmp_path / "overlays")
    tissue, density, area, first = result.findings[:4]
    assert (density.name, density.value.unit, area.name, area.value.unit) == (
        "Nuclear density", "nuclei/mm2", "Median nuclear area", "um2")
    assert (tissue.name, tissue.value.unit) == ("Tissue area", "mm2")
    assert tissue.value.number == pytest.approx(0.49, rel=0.03)
    assert regions(result)[0] == SlideRegion(x=672, y=224, width=448, height=448, mpp=0.5)
    assert (first.name, first.site, first.value.unit, first.value.ucum) == (
        DENSE, "slide region 1", "nuclei/mm2", "/mm2")
    assert first.value.number == pytest.approx(nuclei / 0.224**2, rel=0.05)
    assert not result.refused
    assert not result.warnings


def test_every_finding_shows_its_place_on_the_slide(
        tmp_path: Path, two_clusters: tuple[NDArray[np.uint8], int]) -> None:
    path = write_tiff(tmp_path / "slide.tif", [two_clusters[0]], 0.5)
    result = run_one(path, pictures=tmp_path / "overlays")
    known = {item.id: item for item in result.evidence}
    assert {key for item in result.findings for key in item.evidence} == set(known)
    for item in result.evidence:
        assert item.source.file == "slide.tif"
        assert item.picture is not None
        with Image.open(tmp_path / item.picture) as picture:
            assert min(picture.size) > 200
    assert overview(result).locator == SlideRegion(x=0, y=0, width=2000, height=2000, mpp=0.5)
    counted = next(item.caption for item in result.evidence if item.caption.startswith("Slide region 1:"))
    assert f"{result.findings[3].value.number:g} per mm²" in counted


def test_equal_input_gives_equal_findings_and_pictures(
        tmp_path: Path, two_clusters: tuple[NDArray[np.uint8], int]) -> None:
    path = write_tiff(tmp_path / "slide.tif", [two_clusters[0]], 0.5)
    first, second = (run_one(path, pictures=tmp_path / name / "overlays") for name in ("one", "two"))
    assert first.model_copy(update={"seconds": 0.0}) == second.model_copy(update={"seconds": 0.0})
    for item in first.evidence:
        assert (tmp_path / "one" / item.picture).read_bytes() == (tmp_path / "two" / item.picture).read_bytes()
    undrawn = run_one(path)
    assert [item.id for item in undrawn.findings] == [item.id for item in first.findings]
    assert {item.picture for item in undrawn.evidence} == {None}


def test_without_a_scale_nothing_is_measured_in_millimetres(
        tmp_path: Path, two_clusters: tuple[NDArray[np.uint8], int]) -> None:
    result = run_one(write_tiff(tmp_path / "slide.tif", [two_clusters[0]], None), pictures=tmp_path / "overlays")
    (finding,) = result.findings
    assert (finding.name, finding.value.unit) == ("Tissue fraction", "%")
    assert finding.value.number == pytest.approx(49, abs=2)
    assert result.refused[0].code == RefusalCode.NO_SPACING
    assert result.warnings == (result.refused[0].reason,)
    assert overview(result).locator.mpp is None


def test_a_slide_coarser_than_10x_has_its_tissue_measured_and_no_nuclei(
        tmp_path: Path, two_clusters: tuple[NDArray[np.uint8], int]) -> None:
    result = run_one(write_tiff(tmp_path / "slide.tif", [halve(halve(two_clusters[0]))], 2.0))
    assert [item.name for item in result.findings] == ["Tissue area"]
    assert result.refused[0].code == RefusalCode.UNSUPPORTED


@pytest.mark.parametrize(("colour", "code"), [(255, RefusalCode.NO_TISSUE), (0, RefusalCode.NO_TISSUE)])
def test_a_slide_without_tissue_is_refused(tmp_path: Path, colour: int, code: RefusalCode) -> None:
    path = write_tiff(tmp_path / "slide.tif", [np.full((600, 700, 3), colour, np.uint8)], 0.5)
    result = run_one(path, pictures=tmp_path / "overlays")
    assert not result.findings
    assert [(item.file, item.code) for item in result.refused] == [("slide.tif", code)]
    assert not (tmp_path / "overlays").exists()


def test_a_bad_slide_does_not_cost_the_good_one(
        tmp_path: Path, two_clusters: tuple[NDArray[np.uint8], int]) -> None:
    good = write_tiff(tmp_path / "good.tif", [two_clusters[0]], 0.5)
    bad = tmp_path / "bad.svs"
    bad.write_text("a letter, not a slide")
    result = run(slide_study(slide_series(tmp_path, [bad], "1"), slide_series(tmp_path, [good], "2")), tmp_path)
    assert [(item.file, item.code) for item in result.refused] == [("bad.svs", RefusalCode.UNKNOWN_FORMAT)]
    assert {item.source.file for item in result.evidence} == {"good.tif"}


def test_too_large_a_slide_is_refused(tmp_path: Path, two_clusters: tuple[NDArray[np.uint8], int]) -> None:
    path = write_tiff(tmp_path / "slide.tif", [two_clusters[0]], 0.5)
    assert run_one(path, limits=Limits(max_slide_pixels=1000)).refused[0].code == RefusalCode.TOO_LARGE


def test_a_question_is_declined_in_words(tmp_path: Path, two_clusters: tuple[NDArray[np.uint8], int]) -> None:
    path = write_tiff(tmp_path / "slide.tif", [two_clusters[0]], 0.5)
    answer = run_one(path, question="Is there a carcinoma?").answer
    assert answer.status == AnswerStatus.DECLINED
    assert "measured and searched only" in answer.text
    assert run_one(path).answer is None


def test_the_gate_takes_slides_alone(tmp_path: Path) -> None:
    path = tmp_path / "slide.tif"
    path.write_bytes(b"x")
    slide = slide_study(slide_series(tmp_path, [path]))
    film = slide.series[0].model_copy(update={"kind": FileKind.FILM})
    assert PathologyTool().gate(slide) is None
    assert PathologyTool().gate(slide.model_copy(update={"series": (film,)})).code == RefusalCode.WRONG_MODALITY


def test_svs_and_its_dicom_twin_give_the_same_regions(shared_data: Path) -> None:
    svs = run_one(shared_data / "wsi" / f"{CMU}.svs")
    folder = shared_data / "wsi" / f"{CMU}.dicom"
    dicom = run(slide_study(slide_series(folder, sorted(folder.iterdir()))), folder)
    first, second = regions(svs), regions(dicom)
    assert len(first) == len(second) >= 3
    for one, other in zip(first, second, strict=True):
        assert max(abs(one.x - other.x), abs(one.y - other.y)) <= 224
    assert [item.value.number for item in dicom.findings] == pytest.approx(
        [item.value.number for item in svs.findings], rel=0.03)
    assert "colours contradict their header" in dicom.warnings[0]
