"""Numbers, ranges, flags, units and codes as laboratories print them."""

import csv
import json
from importlib.resources import files
from pathlib import Path

import pytest

from caseloom.core.flags import flag_direction
from caseloom.tools.lab_terms.analytes import analyte_of, specimen_in
from caseloom.tools.lab_terms.limits import Range, computed_flag
from caseloom.tools.lab_terms.units import plain, repaired, ucum_of
from caseloom.tools.labs.values import (
    decimal_sign,
    is_flag,
    is_no_result,
    is_result_word,
    is_semiquantitative,
    is_titre,
    parse_number,
    parse_range,
    sign_of_part,
    to_number,
)


@pytest.mark.parametrize(("text", "sign", "number", "comparator", "flag", "rest"), [
    ("13.7", ".", 13.7, None, None, ""), ("5,76+", ",", 5.76, None, "+", ""), ("0,9---", ",", 0.9, None, "---", ""),
    ("<0.01", ".", 0.01, "<", None, ""), ("≥ 90", ".", 90.0, ">=", None, ""), ("88.2L%", ".", 88.2, None, "L", "%"),
    ("29.5H", ".", 29.5, None, "H", ""), ("*142", ".", 142.0, None, "*", ""), ("2,840", ".", 2840.0, None, None, ""),
    ("1.234,5", ",", 1234.5, None, None, ""), ("41%", ".", 41.0, None, None, "%"), ("-2.0", ".", -2.0, None, None, ""),
    ("5.9 ↑", ".", 5.9, None, "↑", ""), ("142 (H)", ".", 142.0, None, "(H)", ""),
    ("5.98°", ".", 5.98, None, "°", ""), (".5", ".", 0.5, None, None, "")])
def test_numbers(text: str, sign: str, number: float, comparator: str | None, flag: str | None, rest: str) -> None:
    found = parse_number(text, sign)
    assert found is not None
    assert (found.number, found.comparator, found.flag, found.rest) == (number, comparator, flag, rest)


@pytest.mark.parametrize(("text", "sign"), [("5,1", "."), ("5.1", ","), ("1.2.3", "."), ("12,34,567", "."),
                                            ("O.5", "."),
                                            ("1O", "."), ("128/76", "."), ("08:14", "."), ("Negative", ".")])
def test_what_is_no_number_in_this_document_is_never_read_as_one(text: str, sign: str) -> None:
    found = parse_number(text, sign)
    assert found is None or found.rest, "at most digits with something unknown behind them"
    assert to_number(text, sign) is None


@pytest.mark.parametrize(("text", "sign", "low", "high"), [
    ("70 - 99", ".", 70, 99), ("(<14)", ".", None, 14), ("[7.35-7.45]", ".", 7.35, 7.45), ("up to 5.0", ".", None, 5),
    ("≥60", ".", 60, None), ("-2.0-2.0", ".", -2, 2), ("0,385 - 0,500", ",", 0.385, 0.5), ("70 to 99", ".", 70, 99),
    ("0.04 ~ 0.40", ".", 0.04, 0.4), (">=60", ".", 60, None),
    ("< OR = 5", ".", None, 5), ("> or = 60", ".", 60, None)])
def test_ranges(text: str, sign: str, low: float | None, high: float | None) -> None:
    found = parse_range(text, sign)
    assert found is not None
    assert (found.low, found.high) == (low, high)


@pytest.mark.parametrize("text", ["116375-47", "Negative", "99", "2024-01-18", "1:40"])
def test_what_is_no_range(text: str) -> None:
    assert parse_range(text, ".") is None


@pytest.mark.parametrize(("texts", "sign"), [
    (["7,6", "0,456", "13.08.2023", "105"], ","), (["7.6", "5,315", "150"], "."), (["142", "08:14"], "."),
    (["7,6", "5.1"], None)])
def test_the_decimal_sign_of_a_document(texts: list[str], sign: str | None) -> None:
    assert decimal_sign(texts) == sign


@pytest.mark.parametrize(("texts", "sign"), [(["7,6", "5.1", "4.2"], "."), (["7,6"], ","), (["7,6", "5.1"], ","),
                                             (["150"], ",")])
