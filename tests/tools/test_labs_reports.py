"""Whole reports, drawn here: whose results, of which day, of what specimen, under which code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pymupdf
import pytest

from caseloom import run_tool
from caseloom.core.finding import Finding

Line = str | tuple[str, ...]
COLUMNS = (50.0, 220.0, 300.0, 400.0)
HEAD: tuple[Line, ...] = ("**LABORATORY REPORT", "Patient: SAMPLE, ALEX   MRN: 12345")
AT: Line = "Collected: 2024-03-05 07:42"
TABLE: Line = ("**Test", "**Result", "**Units", "**Reference")
SODIUM: Line = ("Sodium", "141", "mmol/L", "135-145")
POTASSIUM: Line = ("Potassium", "4.0", "mmol/L", "3.5-5.1")
CREATININE: Line = ("Creatinine", "80", "umol/L", "60-110")


def read(folder: Path, *pages: Sequence[Line], columns: Sequence[float] = COLUMNS) -> list[Finding]:
    """The findings of a document drawn from pages of lines; a tuple is a row of cells, ** is bold."""
    with pymupdf.open() as made:
        for lines in pages:
            page = made.new_page(width=612, height=792)
            for number, line in enumerate(lines):
                for x, text in zip(columns, (line,) if isinstance(line, str) else line, strict=False):
                    font = "hebo" if text.startswith("**") else "helv"
                    page.insert_text((x, 60 + 16 * number), text.removeprefix("**"), fontsize=9, fontname=font)
        made.save(folder / "report.pdf")
    return list(run_tool("labs", folder / "report.pdf").findings)


def owners(findings: Sequence[Finding]) -> dict[str, set[str]]:
    """The texts of the results by the end of the person's id."""
    found: dict[str, set[str]] = {}
    for item in findings:
        found.setdefault(item.patient[-2:], set()).add(item.value.text or "" if item.value else "")
    return found


SECOND: tuple[Line, ...] = ("Collected: 2024-05-02", TABLE, ("Sodium", "131", "mmol/L", "135-145"),
                            ("Potassium", "5.5", "mmol/L", "3.5-5.1"))


@pytest.mark.parametrize("head", [
    ("Accession: 24-1001-77   Ordered by ward 4", "Patient: BERG, ANNA   MRN: 5533"),
    ("Patient: BERG, ANNA   MRN: 11001",), ("Patient: HAUGEN, OLEA   MRN: 5533",)])
def test_a_number_or_name_inside_another_is_nobodys(head: tuple[str, ...], tmp_path: Path) -> None:
    findings = read(tmp_path, ["**LABORATORY REPORT", *head, "Collected: 2024-05-01", TABLE, SODIUM, POTASSIUM,
                               CREATININE, "**Patient: HAUG, OLE   MRN: 1001", *SECOND])
    assert owners(findings) == {"-1": {"141", "4.0", "80"}, "-2": {"131", "5.5"}}


def test_results_above_the_next_persons_head_are_of_the_person_before(tmp_path: Path) -> None:
    findings = read(
        tmp_path,
        ["**DAILY RESULT LIST", "Patient: ALVES, Rui   MRN 300112", "Collected: 2024-06-12 05:30", SODIUM, CREATININE],
        ["**DAILY RESULT LIST (continued)", ("Haemoglobin", "97 L", "g/L", "120-150"), "Collected: 2024-06-12 05:55",
         "Patient: ROCHA, Ines   MRN 301200", ("Sodium", "128 L", "mmol/L", "135-145")])
    assert owners(findings) == {"-1": {"141", "80", "97"}, "-2": {"128"}}
    assert {item.value.text: item.date for item in findings if item.value}["97"] == "2024-06-12T05:30"


def test_a_name_at_the_foot_of_a_page_is_of_all_of_it(tmp_path: Path) -> None:
    findings = read(tmp_path, [*HEAD, AT, TABLE, SODIUM, POTASSIUM],
                    [TABLE, CREATININE, ("Chloride", "103", "mmol/L", "98-107"),
                     "Patient: BERG, ANNA   MRN: 5533   Page 2"])
    assert owners(findings) == {"-1": {"141", "4.0"}, "-2": {"80", "103"}}


@pytest.mark.parametrize(("written", "iso"), [
    ("2024/03/05 07:42", "2024-03-05T07:42"), ("2024-03-05T07:42:00Z", "2024-03-05T07:42"),
    ("05-MAR-24 07:42", "2024-03-05T07:42"), ("05MAR2024", "2024-03-05"), ("05/Mar/2024", "2024-03-05"),
    ("2024.03.05", "2024-03-05"), ("05.03.24", "2024-03-05")])
def test_dates_as_laboratories_write_them(written: str, iso: str, tmp_path: Path) -> None:
    assert {item.date for item in read(tmp_path, [*HEAD, f"Collected: {written}", TABLE, SODIUM, CREATININE])} == {iso}


@pytest.mark.parametrize(("other", "iso"), [("DOB: 04/17/1960", "2024-03-05"), ("DOB: 17/04/1960", "2024-05-03"),
                                            ("100 Main Street, Tampa, FL 33617", "2024-03-05")])
