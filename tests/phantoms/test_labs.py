import json
from pathlib import Path

import pymupdf
import pytest

from caseloom.phantoms.labs import ANALYTES, DEMO_LABS, Analyte, lab_rows


def luhn_check(code: str) -> bool:
    """LOINC's check digit: Luhn over the digits before the hyphen (LOINC Users' Guide, "check digit")."""
    number, check = code.split("-")
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return (10 - total % 10) % 10 == int(check)


def lab_files(case: Path) -> list[dict]:
    return json.loads((case.parent / "truth.json").read_text())["labs"]


def test_native_page_prints_every_row_of_the_truth(small_case: Path) -> None:
    native = next(lab for lab in lab_files(small_case) if not lab["scanned"])
    with pymupdf.open(small_case / native["file"]) as document:
        words = document[0].get_text("words")
        text = document[0].get_text()
    lines: dict[float, list[str]] = {}
    for word in sorted(words, key=lambda w: w[0]):
        lines.setdefault(round(word[3]), []).append(word[4])
    printed = {" ".join(line) for line in lines.values()}
    for row in native["results"]:
        cells = [row["name"], row["value_text"], row["flag"], row["unit"], row["range_text"]]
        assert " ".join(c for c in cells if c) in printed
    assert "SAMPLE, ALEX" in text
    assert "CLX-204817" in text
    assert "Synthetic data, not a real person" in text


def test_scan_has_no_text_layer_and_one_picture(small_case: Path) -> None:
    scan = next(lab for lab in lab_files(small_case) if lab["scanned"])
    with pymupdf.open(small_case / scan["file"]) as document:
        assert document[0].get_text().strip() == ""
        (picture,) = document[0].get_images()
        assert picture[2] == pytest.approx(595 / 72 * 200, abs=2)


def test_flags_follow_the_printed_ranges() -> None:
    flagged = {row["name"]: row["flag"] for row in lab_rows(DEMO_LABS[1]) if row["flag"]}
    assert flagged == {
        "RBC": "L", "Hemoglobin": "L", "Hematocrit": "L", "MCV": "L", "MCH": "L", "RDW": "H", "Platelets": "H",
        "Ferritin": "L", "CRP": "H",
    }  # fmt: skip
    assert not any(row["flag"] for row in lab_rows(DEMO_LABS[0]))


@pytest.mark.parametrize(("value", "flag"), [("5.0", "H"), ("4.9", None), ("5.1", "H")])
def test_a_limit_after_less_than_is_itself_high(value: str, flag: str | None) -> None:
    assert Analyte("CRP", "1988-5", "mg/L", "mg/L", None, "5.0", "", "").flag(value) == flag


def test_red_cell_indices_fit_together() -> None:
    for lab in DEMO_LABS:
        value = {row["name"]: float(str(row["value_text"])) for row in lab_rows(lab)}
        assert value["Hematocrit"] * 10 / value["RBC"] == pytest.approx(value["MCV"], abs=0.1)
        assert value["Hemoglobin"] * 10 / value["RBC"] == pytest.approx(value["MCH"], abs=0.1)
        assert value["Hemoglobin"] * 100 / value["Hematocrit"] == pytest.approx(value["MCHC"], abs=0.1)


def test_loinc_codes_are_those_of_the_public_truth(shared_data: Path) -> None:
    known: dict[str, set[str]] = {}
    for file in sorted((shared_data / "lab_series").glob("*.truth.json")):
        for row in json.loads(file.read_text())["results"]:
            known.setdefault(row["loinc"], set()).add(row["ucum"])
    for test in ANALYTES:
        assert luhn_check(test.loinc)
        assert test.ucum in known[test.loinc], test.name