def test_the_decimal_sign_of_a_page_in_a_document_with_commas(texts: list[str], sign: str) -> None:
    assert sign_of_part(texts, ",") == sign


@pytest.mark.parametrize(("number", "comparator", "limits", "flag"), [
    (8.0, None, Range("12.0-15.5", 12.0, 15.5), "L"), (12.0, None, Range("12.0-15.5", 12.0, 15.5), "N"),
    (14.0, None, Range("<14", None, 14.0), "H"), (60.0, None, Range(">=60", 60.0, None), "N"),
    (90.0, ">", Range(">60", 60.0, None), "N"), (0.01, "<", Range("0.4-4.5", 0.4, 4.5), "L"),
    (60.0, ">", Range("0-90", 0.0, 90.0), None), (5.0, None, Range("Negative", None, None), None)])
def test_flags_computed(number: float, comparator: str | None, limits: Range, flag: str | None) -> None:
    assert computed_flag(number, comparator, limits) == flag


@pytest.mark.parametrize(("flag", "direction"), [("H", "H"), ("++", "H"), ("↓", "L"), ("LL", "L"), ("(H)", "H"),
                                                 ("Low", "L"), ("*", None), ("A", None), (None, None), ("N", "N")])
def test_flags_printed(flag: str | None, direction: str | None) -> None:
    assert flag_direction(flag) == direction


def test_words_that_are_results() -> None:
    assert all(map(is_result_word, ("Negative", "NON-REACTIVE", "Not Detected", "None seen", "Trace", "Positive!")))
    assert not any(map(is_result_word, ("Glucose", "Escherichia coli", "Serum", "Method", "Na")))
    waiting = ("PENDING", "QNS", "to follow", "Hemolyzed", "Test not performed", "Sample haemolysed")
    assert all(map(is_no_result, waiting))
    assert not any(map(is_no_result, ("Test positive", "Sample")))
    assert is_titre("1:160")
    assert is_semiquantitative("2+")
    assert is_flag("HH")
    assert not is_flag("WBC")


@pytest.mark.parametrize(("printed", "ucum"), [
    ("x10*9/L", "10*9/L"), ("x10(3)/mcL", "10*3/uL"), ("10³/µL", "10*3/uL"), ("x10⁹/L", "10*9/L"), ("G/L", "10*9/L"),
    ("g/L", "g/L"), ("K/uL", "10*3/uL"), ("μmol/L", "umol/L"), ("mcg/dL", "ug/dL"), ("mmHg", "mm[Hg]"),
    ("mL/min/1.73 m²", "mL/min/{1.73_m2}"), ("mIU/L", "m[IU]/L"), ("mm/hr", "mm/h"), ("furlong", None)])
def test_units(printed: str, ucum: str | None) -> None:
    assert ucum_of(printed) == ucum


def test_units_of_every_row_in_the_sample_series(shared_data: Path) -> None:
    """Where the sample's code says more than the print (creatinine, FEU, arbitrary units), the print decides."""
    more = {"mg/g": "mg/g{creat}", "ng/mL": "ng/mL{FEU}", "IU/L": "U/L", "U/mL": "[arb'U]/mL"}
    for path in sorted((shared_data / "lab_series").glob("*.truth.json")):
        for row in json.loads(path.read_text(encoding="utf-8"))["results"]:
            if row["unit"] and more.get(row["unit"]) != row["ucum"]:
                assert ucum_of(row["unit"]) == row["ucum"], row["unit"]


def test_letters_mixed_up_in_a_unit_have_one_reading() -> None:
    assert repaired("ulU/mL") == "uIU/mL"
    assert repaired("1U/mL") == "IU/mL"
    assert repaired("mg/dL") is None
    assert repaired("xyz/q") is None


