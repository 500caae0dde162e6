"""Names, numbers and birth dates taken out of text; what only looks like them stays."""

from __future__ import annotations

import pytest

from caseloom.core.case import Identity, Patient
from caseloom.tools.blanking import blank_text, people_of
from caseloom.tools.blanking.text import identity_spans

HODGKIN = Identity(ids=("MR-0012345",), names=("HODGKIN^Mary Anne",), birth_date="1950-02-03")
WHITE = Identity(ids=("77",), names=("White, May",), birth_date="1961-11-30")
MUELLER = Identity(ids=("A77-1", "900 123 4567"), names=("Müller^Jörg",))
CODED = Identity(ids=("Lung_Dx-A0001",), names=("Lung_Dx-A0001",))


@pytest.mark.parametrize("text", [
    "Mary Hodgkin", "HODGKIN, MARY", "Hodgkin^Mary^Anne", "mary-anne hodgkin", "M. Hodgkin", "Hodgkin, M. A.", "Mary",
    "anne", "Mrs Hodgkin", "Hodgkin", "Máry Hodgkin", "Name: Hodgkin", "Mary\nHodgkin"])
def test_a_name_goes_in_any_order_case_and_accent(text: str) -> None:
    blanked = blank_text(f"On Monday {text} came.", (HODGKIN,))
    assert "hodgkin" not in blanked.casefold()
    assert "m" not in blanked.casefold().replace("monday", "").replace("came", "").replace(
        "[name]", "").replace("mrs", "").replace("name:", "")
    assert blanked.startswith("On Monday ")
    assert blanked.endswith(" came.")


@pytest.mark.parametrize("text", [
    "Hodgkin lymphoma, nodular sclerosis", "Hodgkin's disease", "non-Hodgkin lymphoma", "classical hodgkin lymphoma",
    "Hodgkin and Reed-Sternberg cells"])
def test_an_eponym_stays_where_it_names_a_disease(text: str) -> None:
    assert blank_text(text, (HODGKIN,)) == text


def test_an_eponym_goes_where_the_disease_is_only_near() -> None:
    assert blank_text("Hodgkin has a disease", (HODGKIN,)) == "[name] has a disease"


@pytest.mark.parametrize("text", [
    "White blood cells 4.6", "WHITE CELL COUNT", "pain since May 2020", "it may be white", "CRP 77 mg/L", "77 %",
    "taken on 30 May"])
def test_an_everyday_word_or_a_short_number_alone_stays(text: str) -> None:
    assert blank_text(text, (WHITE,)) == text


@pytest.mark.parametrize(("text", "expected"), [
    ("Mrs White", "Mrs [name]"), ("Patient: White", "Patient: [name]"), ("White, May", "[name]"),
    ("May White was seen", "[name] was seen"), ("Surname White", "Surname [name]"), ("MRN: 77", "MRN: [id]"),
    ("Patient ID 77  Sex F", "Patient ID [id]  Sex F"), ("W. May", "[name]"), ("MAY WHITE", "[name]")])
def test_they_go_behind_a_label_or_beside_each_other(text: str, expected: str) -> None:
    assert blank_text(text, (WHITE,)) == expected


@pytest.mark.parametrize("text", ["MR-0012345", "mr0012345", "MR 001 2345", "MR_0012345", "0012345", "12345"])
def test_a_number_goes_with_any_punctuation(text: str) -> None:
    assert blank_text(f"number {text} on file", (HODGKIN,)) == "number [id] on file"


@pytest.mark.parametrize("text", ["123456", "912345", "12345.5", "0.12345", "MR12345678", "A12345"])
def test_a_longer_number_or_a_value_stays(text: str) -> None:
    assert blank_text(text, (HODGKIN,)) == text


@pytest.mark.parametrize("text", [
    "1950-02-03", "1950/02/03", "03.02.1950", "3.2.1950", "3/2/1950", "02/03/1950", "2/3/50", "03-02-50", "19500203",
    "3 February 1950", "3rd of Feb 1950", "Feb 3, 1950", "February 3rd 1950", "03-FEB-1950", "03FEB50",
    "3. Februar 1950", "3 février 1950", "3 de febrero de 1950", "1950 Feb 3", "1950年2月3日", "3 2 1950"])
