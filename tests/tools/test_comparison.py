"""The right prior, the interval, and what changed."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from caseloom.core.case import CaseFile, FileKind, Identity, Patient, Series, Study
from caseloom.core.evidence import Evidence, Source, VolumeRegion, make_evidence
from caseloom.core.finding import Code, Direction, Finding, Value, make_finding
from caseloom.core.result import ToolResult
from caseloom.readers.measure import MeasureReader
from caseloom.sources.ct_technique import Technique
from caseloom.tools.base import ToolContext
from caseloom.tools.comparison import ComparisonTool, StudyReading, lab_trends
from caseloom.tools.comparison.pairs import choose_prior, date_caveats, interval_days, why_no_prior
from caseloom.tools.comparison.technique import scan_caveats

numbers = count(1)


def study(date: str | None, *, kind: FileKind = FileKind.CT, body_part: str | None = "CHEST",
          sha: str | None = None, view: str | None = None) -> Study:
    name = f"f{next(numbers)}"
    file = CaseFile(path=name, sha256=sha or name, size=1, kind=kind, identities=(Identity(ids=("P",)),))
    series = Series(uid=name, kind=kind, modality="CT", files=(file,), view=view)
    return Study(id=name, uid=name, kind=kind, modality="CT", date=date, body_part=body_part, series=(series,))


def region(*box: float) -> Evidence:
    return make_evidence(Source(file="x", sha256="0"), caption=f"region {next(numbers)}", locator=VolumeRegion(
        series_uid="1", bbox_mm=box, slice_range=(0, 9)))


def measured(name: str, number: float, unit: str, evidence: Evidence, *, precision: float | None = None,
             **more: object) -> Finding:
    return make_finding(**{"name": name, "category": "measurement", "status": "measured", "tool": "volume",
                           "value": Value(number=number, unit=unit, precision=precision), "evidence": (evidence.id,),
                           "reader": "measure", "patient": "P"} | more)


def chest(volume: float, when: Study, *, precision: float = 40.0, **more: object) -> StudyReading:
    """A right lung of some millilitres."""
    lung = region(-120, -100, 0, -10, 100, 280)
    return StudyReading(when, ToolResult(tool="volume", reader="measure", evidence=(lung,), findings=(
        measured("Lung volume", volume, "mL", lung, **{"site": "Right lung", "laterality": "right"} | more,
                 precision=precision),)))


def test_prior_is_the_nearest_earlier_study_of_the_same_kind_and_part() -> None:
    current = study("2025-11-11")
    right = study("2025-03-04")
    others = [current, study("2024-01-01"), right, study("2026-01-01"), study("2025-10-01", kind=FileKind.MR),
              study("2025-10-01", body_part="HEAD"), study(None), study("2025-11-11")]
    assert choose_prior(current, others) is right


def test_a_copy_of_the_same_files_is_no_prior() -> None:
    assert choose_prior(study("2025-11-11", sha="same"), [study("2025-03-04", sha="same")]) is None


def test_names_of_one_part_of_the_body_are_one() -> None:
    thorax = study("2025-03-04", body_part="THORAX")
    assert choose_prior(study("2025-11-11", body_part="PORT CHEST"), [thorax]) is thorax
    assert choose_prior(study("2025-11-11", body_part="KNEE"), [thorax]) is None


def test_documents_have_no_prior() -> None:
    letter, earlier = study("2025-11-11", kind=FileKind.DOCUMENT), study("2025-03-04", kind=FileKind.DOCUMENT)
    assert choose_prior(letter, [earlier]) is None


def test_interval_needs_days() -> None:
    assert interval_days("1900-12-31", "1901-01-12") == 12
    assert interval_days("2025", "2025-03-04") is None
    assert interval_days(None, "2025-03-04") is None


def test_a_prior_of_the_same_view_comes_before_a_nearer_one() -> None:
    current = study("2025-11-11", kind=FileKind.FILM, view="PA")
    upright = study("2025-01-01", kind=FileKind.FILM, view="PA")
    supine = study("2025-11-01", kind=FileKind.FILM, view="AP SUPINE")
    assert choose_prior(current, [supine, upright]) is upright
    assert choose_prior(current, [supine]) is supine


def test_a_date_orders_only_as_far_as_it_goes() -> None:
    assert choose_prior(study("2024-03-04"), [study("2024")]) is None
    earlier = study("2023")
    assert choose_prior(study("2024-03-04"), [earlier]) is earlier


def test_the_same_object_in_other_bytes_is_no_prior() -> None:
    one, other = study("2025-03-04"), study("2025-11-11")
    files = [series.files[0].model_copy(update={"instance_uid": "1.2.3"}) for item in (one, other)
             for series in item.series]
    one, other = (item.model_copy(update={"series": (item.series[0].model_copy(update={"files": (file,)}),)})
                  for item, file in zip((one, other), files, strict=True))
    assert choose_prior(other, [one]) is None
    assert "copies" in why_no_prior(other, [one])


def test_why_there_is_no_prior_is_said() -> None:
    assert "no date" in why_no_prior(study(None), [study("2025-01-01")])
    assert "no date" in why_no_prior(study("2025-01-01"), [study(None)])
    assert "no earlier study" in why_no_prior(study("2025-01-01"), [])
    assert "another part" in why_no_prior(study("2025-01-01"), [study("2024-01-01", body_part="HEAD")])


def test_dates_that_are_missing_or_shifted_are_said() -> None:
    assert "taken as given" in date_caveats(study(None), study("2025-01-01"))[0]
    shifted = date_caveats(study("1900-12-31"), study("1901-01-12"))[0]
    assert "shifted" in shifted and "no age" in shifted
    assert date_caveats(study("2025-01-01"), study("2025-02-01")) == []


def test_where_only_one_date_was_shifted_there_is_no_interval() -> None:
    assert "no interval" in date_caveats(study("1900-12-31"), study("2025-02-01"))[0]
    assert interval_days("1900-12-31", "2025-02-01") is None


def unnamed(reading: StudyReading) -> StudyReading:
    """The same, with nothing in its files that says whose it is."""
    series, = reading.study.series
    silent = series.model_copy(update={"files": tuple(file.model_copy(update={"identities": ()})
                                                      for file in series.files)})
    return StudyReading(reading.study.model_copy(update={"series": (silent,)}), reading.result)


def test_that_nothing_names_the_person_is_said_where_no_case_does(tmp_path: Path) -> None:
    prior, current = chest(2000, study("2025-03-04")), unnamed(chest(2100, study("2025-11-11")))
    assert [text for text in ComparisonTool().compare(prior, current).warnings if "whose it is" in text] == [
        "nothing in the later study says whose it is: that both are of one person is taken as given"]
    context = ToolContext(root=tmp_path, patient=Patient(id="P"), opaque_patient="P-0", reader=MeasureReader(),
                          pictures=None, cache=tmp_path)
    assert ComparisonTool().compare(prior, current, context).warnings == ()


def test_a_difference_beyond_noise_is_measured_and_cites_both_studies() -> None:
    prior, current = chest(2000, study("2025-03-04")), chest(2600, study("2025-11-11"))
    result = ComparisonTool().compare(prior, current)
    lung, = result.findings
    assert lung.change is not None
    assert (lung.change.direction, lung.change.delta, lung.change.relative) == (Direction.INCREASED, 600, 0.3)
    assert (lung.change.interval_days, lung.status, lung.category) == (252, "measured", "change")
    assert lung.change.prior_evidence == prior.result.findings[0].evidence
    assert set(lung.evidence) == {*prior.result.findings[0].evidence, *current.result.findings[0].evidence}
    assert set(lung.evidence) == {item.id for item in result.evidence}


def test_the_least_detectable_change_is_of_repeats_or_of_both_precisions() -> None:
    def least(precision: float) -> float:
        lung, = ComparisonTool().compare(chest(2000, study("2025-03-04"), precision=precision),
                                         chest(2100, study("2025-11-11"), precision=precision)).findings
        assert lung.change is not None
        assert lung.change.direction is Direction.STABLE
        return lung.change.least_detectable or 0.0

    assert least(40.0) == 151, "7.2 % of 2100"
    assert least(200.0) == 283, "the root of twice the square of 200"


def test_a_part_of_a_lung_is_not_compared() -> None:
    cut = chest(900, study("2025-03-04"), site="Right lung (partial)")
    other = chest(2100, study("2025-11-11"), site="Right lung (partial)")
    result = ComparisonTool().compare(cut, other)
    assert result.findings == ()
    assert "share no measurement" in result.warnings[-1]


def test_what_was_measured_twice_is_not_compared() -> None:
    twice = chest(2000, study("2025-03-04"))
    second = chest(2200, twice.study)
    twice = StudyReading(twice.study, twice.result.model_copy(update={
        "findings": twice.result.findings + second.result.findings,
        "evidence": twice.result.evidence + second.result.evidence}))
    assert ComparisonTool().compare(twice, chest(2100, study("2025-11-11"))).findings == ()


def test_other_kinds_parts_people_and_copies_are_refused() -> None:
    ct = chest(2000, study("2025-03-04"))
    for other, code in ((study("2025-11-11", kind=FileKind.FILM), "wrong_modality"),
                        (study("2025-11-11", body_part="HEAD"), "wrong_body_part"),
                        (study("2025-11-11", sha=ct.study.files[0].sha256), "duplicate")):
        result = ComparisonTool().compare(ct, chest(2100, other))
        assert (result.refused[0].code, result.findings) == (code, ())
        assert "not compared" in result.warnings[0]


def named(who: str, date: str) -> Study:
    one = study(date)
    file = one.files[0].model_copy(update={"identities": (Identity(ids=(who,)),)})
    return one.model_copy(update={"series": (one.series[0].model_copy(update={"files": (file,)}),)})


def test_strangers_are_refused_and_one_person_in_two_spellings_is_not() -> None:
    stranger = ComparisonTool().compare(chest(2000, named("A-1", "2025-03-04")), chest(2100, named("B", "2025-11-11")))
    assert (stranger.refused[0].code, stranger.findings) == ("other_patient", ())
    same = ComparisonTool().compare(chest(2000, named("A-1", "2025-03-04")), chest(2100, named("a1", "2025-11-11")))
    assert (same.refused, len(same.findings)) == ((), 1)


def heart(view: str, ratio: float, when: str) -> StudyReading:
    shown = region(0, 0, 0, 1, 1, next(numbers))
    return StudyReading(study(when, kind=FileKind.FILM, view=view), ToolResult(
        tool="localization", reader="measure", evidence=(shown,), findings=(
            measured("Cardiothoracic ratio", ratio, "1", shown),)))


def test_a_heart_on_two_projections_is_compared_in_doubt_and_with_a_caveat() -> None:
    result = ComparisonTool().compare(heart("PA", 0.45, "2025-03-04"), heart("AP", 0.55, "2025-11-11"))
    assert "different projections (PA and AP)" in result.warnings[0]
    assert result.findings[0].status == "indeterminate"
    supine = ComparisonTool().compare(heart("AP", 0.45, "2025-03-04"), heart("AP SUPINE", 0.55, "2025-11-11"))
    assert "AP supine" in supine.warnings[0]


@pytest.mark.parametrize(("ratio", "direction"), [(0.50, Direction.STABLE), (0.52, Direction.INCREASED),
                                                  (0.38, Direction.DECREASED)])
def test_a_heart_on_one_projection_is_measured(ratio: float, direction: Direction) -> None:
    result = ComparisonTool().compare(heart("PA", 0.45, "2025-03-04"), heart("PA", ratio, "2025-11-11"))
    change = result.findings[0].change
    assert change is not None
    assert (change.direction, change.least_detectable, result.findings[0].status) == (direction, 0.06, "measured")
    assert result.warnings == ()


def test_ct_technique_that_changes_density_is_said() -> None:
    thin, thick = Technique(1.0, "B30f", None), Technique(5.0, "B70f", True)
    said = " ".join(scan_caveats(thin, thick))
    assert "B30f" in said and "1 and 5 mm thick" in said and "later scan only" in said
    assert scan_caveats(thin, Technique(1.25, "B31f", None)) == []


def lab(number: float, date: str, unit: str = "g/L", name: str = "Haemoglobin") -> Finding:
    shown = region(0, 0, 0, 1, 1, next(numbers))
    return measured(name, number, unit, shown, category="lab", tool="labs", date=date,
                    code=Code(system="http://loinc.org", code="718-7", display="Hemoglobin"))


def test_lab_trend_takes_the_latest_two_days() -> None:
    trend, = lab_trends([lab(141, "2025-03-04"), lab(118, "2025-11-11T08:00"), lab(118, "2025-11-11"),
                         lab(150, "2024-03-04"), lab(5, "2025-12-01", unit="mmol/L")])
    assert trend.change is not None
    assert (trend.change.from_, trend.change.to, trend.change.direction) == (141, 118, "decreased")
    assert trend.change.interval_days == 252


def test_a_result_in_another_unit_is_converted_to_that_of_the_later_one() -> None:
    trend, = lab_trends([lab(14.1, "2025-03-04", unit="g/dL"), lab(118, "2025-11-11")])
    assert trend.change is not None and trend.value is not None
    assert (trend.change.from_, trend.change.to, trend.change.delta, trend.value.unit) == (141, 118, -23, "g/L")


def test_an_equal_result_is_stable() -> None:
    trend, = lab_trends([lab(141, "2025-03-04"), lab(141, "2025-11-11")])
    assert trend.change is not None
    assert (trend.change.direction, trend.change.delta, trend.change.least_detectable) == (Direction.STABLE, 0, None)


def test_contradicting_results_of_one_day_make_no_trend() -> None:
    assert lab_trends([lab(141, "2025-03-04"), lab(118, "2025-11-11"), lab(119, "2025-11-11")]) == []