def rows_of_table(name: str, package: str = "lab_terms") -> list[dict[str, str]]:
    text = (files(f"caseloom.tools.{package}") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def check_digit(code: str) -> int:
    """LOINC's check digit: mod 10 with every second digit from the right doubled."""
    digits = [int(ch) for ch in reversed(code.split("-", maxsplit=1)[0])]
    total = sum(sum(divmod(2 * digit, 10)) if place % 2 == 0 else digit for place, digit in enumerate(digits))
    return -total % 10


def test_every_code_has_a_valid_check_digit_and_a_source() -> None:
    rows = rows_of_table("loinc.csv")
    assert len({row["code"] for row in rows}) == len(rows) >= 150
    for row in rows:
        assert check_digit(row["code"]) == int(row["code"].split("-")[1]), row["code"]
        assert row["source"] == f"https://loinc.org/{row['code']}/"
        assert row["specimen"] in ("serum", "blood", "arterial", "urine")


def test_units_of_the_tables_are_known() -> None:
    known = {row["ucum"] for row in rows_of_table("units.csv")} | {"1"}
    for row in rows_of_table("loinc.csv"):
        assert set(row["units"].split()) <= known, row["code"]
    plains = [plain(row["printed"]) for row in rows_of_table("units.csv")]
    assert all(plains)


def test_codes_of_the_sample_series(shared_data: Path) -> None:
    """A code is given for nearly every row, and none is wrong."""
    given = total = 0
    for path in sorted((shared_data / "lab_series").glob("*.truth.json")):
        for row in json.loads(path.read_text(encoding="utf-8"))["results"]:
            specimen = specimen_in(row["name"], row["panel"], row["specimen"])
            analyte = analyte_of(row["name"], specimen, row["unit"], numeric=row["value"] is not None)
            allowed = {code for code in (row["loinc"], *row["loinc_also"]) if code}
            total += bool(row["loinc"])
            given += analyte is not None
            assert analyte is None or analyte.code in allowed, row["name"]
    assert given >= 0.98 * total


@pytest.mark.parametrize(("name", "specimen", "unit", "code"), [
    ("Glucose", None, "mg/dL", "2345-7"), ("Glucose", None, "mmol/L", "14749-6"),
    ("Glucose", "arterial", "mg/dL", "41651-1"),
    ("Neutrophils", None, "%", "770-8"), ("Neutrophils", None, "x10*9/L", "751-8"),
    ("Haemoglobin", None, "g/L", "718-7"),
    ("Creatinine, Urine", "urine", "mg/dL", "2161-8"), ("Glucose", "csf", "mg/dL", None),
    ("Hemoglobin", None, "mmol/L", None), ("Lactate", None, "mmol/L", None), ("Ionized Calcium", None, "mmol/L", None),
    ("Lactate", "arterial", "mmol/L", "2518-9"), ("O2 Saturation", None, "%", None),
    ("D-Dimer", None, "ng/mL", None), ("D-Dimer", None, "ng/mL FEU", "48065-7"),
    ("Potassium", None, None, None), ("Unheard-of test", None, "mg/dL", None)])
def test_specimen_and_unit_decide_between_codes(name: str, specimen: str | None, unit: str | None,
                                                code: str | None) -> None:
    analyte = analyte_of(name, specimen, unit, numeric=True)
    assert (analyte.code if analyte else None) == code


@pytest.mark.parametrize(("texts", "specimen"), [
    (("Protein", None, "Serum / EDTA blood / Urine"), None), (("Protein", "URINE", "Serum / Urine"), "urine"),
    (("Glucose", None, "Serum/Plasma"), "plasma"), (("Glucose", None, "EDTA plasma"), "plasma"),
    (("Rapid Plasma Reagin (RPR)", None, None), None),
    (("CSF/serum albumin ratio", None, None), None), (("pH", "Venous blood gas", None), None),
    (("pH", "Arterial blood gas", "Serum"), "arterial"), (("pH", None, "Arterial whole blood"), "arterial"),
    (("PaO2", None, None), "arterial"), (("pCO2(a)", None, None), "arterial"), (("pO2", None, None), None)])
def test_several_specimens_in_one_text_tell_none(texts: tuple[str | None, ...], specimen: str | None) -> None:
    assert specimen_in(*texts) == specimen
