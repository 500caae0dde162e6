"""Units that convert, and laboratory results of several sources: one, several, or contradicting."""

from __future__ import annotations

import pytest

from caseloom.core.analytes import SUBSTANCES, substance_of
from caseloom.core.finding import Code, Finding, Value, make_finding
from caseloom.core.near import Near
from caseloom.core.results import contradictions, one_results
from caseloom.core.ucum import ratio, unit_of

GLUCOSE = substance_of("2345-7")


@pytest.mark.parametrize(("one", "other", "expected"), [
    ("g/dL", "g/L", 10), ("10*3/uL", "10*9/L", 1), ("/uL", "10*9/L", 1e-3), ("10*6/uL", "10*12/L", 1), ("%", "1", 0.01),
    ("L/L", "%", 100), ("u[IU]/mL", "mU/L", 1), ("ukat/L", "U/L", 60), ("U/L", "nkat/L", 1000 / 60),
    ("mm[Hg]", "kPa", 0.133322), ("ug/(24.h)", "mg/d", 1e-3), ("mL/min", "mL/s", 1 / 60), ("{INR}", "1", 1),
    ("g/L", "mmol/L", None), ("mmol/mol", "%", None), ("mg/g", "%", None), ("mg/L{FEU}", "mg/L", None),
    ("mL/min/{1.73_m2}", "mL/min", None), ("[GPL'U]/mL", "[IU]/mL", None), ("furlong", "m", None), ("", "1", None)])
def test_units_convert_by_what_they_are_made_of(one: str, other: str, expected: float | None) -> None:
    found = ratio(one, other)
    assert found is None if expected is None else found == pytest.approx(expected, rel=1e-5)


def test_mass_and_amount_convert_by_the_molar_mass_alone() -> None:
    assert GLUCOSE is not None
    assert ratio("mg/dL", "mmol/L", molar_mass=GLUCOSE.molar_mass) == pytest.approx(1 / 18.016, rel=1e-4)
    assert ratio("mmol/L", "mg/dL", molar_mass=GLUCOSE.molar_mass) == pytest.approx(18.016, rel=1e-4)
    assert ratio("meq/L", "mmol/L", charge=2) == 0.5


@pytest.mark.parametrize(("code", "mass"), [  # PubChem, as given there
    ("2160-0", 113.12), ("3084-1", 168.11), ("1975-2", 584.7), ("2093-3", 386.7), ("3024-7", 776.87), ("2143-6", 362.5),
    ("2132-9", 1355.4), ("62292-8", 400.6), ("2571-8", 885.4)])
def test_molar_masses_follow_from_the_formulas(code: str, mass: float) -> None:
    known = substance_of(code)
    assert known is not None and known.molar_mass == pytest.approx(mass, rel=2e-4)


def test_no_code_means_two_substances() -> None:
    codes = [code for item in SUBSTANCES for code in item.codes]
    assert len(codes) == len(set(codes))


def test_every_known_unit_of_documents_is_taken_apart() -> None:
    from caseloom.tools.lab_terms.units import table
    assert [code for code in table().values() if unit_of(code) is None] == []


def result(file: str, number: float | None, unit: str | None, date: str | None, *, name: str = "Haematocrit",
           code: str | None = "4544-3", issued: bool = False, **value: object) -> Finding:
    known = Code(system="http://loinc.org", code=code, display=name) if code else None
    moments = {"issued_at": date} if issued else {"collected_at": date}
    text = None if number is None else f"{number:g}"
    return make_finding(name=name, code=known, category="lab", status="measured", evidence=(file,), tool="labs",
                        reader="measure", date=date, patient="P",
                        value=Value(**{"number": number, "text": text, "unit": unit, "ucum": unit} | moments | value))


def told(*findings: Finding) -> list[set[str]]:
    """The sources of each one result."""
    return [{key for item in one.findings for key in item.evidence} for one in one_results(findings)]


@pytest.mark.parametrize(("one", "other", "same"), [
    ((0.55, None, "2011-03-04"), (55, "%", "2011-03-04T08:30:00+11:00"), True),
    ((0.55, "L/L", "2011-03-04T08:30"), (55, "%", "2011-03-04T08:30:00+11:00"), True),
    ((55, None, "2011-03-04"), (55, "%", "2011-03-04"), True),
    ((0.55, None, "2011-03-04"), (54, "%", "2011-03-04"), False),
    ((55, "%", "2011-03-04"), (55, "%", "2011-03-05"), False),
    ((55, "%", "2011-03-04T08:30"), (55, "%", "2011-03-04T16:30"), False),
    ((55, "%", "2011-03-04T21:30:00Z"), (55, "%", "2011-03-05T08:30:00+11:00"), True),
    ((55, "%", "2011-03"), (55, "%", "2011-03-05T08:30:00+11:00"), True),
    ((55, "%", None), (55, "%", "2011-03-05"), False)])
