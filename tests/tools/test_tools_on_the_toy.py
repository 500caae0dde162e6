"""The tools with a real reader: a random checkpoint of the true architecture reads, whatever it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_ct import block, series_of, study_of, write_slices
from made_film import film_study
from PIL import Image

from caseloom.core.finding import Finding
from caseloom.core.result import ToolResult
from caseloom.readers.local.load import load_checkpoint
from caseloom.readers.local.reader import TransformersReader
from caseloom.readers.recipes.conditions import conditions_for
from caseloom.readers.recipes.pair import FINDINGS as CHANGES
from caseloom.tools.base import ToolContext
from caseloom.tools.comparison import ComparisonTool, StudyReading
from caseloom.tools.localization import LocalizationTool
from caseloom.tools.localization.structures import FINDINGS, OBJECTS
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
