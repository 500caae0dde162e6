"""The tools with a real reader: a random checkpoint of the true architecture reads, whatever it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_ct import block, series_of, study_of, write_slices
from made_film import film_study
from made_record import ANNA, about_anna, concept, run_on_resources, status
from made_report_page import write_report
from made_slide import paint_nuclei, scatter, slide_series, slide_study, write_tiff
from PIL import Image

from caseloom.core.case import FileKind, Patient
from caseloom.core.finding import Finding
from caseloom.core.result import ToolResult
from caseloom.readers.local.load import load_checkpoint
from caseloom.readers.local.reader import TransformersReader
from caseloom.readers.recipes.conditions import conditions_for
from caseloom.readers.recipes.pair import FINDINGS as CHANGES
from caseloom.tools.base import ToolContext
from caseloom.tools.comparison import ComparisonTool, StudyReading
from caseloom.tools.labs import LabsTool
from caseloom.tools.localization import LocalizationTool
from caseloom.tools.localization.structures import FINDINGS, OBJECTS
from caseloom.tools.pathology import PathologyTool
from caseloom.tools.pathology.read import DIAGNOSIS
from caseloom.tools.volume import VolumeTool


@pytest.fixture(scope="module")
def reader(toy_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> TransformersReader:
    """Three of four tokens end an answer, so that a model that has nothing to say is soon done."""
    loaded = load_checkpoint(str(toy_checkpoint), cache=tmp_path_factory.mktemp("digests"), device="cpu")
    ends = frozenset(token for token in range(len(loaded.tokenizer)) if token % 4)
    return TransformersReader(loaded, cache=tmp_path_factory.mktemp("features"), stops=ends)


def context(root: Path, reader: TransformersReader, out: Path) -> ToolContext:
    return ToolContext(root=root, patient=None, opaque_patient="P-0", reader=reader, pictures=out / "overlays",
                       cache=out)


def of_model(result: ToolResult, reader: TransformersReader) -> list[Finding]:
    """Findings of the reader, each with evidence that holds what it wrote."""
    found = [item for item in result.findings if item.reader == reader.identity.name]
    words = {item.id: item.raw_answer for item in result.evidence}
    assert all(words[key] is not None for item in found for key in item.evidence)
    assert not any("did not read" in text for text in result.warnings), result.warnings
    return found


def test_a_volume(tmp_path: Path, reader: TransformersReader) -> None:
    series = series_of(tmp_path, write_slices(tmp_path / "ct", block(9)), body_part="CHEST")
    runs = [VolumeTool().run(study_of(series), context(tmp_path, reader, tmp_path)) for _ in range(2)]
    assert len(of_model(runs[0], reader)) == len(conditions_for("CT", "chest"))
    assert runs[0].findings == runs[1].findings


def test_a_slide(tmp_path: Path, reader: TransformersReader) -> None:
    pixels = paint_nuclei((1000, 1000), scatter(150, (1000, 1000), 20.0, seed=1), seed=2, per_um=1)
    path = write_tiff(tmp_path / "slide.tif", [pixels], 1.0)
    result = PathologyTool().run(slide_study(slide_series(tmp_path, [path])), context(tmp_path, reader, tmp_path))
    assert [item.name for item in of_model(result, reader)] == [DIAGNOSIS]


def test_a_laboratory_page(tmp_path: Path, reader: TransformersReader) -> None:
    path = write_report(tmp_path / "report.pdf", "Patient name: Ohm, Anna     MRN: A77-1     DOB: 03.02.1950")
    series = series_of(tmp_path, [path], kind=FileKind.DOCUMENT)
    asked = replace(context(tmp_path, reader, tmp_path), patient=Patient(id="A77-1", names=("Anna Ohm",)))
    result = LabsTool().run(study_of(series), asked)
    assert {item.name for item in result.findings if not item.is_read} == {"Potassium", "Sodium", "CRP"}
    assert [item.raw_answer is not None for item in result.evidence if item.caption.startswith("Page 1 as shown")] == [
        True]


def test_a_record(tmp_path: Path, reader: TransformersReader) -> None:
    anemia = about_anna("Condition", id="c1", code=concept("Anemia"), clinicalStatus=status("active"))
    result = run_on_resources(tmp_path, ANNA, anemia, question="Which entry could explain the tiredness?",
                              reader=reader)
    assert result.answer is not None
    assert (result.answer.status, result.answer.raw_answer is None) == ("declined", False)
    assert reader.identity.name in result.answer.text


def test_a_film_and_a_pair_of_films(shared_data: Path, tmp_path: Path, reader: TransformersReader) -> None:
    for name, shift in (("prior.png", 0), ("current.png", 6)):
        with Image.open(shared_data / "cxr_nih" / "00000001_000.png") as picture:
            pixels = np.asarray(picture.convert("L").resize((512, 512)))
        Image.fromarray(np.roll(pixels, shift, axis=0)).save(tmp_path / name)
    asked = context(tmp_path, reader, tmp_path)
    readings = []
    for name, day in (("prior.png", "2025-01-01"), ("current.png", "2025-02-01")):
        study = film_study(tmp_path / name, view="PA").model_copy(update={"date": day})
        readings.append(StudyReading(study, LocalizationTool().run(study, asked)))
    assert len(of_model(readings[0].result, reader)) == len(OBJECTS) + len(FINDINGS)
    assert len(of_model(ComparisonTool().compare(readings[0], readings[1], asked), reader)) == len(CHANGES)
