"""Two films of one patient, as a model compares them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_ct import block, series_of, write_slices
from made_film import film_study
from PIL import Image
from scripted_reader import ScriptedReader

from caseloom.core.case import Study
from caseloom.core.errors import ReaderFailed
from caseloom.core.finding import Category, Direction, Finding, Status
from caseloom.core.result import ToolResult
from caseloom.readers.measure import MeasureReader
from caseloom.readers.protocol import Reader
from caseloom.readers.request import Request
from caseloom.tools.base import ToolContext
from caseloom.tools.comparison import ComparisonTool, StudyReading
from caseloom.tools.localization import LocalizationTool
from caseloom.tools.volume import VolumeTool

PRIOR, CURRENT = "ada8c494.jpg", "8da14fff.jpg"
"""PA films of patient 253, 38 days apart."""


def changes(request: Request[Any]) -> str:
    question = str(request.parts[-1])
    said = {"pleural effusion": "More fluid.\nFinal Answer: (C) Worsened", "pneumonia": "Final Answer: B",
            "consolidation": "Final Answer: improved"}
    return next((answer for name, answer in said.items() if name in question), "It is what it is.")


@pytest.fixture(scope="module")
def films(shared_data: Path) -> Path:
    return shared_data / "cxr_longitudinal" / "images"


def context(root: Path, reader: Reader, pictures: Path | None = None) -> ToolContext:
    return ToolContext(root=root, patient=None, opaque_patient="P-0", reader=reader, pictures=pictures, cache=root)


def read(path: Path, day: str, **fields: object) -> StudyReading:
    """A film, measured."""
    study = film_study(path, **fields).model_copy(update={"date": day})
    return StudyReading(study, LocalizationTool().run(study, context(path.parent, MeasureReader())))


@pytest.fixture(scope="module")
def pair(films: Path) -> tuple[StudyReading, StudyReading]:
    return read(films / PRIOR, "2020-01-01", view="PA"), read(films / CURRENT, "2020-02-08", view="PA")


def of_model(result: ToolResult) -> dict[str, Finding]:
    return {item.name: item for item in result.findings if item.is_read}


def test_answers_become_changes_that_cite_both_films(films: Path, pair: tuple[StudyReading, StudyReading],
                                                     tmp_path: Path) -> None:
    reader = ScriptedReader(changes)
    result = ComparisonTool().compare(*pair, context(films, reader, tmp_path / "overlays"))
    found = of_model(result)
    assert {name: item.change.direction if item.change else None for name, item in found.items()} == {
        "Consolidation": Direction.IMPROVED, "Pulmonary edema": None, "Pleural effusion": Direction.WORSENED,
        "Pneumonia": Direction.STABLE, "Pneumothorax": None}
    effusion = found["Pleural effusion"]
    assert effusion.change is not None
    assert (effusion.category, effusion.reader, effusion.date, effusion.confidence) == (
        Category.CHANGE, "scripted", "2020-02-08", None)
    assert effusion.change.interval_days == 38
    shown = {item.id: item for item in result.evidence}
    before, = (shown[key] for key in effusion.change.prior_evidence)
    after, = (shown[key] for key in effusion.evidence if key != before.id)
    assert (before.source.file, before.date, after.source.file, after.date) == (PRIOR, "2020-01-01", CURRENT,
                                                                              "2020-02-08")
    assert before.raw_answer == after.raw_answer == "More fluid.\nFinal Answer: (C) Worsened"
    assert before.picture == after.picture
    with Image.open(tmp_path / str(before.picture)) as drawn:
        assert drawn.height == 640
    edema = found["Pulmonary edema"]
    assert edema.status is Status.INDETERMINATE
    assert {shown[key].raw_answer for key in edema.evidence} == {"It is what it is."}
    assert any("the change of edema, the change of pneumothorax between the films of 2020-01-01 and 2020-02-08" in text
               for text in result.warnings)


def test_the_earlier_film_is_shown_first_and_both_once(films: Path, pair: tuple[StudyReading, StudyReading]) -> None:
    reader = ScriptedReader(changes)
    ComparisonTool().compare(*pair, context(films, reader))
    assert [request.recipe for request in reader.requests] == ["pair/1"] * 5
    first = reader.requests[0].pictures
    assert len(first) == 2
    assert all(request.pictures[0] is first[0] and request.pictures[1] is first[1] for request in reader.requests)
    with Image.open(films / PRIOR) as picture:
        assert first[0].pixels.shape[0] == max(picture.size)


def test_measured_changes_are_the_same_with_any_reader(films: Path, pair: tuple[StudyReading, StudyReading]) -> None:
    alone = ComparisonTool().compare(*pair, context(films, MeasureReader()))
    beside = ComparisonTool().compare(*pair, context(films, ScriptedReader(changes)))
    assert alone.findings
    assert beside.findings[:len(alone.findings)] == alone.findings
    assert {item.reader for item in alone.findings} == {"measure"}


def test_a_reader_that_fails_costs_nothing_that_was_measured(films: Path,
                                                             pair: tuple[StudyReading, StudyReading]) -> None:
    def down(request: Request[Any]) -> str:
        raise ReaderFailed("out of memory")

    alone = ComparisonTool().compare(*pair, context(films, MeasureReader()))
    result = ComparisonTool().compare(*pair, context(films, ScriptedReader(down)))
    assert (result.findings, result.evidence) == (alone.findings, alone.evidence)
    assert result.warnings[-1] == ("scripted did not read the films of 2020-01-01 and 2020-02-08: out of memory")


def test_films_that_no_gate_let_in_are_not_compared(films: Path, pair: tuple[StudyReading, StudyReading]) -> None:
    lateral = read(films / CURRENT, "2020-02-08", view="LL")
    assert lateral.result.refused
    reader = ScriptedReader(changes)
    assert not of_model(ComparisonTool().compare(pair[0], lateral, context(films, reader)))
    assert reader.requests == []


def test_films_of_one_view_are_compared_where_there_is_a_choice(films: Path,
                                                                pair: tuple[StudyReading, StudyReading]) -> None:
    supine = read(films / "1052b0fe.jpg", "2020-02-08", view="AP SUPINE")
    both = StudyReading(
        supine.study.model_copy(update={"series": (*supine.study.series, *pair[1].study.series)}),
        supine.result.model_copy(update={"evidence": (*supine.result.evidence, *pair[1].result.evidence)}))
    result = ComparisonTool().compare(pair[0], both, context(films, ScriptedReader(changes)))
    cited = {item.source.file for item in result.evidence if item.raw_answer is not None}
    assert cited == {PRIOR, CURRENT}


def test_two_ct_scans_are_shown_to_nobody(tmp_path: Path) -> None:
    reader = ScriptedReader(changes)
    sides = []
    for day, name in (("2020-01-01", "a"), ("2020-02-01", "b")):
        series = series_of(tmp_path, write_slices(tmp_path / name, block(6)), body_part="CHEST")
        study = Study(id=name, uid=name, kind=series.kind, modality="CT", date=day, series=(series,))
        sides.append(StudyReading(study, VolumeTool().run(study, context(tmp_path, MeasureReader()))))
    result = ComparisonTool().compare(*sides, replace(context(tmp_path, reader)))
    assert reader.requests == []
    assert not of_model(result)