def test_dashes_follow_the_order_that_the_document_tells(other: str, iso: str, tmp_path: Path) -> None:
    found = read(tmp_path, ["**LABORATORY REPORT", f"Patient: SAMPLE, ALEX   {other}", "Collected: 03-05-2024", TABLE,
                            SODIUM, CREATININE])
    assert {item.date for item in found} == {iso}


def test_a_time_of_collection_between_rows_is_of_the_rows_below(tmp_path: Path) -> None:
    found = read(tmp_path, [*HEAD, AT, TABLE, SODIUM, POTASSIUM, "**Troponin series", "Collected: 2024-03-05 10:45",
                            ("Troponin T hs", "34 H", "ng/L", "<14"), "Collected: 2024-03-05 13:50",
                            ("Troponin T hs", "88 H", "ng/L", "<14")])
    assert {item.value.text: (item.date or "")[11:] for item in found if item.value} == {
        "141": "07:42", "4.0": "07:42", "34": "10:45", "88": "13:50"}


def test_columns_headed_by_nothing_but_dates(tmp_path: Path) -> None:
    found = read(tmp_path, [*HEAD, ("", "04/22/2024", "04/23/2024", "04/24/2024"), ("Sodium", "138", "135", "133 L"),
                            ("Potassium", "3.4 L", "3.9", "4.1")])
    assert {(item.name, item.value.text, item.value.flag, item.date) for item in found if item.value} == {
        ("Sodium", "138", None, "2024-04-22"), ("Sodium", "135", None, "2024-04-23"),
        ("Sodium", "133", "L", "2024-04-24"),
        ("Potassium", "3.4", "L", "2024-04-22"), ("Potassium", "3.9", None, "2024-04-23"),
        ("Potassium", "4.1", None, "2024-04-24")}


def test_thousands_parted_by_spaces(tmp_path: Path) -> None:
    found = read(tmp_path, [*HEAD, AT, TABLE, ("CK", "12 450", "U/L", "30 - 200"),
                            ("Platelets", "250 000", "/uL", "150 000 - 400 000"), SODIUM,
                            ("CA 125", "130", "U/mL", "<35")])
    told = {item.name: (item.number, item.value.text, item.value.high) for item in found if item.value}
    assert told["CK"] == (12450.0, "12 450", 200.0)
    assert told["Platelets"] == (250000.0, "250 000", 400000.0)
    assert told["CA 125"][0] == 130.0


def test_changes_and_lower_limits_are_no_results(tmp_path: Path) -> None:
    delta = read(tmp_path, [*HEAD, AT, ("**Test", "**Result", "**Delta", "**Units"),
                            ("Creatinine", "1.42 H", "+0.21", "mg/dL"), ("Potassium", "4.9", "-0.3", "mmol/L")])
    limit = read(tmp_path, [*HEAD, AT, ("Parameter", "Result", "", "Lower reference limit"),
                            ("Sodium", "133 mmol/L", "", "135 mmol/L"), ("Albumin", "41 g/L", "", "35 g/L")])
    assert [item.number for item in delta] == [1.42, 4.9]
    assert [(item.number, item.value.low) for item in limit if item.value] == [(41.0, 35.0), (133.0, 135.0)]


def test_a_share_and_a_count_in_the_column_of_units_leave_the_units_of_the_others(tmp_path: Path) -> None:
    found = read(tmp_path, [*HEAD, AT, SODIUM, POTASSIUM, CREATININE, ("Chloride", "103", "mmol/L", "98-107"),
                            ("Neutrophils", "61.4 %", "4.82 10^9/L", "1.50-7.50")])
    assert {(item.name, item.number, item.value.unit, item.value.low) for item in found if item.value} == {
        ("Sodium", 141.0, "mmol/L", 135.0), ("Potassium", 4.0, "mmol/L", 3.5), ("Creatinine", 80.0, "umol/L", 60.0),
        ("Chloride", 103.0, "mmol/L", 98.0), ("Neutrophils", 61.4, "%", None), ("Neutrophils", 4.82, "10^9/L", 1.5)}


def test_each_line_that_names_a_specimen_holds_for_the_rows_below(tmp_path: Path) -> None:
    found = read(tmp_path, [*HEAD, AT, "Specimen: SERUM", ("Creatinine", "0.9", "mg/dL", "0.6-1.2"), SODIUM,
                            "Specimen: URINE", ("Creatinine", "112", "mg/dL", "20-300"), "Specimen: CSF",
                            ("Glucose", "61", "mg/dL", "40-70")])
    assert {item.value.text: (item.value.specimen, item.code.code if item.code else None)
            for item in found if item.value} == {
        "0.9": ("SERUM", "2160-0"), "141": ("SERUM", "2951-2"), "112": ("URINE", "2161-8"), "61": ("CSF", None)}