def test_a_birth_date_goes_in_every_usual_writing(text: str) -> None:
    assert blank_text(f"({text})", (HODGKIN,)) == "([birth date])"


@pytest.mark.parametrize("text", [
    "1950-02-13", "2050-02-03", "13.2.1950", "3.2-50", "1950-02", "3 May 1950", "23 February 1950", "Feb 3, 1951",
    "range 3.2 - 50"])
def test_another_date_or_a_range_stays(text: str) -> None:
    assert blank_text(text, (HODGKIN,)) == text


@pytest.mark.parametrize(("text", "expected"), [
    ("DOB: 04/05/1949 Sex: F", "DOB: [birth date] Sex: F"), ("geb. am 4.5.1949", "geb. am [birth date]"),
    ("born in 1949", "born in [birth date]")])
def test_whatever_date_stands_behind_a_birth_label_goes(text: str, expected: str) -> None:
    assert blank_text(text, ()) == expected


@pytest.mark.parametrize("text", ["Mueller", "MÜLLER", "Muller, Joerg", "Jörg Müller", "JO\u0308RG"])
def test_umlauts_are_spelled_either_way(text: str) -> None:
    assert blank_text(text, (MUELLER,)) == "[name]"


def test_names_without_spaces_between_words() -> None:
    assert blank_text("患者山田太郎です", (Identity(names=("山田^太郎",)),)) == "患者[name][name]です"


def test_a_name_that_is_a_code_goes_as_a_whole_only() -> None:
    assert blank_text("Is there a lung nodule in Lung_Dx-A0001?", (CODED,)) == "Is there a lung nodule in [id]?"


def test_an_alias_in_words_and_the_patient_of_a_case() -> None:
    patient = Patient(id="A77-1", aliases=("Ohm, Anna", "B9912"), names=("Anna Volt",), birth_date="1950-02-03")
    text = "Anna Ohm (formerly VOLT), b-99-12, A77.1, 3.2.1950"
    assert blank_text(text, people_of(patient)) == "[name] (formerly [name]), [id], [id], [birth date]"


def test_a_case_without_a_patient_blanks_nothing_but_labelled_births() -> None:
    assert people_of(Patient(id="unidentified")) == ()
    assert blank_text("unidentified mass", people_of(Patient(id="unidentified"))) == "unidentified mass"


def test_what_ocr_makes_of_a_name_and_a_number() -> None:
    who = Identity(ids=("TH2200450",), names=("Zimmerleigh, Mattias",))
    text = "Zirnmerleigh Mattlas TH22OO45O Zimmerlelgh Glucose 5.6 ZimmerleighMattias"
    spans = [text[span.start:span.end] for span in identity_spans(text, (who,), misread=True)]
    assert spans == ["Mattlas", "TH22OO45O", "Zimmerlelgh", "ZimmerleighMattias"]


def test_long_hostile_text_is_read_in_time() -> None:
    text = ("Mary " * 20_000) + ("1" * 50_000) + ("MRN: " * 20_000)
    assert "Mary" not in blank_text(text, (HODGKIN, WHITE))


@pytest.mark.parametrize("text", ["MRN0012345", "id12345 seen", "MRN：００１２３４５", "record 12345"])
def test_a_number_goes_where_a_label_is_glued_to_it_or_its_digits_are_full_width(text: str) -> None:
    blanked = blank_text(text, [Identity(ids=("0012345",))])
    assert "[id]" in blanked and "2345" not in blanked and "２" not in blanked


@pytest.mark.parametrize("text", ["Report for OBrien, Anne-Marie", "Report for Annemarie O'Brien"])
def test_a_name_with_a_joint_goes_in_one_word_too(text: str) -> None:
    blanked = blank_text(text, [Identity(names=("O'Brien^Anne-Marie",))])
    assert "Brien" not in blanked and "arie" not in blanked
