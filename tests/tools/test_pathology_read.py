"""What a model is shown of a slide, and what becomes of its answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_slide import paint_nuclei, scatter, slide_series, slide_study, write_tiff
from PIL import Image
from scripted_reader import ScriptedReader

from caseloom.core.case import Identity, Patient, Study
from caseloom.core.errors import ReaderFailed
from caseloom.core.evidence import SlideRegion
from caseloom.core.finding import MEASURED, Assertion, Status
from caseloom.core.result import AnswerStatus, ToolResult
from caseloom.readers.measure import MeasureReader
from caseloom.readers.protocol import Reader
from caseloom.readers.request import Picture, Request
from caseloom.sources.slide import Region
from caseloom.tools.base import ToolContext
from caseloom.tools.pathology import PathologyTool
from caseloom.tools.pathology.patches import lay_patches
from caseloom.tools.pathology.read import DIAGNOSIS

LINE = "colon, biopsy: tubular adenoma"
CMU = "CMU-1-Small-Region.svs"


def script(line: str = LINE, finding: str = "Final Answer: yes") -> ScriptedReader:
    return ScriptedReader(lambda request: finding if "Final Answer" in words(request) else line)


def words(request: Request) -> str:
    return "".join(part for part in request.parts if isinstance(part, str))


def run(study: Study, root: Path, reader: Reader, **options: object) -> ToolResult:
    context = ToolContext(**{"root": root, "patient": None, "opaque_patient": "P-1", "reader": reader, "pictures": None,
                             "cache": root} | options)
    return PathologyTool().run(study, context)


def read_of(result: ToolResult) -> list:
    return [finding for finding in result.findings if finding.is_read]


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2.0 x 2.8 mm at 1 µm per pixel: tissue everywhere but in the lower left quarter."""
    pixels = np.full((2000, 2800, 3), 244, np.uint8)
    tissue = paint_nuclei((1000, 1400), scatter(300, (1000, 1400), 20.0, seed=1), seed=2, per_um=2)
    pixels[:, :] = tissue[:2000, :2800]
    pixels[1000:, :1400] = 244
    return write_tiff(tmp_path_factory.mktemp("slide") / "slide.tif", [pixels], 1.0)


def study_of(path: Path, **series: object) -> Study:
    return slide_study(slide_series(path.parent, [path]).model_copy(update=series))


def test_patches_lie_on_tissue_in_reading_order_at_ten_times(slide: Path) -> None:
    reader = script()
    result = run(study_of(slide), slide.parent, reader)
    (request,) = reader.requests
    shown = [part for part in request.parts if isinstance(part, Picture)]
    assert [picture.pixels.shape for picture in shown] == [(896, 896, 3)] * 5
    assert request.scope == "P-1"
    stored = np.asarray(Image.open(slide))
    left, top = (2800 - 3 * 896) // 2, (2000 - 2 * 896) // 2
    corners = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2)]
    for picture, (row, column) in zip(shown, corners, strict=True):
        y, x = top + row * 896, left + column * 896
        assert (picture.pixels == stored[y:y + 896, x:x + 896]).all()
    (finding,) = read_of(result)
    assert (finding.name, finding.value.text, finding.status) == (DIAGNOSIS, LINE, Status.PRESENT)
    assert (finding.assertion, finding.reader, finding.confidence) == (Assertion.AFFIRMED, "scripted", None)
    known = {item.id: item for item in result.evidence}
    evidence = [known[key] for key in finding.evidence]
    assert [item.locator for item in evidence] == [
        SlideRegion(x=left + column * 896, y=top + row * 896, width=896, height=896, mpp=1.0)
        for row, column in corners]
    assert [item.raw_answer for item in evidence] == [LINE, None, None, None, None]
    assert evidence[4].caption == "Patch 5 of the 5 shown to scripted, asked for a diagnosis line"
    assert evidence[0].caption.startswith(
        "5 of 5 tissue patches of 896 x 896 pixels at 10x, 1 µm per pixel, as shown to")
    assert not result.warnings


def test_what_is_measured_is_the_same_with_and_without_a_model(slide: Path) -> None:
    alone = run(study_of(slide), slide.parent, MeasureReader())
    beside = run(study_of(slide), slide.parent, script())
    measured = [finding for finding in beside.findings if not finding.is_read]
    assert measured == list(alone.findings)
    assert {finding.reader for finding in measured} == {MEASURED}


def test_the_overlay_shows_the_patches(slide: Path, tmp_path: Path) -> None:
    result = run(study_of(slide), slide.parent, script(), pictures=tmp_path)
    (evidence,) = (item for item in result.evidence if item.raw_answer)
    pixels = np.asarray(Image.open(tmp_path / Path(evidence.picture).name).convert("RGB"))
    assert Path(evidence.picture).parent.name == "overlays"
    assert (pixels == (86, 180, 233)).all(axis=2).any()


