"""What the files of one case say of the person and cannot both be true."""

from __future__ import annotations

import pytest
from made_case import FIRST, SECOND, Maker, made_case

from caseloom.agent.conflicts import conflicts_of
from caseloom.core.case import Case, FileKind, Identity
from caseloom.core.evidence import DocumentSpan, FhirResource
from caseloom.core.finding import Category, Status, Value
from caseloom.core.report import Conflict
from caseloom.sources.sex import sex_in, sex_of


def conflicts(identities: tuple[Identity, ...], death: str | None = None) -> tuple[list[Conflict], Maker]:
    """Of two laboratory reports of two dates and a record, the first two files with the given identities."""
    maker = Maker()
    for date in (FIRST, SECOND):
        source = maker.study(FileKind.DOCUMENT, "DOC", date, f"labs_{date}.pdf")
        maker.add(source, DocumentSpan(page=1, bbox=(0, 0, 9, 9), text="x"), f"Sodium, {date}", name="Sodium",
                  category=Category.LAB, status=Status.MEASURED, tool="labs", date=date,
                  value=Value(number=140, unit="mmol/L", collected_at=f"{date}T08:00:00"))
    if death:
        record = maker.study(FileKind.RECORD, "FHIR", None, "record.json")
        maker.add(record, FhirResource(resource_type="Patient", id="p", path="Patient.deceasedDateTime"), "Death",
                  name="Death", category=Category.RECORD, status=Status.PRESENT, tool="records", date=death)
    files = tuple(file.model_copy(update={"identities": (who,)}) for study, who in zip(
        maker.studies, identities, strict=False) for file in study.files)
    made: Case = made_case().case.model_copy(update={
        "files": files, "patient": made_case().case.patient.model_copy(update={"aliases": ("MRN-2",)})})
    return list(conflicts_of(made, maker.findings, maker.evidence)), maker


@pytest.mark.parametrize(("field", "one", "other", "said"), [
    ("birth_date", "1961-04-02", "1963-04-02", "date of birth"), ("sex", "male", "female", "sex")])
def test_files_that_an_alias_joins_and_that_contradict_each_other_are_shown_with_both(
        field: str, one: str, other: str, said: str) -> None:
    (conflict,), maker = conflicts(tuple(Identity(ids=(key,), **{field: value})
                                         for key, value in (("MRN-1", one), ("MRN-2", other))))
    assert f"disagree on the patient's {said}" in conflict.text
    assert all(f"labs_{date}.pdf" in conflict.text for date in (FIRST, SECOND))
    assert "1961" not in conflict.text
    assert set(conflict.evidence) == {item.id for item in maker.evidence}


def test_a_less_precise_birth_date_and_another_persons_file_are_no_contradiction() -> None:
    assert conflicts((Identity(ids=("MRN-1",), birth_date="1961"),
                      Identity(ids=("MRN-2",), birth_date="1961-04-02")))[0] == []
    assert conflicts((Identity(ids=("MRN-1",), sex="male"), Identity(ids=("MRN-9",), sex="female")))[0] == []


def test_results_after_a_recorded_death_are_shown_with_it() -> None:
    (conflict,), maker = conflicts((), death="2024-06-01")
    assert conflict.text == ("A death is recorded on 2024-06-01, and examinations or results are dated after it: "
                             f"Sodium of {SECOND}.")
    assert conflict.evidence == (maker.evidence[2].id, maker.evidence[1].id)
    assert conflicts((), death=SECOND)[0] == []


@pytest.mark.parametrize(("text", "sex"), [
    ("Name: A. Sample   Sex: F", "female"), ("Age/Sex: 45 Y / M", "male"), ("Gender Male", "male"),
    ("Sex: M\nSex: F", None), ("sexual health clinic", None), ("Sex hormone panel", None)])
def test_a_text_names_the_sex_by_its_label(text: str, sex: str | None) -> None:
    assert sex_in(text) == sex
    assert (sex_of("M"), sex_of("unknown"), sex_of(None)) == ("male", None, None)
