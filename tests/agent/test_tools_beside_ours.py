"""A tool of another name works beside the shipped ones: its gate decides, and the report names it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

import caseloom
from caseloom.agent.decide import sign_case
from caseloom.agent.handover import export_case
from caseloom.core.case import FileKind, Study
from caseloom.core.errors import UsageError
from caseloom.core.evidence import FhirResource, make_evidence
from caseloom.core.finding import MEASURED, Category, Status, Value, make_finding
from caseloom.core.refusal import Refusal, RefusalCode
from caseloom.core.result import ToolResult
from caseloom.tools.base import ToolContext, refuse, source_of

pytestmark = pytest.mark.usefixtures("home")


@dataclass(frozen=True)
class CountEntries:
    """Counts the entries of a record."""

    name: str = "entries"
    version: str = "1"

    def gate(self, study: Study) -> Refusal | None:
        if study.kind is FileKind.RECORD:
            return None
        return refuse(study, RefusalCode.WRONG_MODALITY, "it counts entries of records")

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        file = study.files[0]
        entries = json.loads((context.root / file.path).read_bytes())["entry"]
        place = make_evidence(source_of(file), FhirResource(resource_type="Bundle", id="b", path="Bundle.entry"),
                              caption="Entries of the record", date="2020-02-01")
        count = make_finding(name="Entries", category=Category.MEASUREMENT, status=Status.MEASURED, tool=self.name,
                             value=Value(number=len(entries), unit="entries"), evidence=(place.id,), reader=MEASURED,
                             date="2020-02-01", patient=context.opaque_patient)
        return ToolResult(tool=self.name, reader=context.reader.identity.name, findings=(count,), evidence=(place,))


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A record of a person with one condition, and a note."""
    folder = tmp_path / "case"
    folder.mkdir()
    person = {"resourceType": "Patient", "id": "p", "name": [{"family": "Quillfeather"}]}
    asthma = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"},
              "code": {"text": "Asthma"}, "onsetDateTime": "2020-02-01"}
    (folder / "record.json").write_text(json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": person}, {"resource": asthma}]}))
    (folder / "note.txt").write_text("2020-03-01\nNo fever.\n", encoding="utf-8")
    return folder


def test_a_tool_of_another_name_reads_beside_ours_and_the_report_says_so(case: Path) -> None:
    report = caseloom.review_case(case, tools={"entries": CountEntries()})
    assert {"Entries", "Asthma"} <= {item.name for item in report.findings}
    told = [sentence for section in report.sections for sentence in section.sentences if "2 entries" in sentence.text]
    assert told and told[0].evidence
    assert report.not_read == ()
    named = report.provenance["own_tools"]["entries"]
    assert named.endswith("CountEntries 1") and any(named in warning for warning in report.warnings)


def test_a_tool_that_is_left_out_reads_nothing_and_what_nobody_reads_is_named(case: Path) -> None:
    report = caseloom.review_case(case, tools={"entries": CountEntries(), "records": None})
    assert [item.name for item in report.findings] == ["Entries"]
    assert [(item.file, item.code) for item in report.not_read] == [("note.txt", "not_chosen")]
    assert report.provenance["own_tools"]["records"] == "left out"


def test_reviews_with_other_tools_are_reviews_of_their_own(case: Path, tmp_path: Path) -> None:
    plain = caseloom.review_case(case)
    with_one = caseloom.review_case(case, tools={"entries": CountEntries()})
    assert caseloom.review_case(case, tools={}) == plain != with_one
    assert "own_tools" not in plain.provenance
    caseloom.review_case(case, tools={"entries": CountEntries(), "labs": None})
    signed = sign_case(case, name="Dr Ada Example")
    assert signed.signature is not None and "Entries" in {item.name for item in signed.findings}
    assert export_case(case, ["csv"], tmp_path / "out").files


def test_one_tool_of_the_callers_own_runs_on_files(case: Path) -> None:
    result = caseloom.run_tool("entries", case / "record.json", tools={"entries": CountEntries()})
    assert [item.value.number for item in result.findings if item.value] == [2]
    with pytest.raises(UsageError, match="no tool 'entries'"):
        caseloom.run_tool("entries", case / "record.json")
    with pytest.raises(UsageError, match="no tool 'labs'"):
        caseloom.run_tool("labs", case, tools={"labs": None})


@pytest.mark.parametrize(("tools", "said"), [
    ({"other": CountEntries()}, "own `name`"), ({"lab": None}, "no tool 'lab'"), ({"comparison": None}, "compare"),
])
def test_what_is_no_tool_is_named(case: Path, tools: dict[str, CountEntries | None], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        caseloom.review_case(case, tools=tools)
