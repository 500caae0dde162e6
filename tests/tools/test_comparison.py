"""The right prior, the interval, and what changed."""

from __future__ import annotations

from itertools import count

import pytest

from caseloom.core.case import CaseFile, FileKind, Series, Study
from caseloom.core.evidence import Evidence, Source, VolumeRegion, make_evidence
from caseloom.core.finding import Code, Direction, Finding, Value, make_finding
from caseloom.core.result import ToolResult
from caseloom.tools.comparison import ComparisonTool, StudyReading, lab_trends
from caseloom.tools.comparison.pairs import choose_prior, interval_days

numbers = count(1)


def study(date: str | None, *, kind: FileKind = FileKind.CT, body_part: str | None = "CHEST",
          sha: str | None = None, view: str | None = None) -> Study:
    name = f"f{next(numbers)}"
    file = CaseFile(path=name, sha256=sha or name, size=1, kind=kind)
    series = Series(uid=name, kind=kind, modality="CT", files=(file,), view=view)
    return Study(id=name, uid=name, kind=kind, modality="CT", date=date, body_part=body_part, series=(series,))


def region(*box: float) -> Evidence:
    return make_evidence(Source(file="x", sha256="0"), caption=f"region {next(numbers)}", locator=VolumeRegion(
        series_uid="1", bbox_mm=box, slice_range=(0, 9)))


def measured(name: str, number: float, unit: str, evidence: Evidence, **more: object) -> Finding:
    return make_finding(**{"name": name, "category": "measurement", "status": "measured", "tool": "volume",
                           "value": Value(number=number, unit=unit), "evidence": (evidence.id,),
                           "reader": "measure", "patient": "P"} | more)


def chest(diameter: float, shift: float, when: Study) -> StudyReading:
    """A right lung and one nodule candidate in its middle, the whole chest shifted by some millimetres."""
    lung = region(-120 + shift, -100, 0, -10 + shift, 100, 280)
    nodule = region(-70 + shift, -5, 140, -60 + shift, 5, 150)
    return StudyReading(when, ToolResult(tool="volume", reader="measure", evidence=(lung, nodule), findings=(
        measured("Lung volume", 2000 + 10 * diameter, "ml", lung, site="Right lung", laterality="right"),
        measured("Pulmonary nodule candidate", diameter, "mm", nodule, status="indeterminate", laterality="right"))))


def test_prior_is_the_nearest_earlier_study_of_the_same_kind_and_part() -> None:
    current = study("2025-11-11")
    right = study("2025-03-04")
    others = [current, study("2024-01-01"), right, study("2026-01-01"), study("2025-10-01", kind=FileKind.MR),
              study("2025-10-01", body_part="HEAD"), study(None), study("2025-11-11")]
    assert choose_prior(current, others) is right


def test_a_copy_of_the_same_files_is_no_prior() -> None:
    assert choose_prior(study("2025-11-11", sha="same"), [study("2025-03-04", sha="same")]) is None


def test_documents_have_no_prior() -> None:
    letter, earlier = study("2025-11-11", kind=FileKind.DOCUMENT), study("2025-03-04", kind=FileKind.DOCUMENT)
    assert choose_prior(letter, [earlier]) is None


def test_interval_needs_days() -> None:
    assert interval_days("1900-12-31", "1901-01-12") == 12
    assert interval_days("2025", "2025-03-04") is None
    assert interval_days(None, "2025-03-04") is None


def test_growth_is_measured_and_cites_both_studies() -> None:
    prior, current = chest(8.1, 0, study("2025-03-04")), chest(11.0, 6, study("2025-11-11"))
    result = ComparisonTool().compare(prior, current)
    changes = {item.name: item for item in result.findings}
    nodule = changes["Pulmonary nodule candidate"]
    assert nodule.change is not None
    assert nodule.change.direction is Direction.INCREASED
    assert nodule.change.delta == pytest.approx(2.9)
    assert nodule.change.interval_days == 252
    assert nodule.status == "measured"
    assert {prior.result.findings[1].evidence[0], current.result.findings[1].evidence[0]} == set(nodule.evidence)
    assert set(nodule.evidence) <= {item.id for item in result.evidence}
    assert changes["Lung volume"].status == "indeterminate", "no repeatability is known for lung volume"


def test_below_the_least_detectable_change_a_nodule_is_stable() -> None:
    result = ComparisonTool().compare(chest(8.1, 0, study("2025-03-04")), chest(9.9, 0, study("2025-11-11")))
    nodule = next(item for item in result.findings if item.name == "Pulmonary nodule candidate")
    assert nodule.change is not None
    assert nodule.change.direction is Direction.STABLE


def test_a_candidate_elsewhere_is_not_the_same_nodule() -> None:
    prior, current = chest(8.0, 0, study("2025-03-04")), chest(11.0, 0, study("2025-11-11"))
    away = region(-70, -5, 20, -60, 5, 30)
    lung = current.result.findings[0]
    moved = StudyReading(current.study, current.result.model_copy(update={
        "evidence": (current.result.evidence[0], away),
        "findings": (lung, measured("Pulmonary nodule candidate", 11.0, "mm", away, laterality="right"))}))
    names = [item.name for item in ComparisonTool().compare(prior, moved).findings]
    assert names == ["Lung volume"]


def test_other_kinds_are_refused_and_other_projections_said() -> None:
    ct, film = chest(8, 0, study("2025-03-04")), chest(8, 0, study("2025-11-11", kind=FileKind.FILM))
    assert ComparisonTool().compare(ct, film).refused[0].code == "wrong_modality"
    pa = StudyReading(study("2025-03-04", kind=FileKind.FILM, view="PA"), ToolResult(tool="x", reader="measure"))
    ap = StudyReading(study("2025-11-11", kind=FileKind.FILM, view="AP"), ToolResult(tool="x", reader="measure"))
    assert "different projections" in ComparisonTool().compare(pa, ap).warnings[0]


def lab(number: float, date: str, unit: str = "g/L", name: str = "Haemoglobin") -> Finding:
    shown = region(0, 0, 0, 1, 1, next(numbers))
    return measured(name, number, unit, shown, category="lab", tool="labs", date=date,
                    code=Code(system="http://loinc.org", code="718-7", display="Hemoglobin"))


def test_lab_trend_takes_the_latest_two_days_in_one_unit() -> None:
    trend, = lab_trends([lab(141, "2025-03-04"), lab(118, "2025-11-11T08:00"), lab(118, "2025-11-11"),
                         lab(150, "2024-03-04"), lab(11.8, "2025-12-01", unit="g/dL")])
    assert trend.change is not None
    assert (trend.change.from_, trend.change.to, trend.change.direction) == (141, 118, "decreased")
    assert trend.change.interval_days == 252


def test_contradicting_results_of_one_day_make_no_trend() -> None:
    assert lab_trends([lab(141, "2025-03-04"), lab(118, "2025-11-11"), lab(119, "2025-11-11")]) == []


def test_a_nodule_that_has_become_a_mass_is_compared() -> None:
    prior, current = chest(28.0, 0, study("2025-03-04")), chest(33.0, 0, study("2025-11-11"))
    lung, nodule = current.result.findings
    mass = nodule.model_copy(update={"name": "Pulmonary mass candidate"})
    grown = StudyReading(current.study, current.result.model_copy(update={"findings": (lung, mass)}))
    names = {item.name for item in ComparisonTool().compare(prior, grown).findings}
    assert "Pulmonary mass candidate" in names