@pytest.mark.parametrize(("name", "unit", "code"), [
    ("ALP (bone)", "U/L", None), ("Folate (RBC)", "ng/mL", None), ("Lymphocytes (atypical)", "%", None),
    ("Calcium (corrected)", "mg/dL", None), ("Sodium (U)", "mmol/L", None), ("pH", "", None),
    ("Creatinine (Jaffe)", "mg/dL", "2160-0"), ("Alanine Aminotransferase (ALT)", "U/L", "1742-6"),
    ("Glucose (mg/dL)", "", "2345-7"), ("S-Sodium", "mmol/L", "2951-2"), ("pH, Urine", "", "5803-2")])
def test_no_code_where_brackets_or_specimen_make_it_another_test(name: str, unit: str, code: str | None,
                                                                 tmp_path: Path) -> None:
    found = read(tmp_path, [*HEAD, AT, TABLE, SODIUM, POTASSIUM, (name, "7.2", unit, "6.5-8.0")])
    item = next(item for item in found if item.value and item.value.text == "7.2")
    assert (item.code.code if item.code else None) == code


def test_words_that_add_to_each_other_are_one_result(tmp_path: Path) -> None:
    found = read(tmp_path, [*HEAD, AT, TABLE, SODIUM, ("RPR", "Reactive 1:16", "", "Non-reactive"),
                            ("HCV RNA", "Detected, <15", "IU/mL", "Not detected"),
                            ("Potassium", "6.9 CRIT", "mmol/L", "3.5-5.1")])
    assert {item.name: (item.value.text, item.value.flag) for item in found if item.value} == {
        "Sodium": ("141", None), "RPR": ("Reactive 1:16", None), "HCV RNA": ("<15", None), "Potassium": ("6.9", "CRIT")}


def test_a_row_of_reference_ranges_is_no_result(tmp_path: Path) -> None:
    found = read(tmp_path, [*HEAD, AT, TABLE, SODIUM, ("HbA1c", "6.3", "%", "4.0-5.6"), "Interpretation",
                            ("**Reference Group", "**Non diabetic", "", "**At risk"),
                            ("HbA1c in %", "4.0-5.6", "", "5.7-6.4")])
    assert [item.value.text for item in found if item.value] == ["6.3", "141"]


def test_a_range_between_a_name_and_its_value(tmp_path: Path) -> None:
    found = read(tmp_path, [
        "Test Details", "Collected on March 5, 2024 7:42 AM", "Name: Dana Whitfield | MRN: 00812344", "", "**Sodium",
        "Normal range: 136 - 145 mmol/L", "139", "", "**Potassium", "Normal range: 3.5 - 5.1 mmol/L", "5.4   High", "",
        "**Glucose", "Normal range: 70 - 99 mg/dL", "87"])
    told = {(item.name, item.number, item.value.unit, item.value.high, item.value.flag) for item in found if item.value}
    assert told == {
        ("Sodium", 139.0, "mmol/L", 145.0, None), ("Potassium", 5.4, "mmol/L", 5.1, "High"),
        ("Glucose", 87.0, "mg/dL", 99.0, None)}


def test_a_report_of_words_is_told_by_its_title(tmp_path: Path) -> None:
    found = read(tmp_path, ["**TOXICOLOGY LABORATORY REPORT", *HEAD[1:], "Collected: 2024-01-11   Specimen: Urine",
                            ("Drug class", "Screen result", "Cutoff", "Units"),
                            ("Amphetamines", "Negative", "500", "ng/mL"),
                            ("Opiates", "POSITIVE", "300", "ng/mL")])
    assert {(item.name, item.value.text) for item in found if item.value} == {
        ("Amphetamines", "Negative"), ("Opiates", "POSITIVE")}


def test_a_brazilian_report(tmp_path: Path) -> None:
    found = read(tmp_path, [
        "**LABORATÓRIO CENTRAL", "Paciente: PEREIRA, JOANA", "Data coleta: 09/04/2024 07:10", "**HEMOGRAMA COMPLETO",
        ("HEMÁCIAS.............:", "4,51 milhões/mm³", "", "3,90 a 5,20 milhões/mm³"),
        ("HEMATÓCRITO..........:", "39,8 %", "", "35,0 a 45,0 %"),
        ("EOSINÓFILOS..........:", "9 %  671 /mm³", "", "20 a 500 /mm³"),
        ("PLAQUETAS............:", "243.000 /mm³", "", "150.000 a 450.000 /mm³")])
    assert {(item.name, item.number, item.value.low, item.code.code if item.code else None)
            for item in found if item.value} == {
        ("HEMÁCIAS", 4.51, 3.9, "789-8"), ("HEMATÓCRITO", 39.8, 35.0, "4544-3"), ("EOSINÓFILOS", 9.0, None, "713-8"),
        ("EOSINÓFILOS", 671.0, 20.0, "711-2"), ("PLAQUETAS", 243000.0, 150000.0, "777-3")}


def test_a_value_close_to_its_range_is_no_number_of_thousands(tmp_path: Path) -> None:
    found = read(tmp_path, [*HEAD, AT, ("TIBC", "405 250-450 ug/dL"), ("Sodium", "139 135-145 mmol/L"), POTASSIUM,
                            ("ANA Titer", "1:160! <1:40")])
    assert {(item.value.text, item.value.low) for item in found if item.value} == {
        ("4.0", 3.5), ("139", 135.0), ("405", 250.0), ("1:160", None)}
