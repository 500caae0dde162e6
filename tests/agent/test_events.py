"""The dated facts of a case, and sources that disagree."""

from __future__ import annotations

import pytest

from caseloom.agent.conflicts import lab_conflicts
from caseloom.agent.events import event_text, events_of
from caseloom.agent.plan import Task
from caseloom.agent.state import TaskResult
from caseloom.core.case import Study
from caseloom.core.evidence import DocumentSpan, FhirResource, Source, make_evidence
from caseloom.core.finding import Change, Code, Finding, Value, make_finding
from caseloom.core.report import TimelineEvent
from caseloom.core.result import ToolResult
from caseloom.memory.query import Query


def lab(number: float | None, evidence: str, **value: object) -> Finding:
    return make_finding(name="Haemoglobin", category="lab", status="measured", evidence=(evidence,), tool="labs",
                        code=Code(system="http://loinc.org", code="718-7", display="Hemoglobin"), reader="measure",
                        value=Value(**{"number": number, "text": str(number), "unit": "g/L", "flag": "L"} | value),
                        date="2025-03-04", patient="P")


def test_the_same_fact_from_two_sources_is_one_event_with_both_evidences() -> None:
    event, = events_of([], [lab(118, "ev-b"), lab(118, "ev-a")])
    assert event.text == "Haemoglobin: 118 g/L [L]"
    assert event.evidence == ("ev-a", "ev-b")
    assert event.precision == "day"


def test_when_a_result_became_known_is_kept() -> None:
    event, = events_of([], [lab(118, "ev-a", issued_at="2025-03-05")])
    assert (event.occurred_at, event.recorded_at) == ("2025-03-04", "2025-03-05")


def test_a_corrected_report_names_what_it_corrects_and_both_stay() -> None:
    drawn = {"date": "2025-03-04T08:15"}
    first = lab(61, "ev-first", issued_at="2025-03-04T10:00").model_copy(update=drawn)
    corrected = lab(118, "ev-corrected", issued_at="2025-03-06T09:00").model_copy(update=drawn)
    old, new = sorted(events_of([], [corrected, first]), key=lambda event: event.recorded_at or "")
    assert (old.supersedes, new.supersedes) == (None, old.id)
    assert new.id == events_of([], [corrected])[0].id  # whether or not the first one is there
    apart = [lab(61, "a", issued_at="2025-03-04"), lab(118, "b", issued_at="2025-03-06")]
    assert {event.supersedes for event in events_of([], apart)} == {None}  # two draws of one day, for all that is known


def test_a_pure_number_has_no_unit_and_a_doubt_is_said() -> None:
    ratio = make_finding(name="Cardiothoracic ratio", category="change", status="indeterminate", evidence=("e",),
                         value=Value(number=0.47, unit="1"), tool="comparison", reader="measure", patient="P",
                         change=Change(direction="increased", from_=0.45, to=0.47))
    assert event_text(ratio) == "(indeterminate) Cardiothoracic ratio: increased from 0.45 to 0.47"


def test_a_row_that_a_model_reads_with_another_unit_is_a_conflict() -> None:
    printed, read = lab(118, "a"), lab(118, "b", unit="g/dL").model_copy(update={
        "reader": "medgemma", "status": "indeterminate", "id": "read"})
    conflict, = lab_conflicts([printed, read])
    assert "118 g/L" in conflict.text and "118 g/dL (read by medgemma)" in conflict.text


def test_differing_results_of_one_moment_are_a_conflict_and_equal_ones_are_none() -> None:
    assert lab_conflicts([lab(118, "a"), lab(118, "b")]) == ()
    conflict, = lab_conflicts([lab(118, "a"), lab(181, "b")])
    assert "118 g/L, 181 g/L" in conflict.text
    assert set(conflict.evidence) == {"a", "b"}


@pytest.mark.parametrize(("one", "other", "disagree"), [
    ({"number": 118}, {"number": 118.4}, False),
    ({"number": 5.4}, {"number": 5.43}, False),
    ({"number": 5.4}, {"number": 5.5}, True),
    ({"number": 5}, {"number": 5.4}, True),
    ({"number": 10}, {"number": 11}, True),
    ({"number": 5, "comparator": "<"}, {"number": 3}, False),
    ({"number": 5, "comparator": "<"}, {"number": 7}, True),
    ({"number": 300, "comparator": ">"}, {"number": 412}, False),
    ({"number": None, "text": "negative"}, {"number": None, "text": "Negative"}, False),
    ({"number": None, "text": "negative"}, {"number": None, "text": "positive"}, True),
    ({"number": None, "text": "negative"}, {"number": 0.1}, False),
])
def test_results_agree_as_far_as_they_were_rounded(one: dict[str, object], other: dict[str, object],
                                                   disagree: bool) -> None:
    given = [lab(evidence=evidence, **{"text": None} | fields) for evidence, fields in (("a", one), ("b", other))]
    assert bool(lab_conflicts(given)) is disagree