def test_a_page_and_a_record_tell_one_result_where_amount_and_moment_agree(
        one: tuple[float, str | None, str | None], other: tuple[float, str | None, str | None], same: bool) -> None:
    assert (len(told(result("page", *one), result("record", *other))) == 1) is same


def test_mass_and_amount_of_substance_are_one_result_and_keep_their_key() -> None:
    printed = result("page", 99, "mg/dL", "2025-01-02", name="Glucose", code="2345-7")
    recorded = result("record", 5.5, "mmol/L", "2025-01-02T07:00", name="Glucose", code="14749-6")
    one, = one_results([printed, recorded])
    assert one.moment == "2025-01-02T07:00" and one.analyte == "2345-7"
    alone, = one_results([recorded])
    assert alone.key == one.key


def test_a_name_without_a_code_is_the_analyte_that_carries_it_elsewhere() -> None:
    assert len(told(result("page", 55, "%", "2025-01-02", code=None), result("record", 55, "%", "2025-01-02"))) == 1


def test_a_page_dated_by_its_report_is_matched_by_the_record_s_report() -> None:
    page = result("page", 55, "%", "2025-01-03T11:45", issued=True)
    record = result("record", 55, "%", "2025-01-02T08:00", issued_at="2025-01-03T11:45:33")
    assert len(told(page, record)) == 1
    other = result("record", 55, "%", "2025-01-02T08:00", issued_at="2025-01-04T11:45:33")
    assert len(told(page, other)) == 2


def test_equal_results_of_one_day_in_one_source_stay_two_and_a_dateless_hour_joins_one_of_them() -> None:
    early, late = (result("record", 55, "%", f"2025-01-02T{hour}:00") for hour in ("08", "16"))
    assert sorted(map(sorted, told(early, late, result("page", 55, "%", "2025-01-02")))) == [["page", "record"],
                                                                                            ["record"]]


def clashes(*findings: Finding) -> list[set[str]]:
    return [{key for one in group for item in one.findings for key in item.evidence}
            for group in contradictions(one_results(findings))]


def test_two_sources_that_differ_contradict_each_other_whatever_their_units() -> None:
    assert clashes(result("page", 0.45, None, "2025-01-02"), result("record", 55, "%", "2025-01-02T08:00")) == [
        {"page", "record"}]
    assert clashes(result("page", 0.55, None, "2025-01-02"), result("record", 55, "%", "2025-01-02T08:00")) == []
    glucose = result("page", 99, "mg/dL", "2025-01-02", name="Glucose", code="2345-7")
    assert clashes(glucose, result("record", 7.5, "mmol/L", "2025-01-02", name="Glucose", code="14749-6")) == [
        {"page", "record"}]


def test_a_page_that_agrees_with_one_result_of_a_day_contradicts_none() -> None:
    early, late = result("record", 55, "%", "2025-01-02T08:00"), result("record", 48, "%", "2025-01-02T16:00")
    assert clashes(early, late, result("page", 55, "%", "2025-01-02")) == []
    assert clashes(early, late, result("page", 40, "%", "2025-01-02")) == [{"page", "record"}]


def report(file: str, date: str, numbers: dict[str, float]) -> list[Finding]:
    return [result(file, number, "g/L", date, name=name, code=None) for name, number in numbers.items()]


PANEL = {"Sodium": 141.0, "Potassium": 4.1, "Chloride": 103.0, "Calcium": 2.31, "Albumin": 42.5, "Protein": 71.3,
         "Urate": 0.31, "Iron": 17.2}


@pytest.mark.parametrize(("date", "change", "one_report"), [
    ("2025-01-03", {}, True), ("2025-01-20", {}, False), ("2025-01-03", {"Iron": 17.9}, False)])
def test_a_report_told_twice_under_two_dates_is_one_and_the_dates_are_disputed(
        date: str, change: dict[str, float], one_report: bool) -> None:
    both = one_results(report("page", "2025-01-02", PANEL) + report("record", date, PANEL | change))
    assert (len(both) == len(PANEL)) is one_report
    assert all(one.dates_differ for one in both) is one_report


def test_only_results_of_one_day_are_compared_with_each_other() -> None:
    near = Near()
    days = [frozenset({f"20{n // 365:02d}-{n % 365}"}) for n in range(3000)]
    for number, day in enumerate(days):
        near.add(number, day)
    near.add(3000, None)
    assert near.to(days[7]) == [7, 3000] and len(near.to(None)) == 3001
