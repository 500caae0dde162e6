"""Tools of a caller's own in place of shipped ones, through the public door."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_case import write_small_case

import caseloom
from caseloom.agent.decide import sign_case
from caseloom.core.case import Study
from caseloom.core.errors import RefusedFile, UsageError
from caseloom.core.evidence import DocumentSpan, make_evidence
from caseloom.core.finding import Category, Status, Value, make_finding
from caseloom.core.refusal import Refusal
from caseloom.core.report import Report
from caseloom.core.result import ToolResult
from caseloom.tools.base import ToolContext, source_of
from caseloom.tools.checked import THEIRS


class CountsPages:
    """A laboratory tool that finds one result in every document."""

    name = "labs"

    def __init__(self, number: float, version: str | None = None) -> None:
        self.number, self.version = number, version

    def gate(self, study: Study) -> Refusal | None:
        return None

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        shown = make_evidence(source_of(study.files[0]), DocumentSpan(page=1, bbox=(0, 0, 9, 9), text="12"),
                              caption="A page", date="2025-03-03")
        value = Value(number=self.number, unit="g/dL", ucum="g/dL", collected_at="2025-03-03T08:15")
        found = make_finding(name="Hemoglobin", category=Category.LAB, status=Status.MEASURED, value=value,
                             evidence=(shown.id,), tool=self.name, reader="measure", date="2025-03-03",
                             patient=context.opaque_patient)
        return ToolResult(tool=self.name, findings=(found,), evidence=(shown,), reader="measure")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_case(tmp_path_factory.mktemp("case"))


def labs(report: Report) -> list[float | None]:
    return [item.number for item in report.findings if item.tool == "labs"]


@pytest.mark.usefixtures("home")
def test_a_review_works_with_the_tool_that_is_given_and_names_it(case: Path) -> None:
    report = caseloom.review_case(case, tools={"labs": CountsPages(3.0)})
    assert labs(report) == [3.0]
    assert report.provenance["own_tools"] == {"labs": f"{__name__}.CountsPages"}
    assert any(item.tool == "records" for item in report.findings)
    sign_case(case, name="Dr Ada Example")
    shipped = caseloom.review_case(case)
    assert len(labs(shipped)) > 1
    assert "own_tools" not in shipped.provenance


@pytest.mark.usefixtures("home")
def test_another_version_of_a_tool_is_another_review(case: Path) -> None:
    numbers = [labs(caseloom.review_case(case, tools={"labs": CountsPages(number, version)}))
               for number, version in ((3.0, "1"), (4.0, "1"), (4.0, "2"))]
    assert numbers == [[3.0], [3.0], [4.0]]


@pytest.mark.parametrize(("tools", "said"), [
    ({"lab": CountsPages(1.0)}, "no tool 'lab'"), ({"labs": object()}, "no method 'gate'"),
    ({"comparison": CountsPages(1.0)}, "no method 'compare'")])
@pytest.mark.usefixtures("home")
def test_what_is_no_tool_is_refused(case: Path, tools: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        caseloom.review_case(case, tools=tools)


class Broken(CountsPages):
    """One that breaks where it is told to."""

    name = "mine"

    def __init__(self, where: str) -> None:
        super().__init__(3.0)
        self.where = where

    def gate(self, study: Study) -> Refusal | None:
        if self.where == "gate":
            raise KeyError("gate")
        return None

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        if self.where == "run":
            raise ValueError("run")
        result = super().run(study, context)
        return result.model_copy(update={"evidence": ()}) if self.where == "evidence" else {}  # type: ignore[return-value]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("where", "reason"), [
    ("gate", f"the gate of the mine tool failed (KeyError){THEIRS}"),
    ("run", f"the mine tool failed (ValueError){THEIRS}"),
    ("evidence", "the mine tool gave the finding 'Hemoglobin' with evidence that is not in its result"),
    ("result", "the mine tool gave a dict and no ToolResult")])
def test_a_tool_that_breaks_leaves_a_gap_and_costs_nothing_else(case: Path, where: str, reason: str) -> None:
    report = caseloom.review_case(case, tools={"mine": Broken(where)})
    assert {item.reason for item in report.not_read if item.code == "tool_failed"} == {reason}
    assert {"labs", "records"} <= {item.tool for item in report.findings}


@pytest.mark.parametrize(("tools", "reason"), [
    ({"mine": Broken}, "is given as a class; give an instance, Broken()"), ([Broken("run")], "are given by name")])
def test_tools_that_are_not_given_by_name_and_as_instances_are_refused(case: Path, tools: object, reason: str) -> None:
    with pytest.raises(UsageError, match=reason.replace("(", r"\(").replace(")", r"\)")):
        caseloom.review_case(case, tools=tools)  # type: ignore[arg-type]


@pytest.mark.usefixtures("home")
def test_evidence_that_a_result_lacks_is_one_line_where_a_tool_is_run_alone(case: Path) -> None:
    with pytest.raises(RefusedFile, match="evidence that is not in its result"):
        caseloom.run_tool("mine", case, tools={"mine": Broken("evidence")})