def test_a_page_and_a_record_that_tell_one_result_are_one_event() -> None:
    """The page prints no zone and no flag for it, the record does."""
    page = lab(118, "ev-page", flag=None).model_copy(update={"date": "2025-03-04T08:15"})
    record = lab(118, "ev-record", text="118.0", issued_at="2025-03-04T10:00").model_copy(
        update={"date": "2025-03-04T08:15:00Z"})
    event, = events_of([], [page, record])
    assert event.evidence == ("ev-page", "ev-record")
    assert (event.occurred_at, event.recorded_at) == ("2025-03-04T08:15:00Z", "2025-03-04T10:00")
    assert (event.analyte, event.code, event.precision) == ("Haemoglobin", "718-7", "time")
    assert len(events_of([], [page, lab(119, "ev-record")])) == 2


def test_a_share_and_its_percent_are_one_event_and_no_conflict() -> None:
    page = lab(0.55, "ev-page", unit=None)
    record = lab(55, "ev-record", unit="%", ucum="%")
    event, = events_of([], [page, record])
    assert event.evidence == ("ev-page", "ev-record") and event.text == "Haemoglobin: 55 % [L]"
    assert lab_conflicts([page, record]) == ()


def test_one_event_keeps_its_id_whichever_source_was_known_first() -> None:
    page, record = lab(0.55, "ev-page", unit=None), lab(55, "ev-record", unit="%", ucum="%")
    alone, both = events_of([], [page]), events_of([], [page, record])
    assert [event.id for event in alone] == [event.id for event in both]


def test_a_report_that_two_sources_date_differently_is_one_conflict() -> None:
    names = ("Sodium", "Potassium", "Chloride", "Calcium", "Albumin", "Protein", "Urate", "Iron")
    found = [lab(4 + n, f"{file}{n}").model_copy(update={"name": name, "code": None, "date": date, "id": f"{file}{n}"})
             for file, date in (("page", "2025-03-04T11:45"), ("record", "2025-03-05"))
             for n, name in enumerate(names)]
    conflict, = lab_conflicts(found, {item.evidence[0]: item.id[:-1] for item in found})
    assert "2025-03-04 11:45 and 2025-03-05" in conflict.text and len(conflict.evidence) == 16
    assert len(events_of([], found)) == 16  # without knowing the files nothing says that each is one report


def entry(assertion: str, *ended: str | None, name: str = "Pneumonia") -> list[TimelineEvent]:
    """Events of a condition in a record that began on 2018-01-22."""
    source = Source(file="record.json", sha256="0" * 64)
    place = FhirResource(resource_type="Condition", id="1", path="Condition.code")
    main = make_evidence(source, place, caption=f"Condition: {name}", date="2018-01-22")
    ends = [make_evidence(source, place.model_copy(update={"path": "Condition.abatement"}), caption=f"Ended: {day}",
                          date=day) for day in ended if day]
    finding = make_finding(name=name, category="record", status="present", assertion=assertion, tool="records",
                           evidence=(main.id, *(one.id for one in ends)), reader="measure", date="2018-01-22",
                           patient="P")
    study = Study(id="S1", uid="u", kind="record", modality="FHIR", date=None, series=())
    result = ToolResult(tool="records", findings=(finding,), evidence=(main, *ends), reader="measure", seconds=0.0)
    return events_of([TaskResult(task=Task(tool="records", study=study), result=result)], [])


def test_what_ended_later_is_not_said_of_the_day_on_which_it_began() -> None:
    began, ended = entry("historical", "2018-02-12")
    assert (began.text, began.occurred_at) == ("Pneumonia", "2018-01-22")
    assert (ended.text, ended.occurred_at) == ("Pneumonia: ended", "2018-02-12")
    assert began.id == entry("affirmed")[0].id  # what was known while it lasted is the same event
    assert Query(as_of="2018-02-01").among([began, ended], {}) == [began]
    untold = entry("historical")
    assert [event.occurred_at for event in untold] == ["2018-01-22", None]
    assert "does not tell" in untold[1].text
    assert entry("historical", name="History of stroke")[0].text == "(historical) History of stroke"


def test_a_letter_is_one_event_though_a_tool_names_it_too() -> None:
    shown = make_evidence(Source(file="letter.pdf", sha256="0" * 64), DocumentSpan(page=1, bbox=(0, 0, 1, 1), text="x"),
                          caption="Letter", date="2025-11-13")
    finding = make_finding(name="Letter", category="record", status="present", tool="records", evidence=(shown.id,),
                           reader="measure", date="2025-11-13", patient="P")
    study = Study(id="S1", uid="u", kind="document", modality="DOC", date="2025-11-13", description="Letter", series=())
    result = ToolResult(tool="records", findings=(finding,), evidence=(shown,), reader="measure", seconds=0.0)
    event, = events_of([TaskResult(task=Task(tool="records", study=study), result=result)], [])
    assert (event.kind, event.text) == ("study", "Letter")