def test_a_question_is_asked_and_answered_with_its_evidence(slide: Path) -> None:
    reader = script(finding="Nests are seen. Final Answer: no")
    result = run(study_of(slide), slide.parent, reader, question="Is there invasive carcinoma?")
    line, asked = reader.requests
    assert "invasive carcinoma" in words(asked)
    assert asked.pictures == line.pictures
    finding = read_of(result)[-1]
    assert (finding.name, finding.status) == ("Invasive carcinoma", Status.ABSENT)
    assert result.answer.status is AnswerStatus.ANSWERED
    assert "reads invasive carcinoma as absent" in result.answer.text
    assert result.answer.sentences[0].evidence == finding.evidence
    assert result.answer.evidence[0].raw_answer == "Nests are seen. Final Answer: no"


def test_other_questions_are_declined(slide: Path) -> None:
    result = run(study_of(slide), slide.parent, script(), question="What stage is it?")
    assert result.answer.status is AnswerStatus.DECLINED
    assert [finding.name for finding in read_of(result)] == [DIAGNOSIS]


def test_an_answer_that_is_neither_yes_nor_no_is_indeterminate(slide: Path) -> None:
    result = run(study_of(slide), slide.parent, script(line="", finding="perhaps, see Final Answer"),
                 question="Is there necrosis?")
    line, asked = read_of(result)
    assert (line.status, line.value) == (Status.INDETERMINATE, None)
    assert asked.status is Status.INDETERMINATE
    assert result.answer.status is AnswerStatus.DECLINED
    assert any("no usable answer about necrosis" in warning for warning in result.warnings)
    assert [item.raw_answer for item in result.evidence if item.raw_answer is not None] == [
        "", "perhaps, see Final Answer"]


def test_a_reader_that_fails_leaves_what_was_measured(slide: Path) -> None:
    def fail(request: Request) -> str:
        raise ReaderFailed("the server is down")

    result = run(study_of(slide), slide.parent, ScriptedReader(fail), question="Is there necrosis?")
    assert not read_of(result)
    assert result.findings
    assert result.warnings == ("scripted did not read the slide of 2025-03-04: the server is down",)
    assert (result.answer.status, result.answer.text) == (
        AnswerStatus.DECLINED, "scripted did not read the slide of 2025-03-04: the server is down.")


@pytest.mark.parametrize(("mpp", "reason"), [(None, "does not say how large its pixels are"),
                                             (4.0, "coarser than the 5x")])
def test_a_slide_without_a_usable_scale_is_not_shown(mpp: float | None, reason: str, slide: Path,
                                                     tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "slide.tif", [np.asarray(Image.open(slide))[:1200, :1200]], mpp)
    reader = script()
    result = run(study_of(path), tmp_path, reader)
    assert not reader.requests
    assert any("scripted was not shown" in warning and reason in warning for warning in result.warnings)


def test_a_slide_scanned_at_five_times_is_shown_so(slide: Path, tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "slide.tif", [np.asarray(Image.open(slide))[:1000, :1800]], 2.0)
    result = run(study_of(path), tmp_path, script())
    assert any("2 of 2 tissue patches of 896 x 896 pixels at 5x, 2 µm per pixel" in item.caption
               for item in result.evidence)


def test_no_identity_reaches_the_model(slide: Path) -> None:
    reader = script()
    patient = Patient(id="TH-220045", names=("Ohm, Anna",), birth_date="1950-02-03")
    study = study_of(slide, description="Colon biopsy Anna OHM TH220045", body_part="COLON")
    file = study.series[0].files[0].model_copy(update={"identities": (Identity(names=("Volt, Anna",)),)})
    study = slide_study(study.series[0].model_copy(update={"files": (file,)}))
    run(study, slide.parent, reader, patient=patient, question="Is there carcinoma of Anna Volt, born 3.2.1950?")
    said = " ".join(words(request) for request in reader.requests).casefold()
    assert "colon" in said
    assert "carcinoma of the patient" in said
    assert not [secret for secret in ("ohm", "anna", "volt", "220045", "1950", str(slide)) if secret in said]


def test_a_grid_without_tissue_in_whole_patches_has_no_place() -> None:
    mask = np.zeros((100, 100), bool)
    mask[:4] = True
    grid = lay_patches(mask, Region(0, 0, 1000, 1000), 1.0)
    assert grid is not None
    assert grid.places == ()


def test_more_tissue_than_fits_is_sampled_the_same_way_every_time() -> None:
    grid = lay_patches(np.ones((50, 50), bool), Region(100, 50, 896 * 15, 896 * 12), 1.0)
    assert grid is not None
    assert len(grid.places) == 180
    assert grid.places[0] == Region(100, 50, 896, 896)
    assert list(grid.places) == sorted(grid.places, key=lambda place: (place.y, place.x))


def test_a_real_slide_of_one_whole_patch(shared_data: Path) -> None:
    path = shared_data / "wsi" / CMU
    reader = script()
    result = run(study_of(path), path.parent, reader)
    (request,) = reader.requests
    (picture,) = request.pictures
    assert 100 < picture.pixels.mean() < 240
    assert picture.pixels[..., 0].mean() > picture.pixels[..., 1].mean()
    assert any(item.caption.startswith("1 of 1 tissue patches") for item in result.evidence)
