"""What free sentences come to: kept, put right from their findings, marked, or left out with the reason."""

from __future__ import annotations

import pytest
from made_case import FIRST, PATIENT, SECOND, MadeCase, made_case
from made_report import made_report

from caseloom.agent.facts import known_facts
from caseloom.agent.prose.dates import date_at
from caseloom.agent.prose.units import factor, is_written
from caseloom.agent.verify import Verified, objection, verified
from caseloom.core.evidence import EvidenceKind
from caseloom.core.finding import Finding, make_finding
from caseloom.core.report import Outcome, Section, Sentence, SentenceKind, Support
from caseloom.report.view import view_of


@pytest.fixture(scope="module")
def case() -> MadeCase:
    return made_case()


def of(case: MadeCase, name: str, **fields: object) -> Finding:
    return next(item for item in case.findings if item.name == name
                and all(getattr(item, key) == value for key, value in fields.items()))


def written(case: MadeCase, text: str, *findings: Finding, mark: bool = False) -> Verified:
    kind = SentenceKind.COMPARISON if any(item.change for item in findings) else SentenceKind.FINDING
    sentence = Sentence(text=text, findings=tuple(item.id for item in findings), kind=kind, support=Support.SUPPORTED,
                        evidence=tuple({key: None for item in findings for key in item.evidence}))
    return verified([Section(title="T", sentences=(sentence,))], case.findings, case.evidence, mark=mark)


def test_a_true_sentence_in_other_words_stands_as_written(case: MadeCase) -> None:
    text = f"On {SECOND} the haemoglobin was low at 98 g/L (reference 120-160)."
    done = written(case, text, of(case, "Haemoglobin", category="lab", date=SECOND))
    sentence = done.sections[0].sentences[0]
    assert (sentence.text, sentence.outcome, sentence.reason) == (text, Outcome.SUPPORTED, None)
    assert not done.left_out and not done.warnings


def test_a_wrong_number_is_put_right_from_the_finding(case: MadeCase) -> None:
    text = "The haemoglobin was low at 89 g/L."
    done = written(case, text, of(case, "Haemoglobin", category="lab", date=SECOND))
    sentence = done.sections[0].sentences[0]
    assert sentence.outcome is Outcome.CORRECTED and sentence.written == text
    assert sentence.text.startswith("Haemoglobin 9.8 g/dL, low") and "number" in (sentence.reason or "")
    assert "corrected in" in done.warnings[0] and "9.8" not in done.warnings[0]


def test_a_wrong_direction_is_put_right_from_the_change(case: MadeCase) -> None:
    change = next(item for item in case.findings if item.change and item.name == "Pulmonary nodule candidate")
    done = written(case, f"The right lung nodule candidate has shrunk since {FIRST}.", change)
    sentence = done.sections[0].sentences[0]
    assert sentence.outcome is Outcome.CORRECTED
    assert "increased from 8.1 mm" in sentence.text


def test_what_the_findings_do_not_say_is_left_out_with_its_reason(case: MadeCase) -> None:
    text = "The haemoglobin was low at 9.8 g/dL because of a bleeding ulcer."
    done = written(case, text, of(case, "Haemoglobin", category="lab", date=SECOND))
    assert done.sections == ()
    left, = done.left_out
    assert (left.text, left.section, left.outcome) == (text, "T", Outcome.REMOVED)
    assert left.reason == "it says more than its finding"


def test_what_a_person_wrote_is_marked_and_stays(case: MadeCase) -> None:
    text = "The haemoglobin was low at 7.8 g/dL."
    done = written(case, text, of(case, "Haemoglobin", category="lab", date=SECOND), mark=True)
    sentence = done.sections[0].sentences[0]
    assert (sentence.text, sentence.support, sentence.outcome) == (text, Support.UNSUPPORTED, Outcome.MARKED)
    assert not done.left_out


def test_a_citation_that_is_not_stated_is_taken_off(case: MadeCase) -> None:
    stated = of(case, "Haemoglobin", category="lab", date=SECOND)
    other = of(case, "Leukocytes", category="lab", date=SECOND)
    sentence = written(case, "The haemoglobin is 9.8 g/dL.", stated, other).sections[0].sentences[0]
    assert sentence.findings == (stated.id,) and sentence.evidence == stated.evidence
    assert sentence.outcome is Outcome.CORRECTED and sentence.written is None


def test_one_finding_is_not_said_twice_by_corrections(case: MadeCase) -> None:
    finding = of(case, "Haemoglobin", category="lab", date=SECOND)
    wrong = [Sentence(text=f"The haemoglobin is {number} g/dL.", findings=(finding.id,), evidence=finding.evidence,
                      kind=SentenceKind.FINDING, support=Support.SUPPORTED) for number in ("8.8", "7.7")]
    done = verified([Section(title="T", sentences=tuple(wrong))], case.findings, case.evidence)
    assert len(done.sections[0].sentences) == 1 and len(done.left_out) == 1


@pytest.mark.parametrize("text", [
    "Haemoglobin and leukocytes are both low.", "Haemoglobin is 13.4 and leukocytes are 9.8.",
    "Leukocytes 13.4, haemoglobin 9.8 g/dL, high.", "Haemoglobin dropped 9.8 g/dL.",
    f"Haemoglobin is 9.8 g/dL, range 12 - 16 ({FIRST}).", "Haemoglobin is 9.8 g/dL and improving."])
def test_what_is_said_of_one_finding_is_not_taken_from_another(case: MadeCase, text: str) -> None:
    done = written(case, text, of(case, "Haemoglobin", category="lab", date=SECOND),
                   of(case, "Leukocytes", category="lab", date=SECOND))
    assert all(item.text != text for section in done.sections for item in section.sentences)


@pytest.mark.parametrize("text", [
    "Low: haemoglobin (9.8 g/dL). High: leukocytes (13.4).", "Haemoglobin and leukocytes were 9.8 g/dL and 13.4.",
    "Haemoglobin is below its range, leukocytes are not.", "Of haemoglobin and leukocytes, only haemoglobin is low.",
    "1. Haemoglobin 9.8 g/dL. 2. Leukocytes 13.4.", "Haemoglobin, unlike the leukocytes, is low."])
def test_lists_headings_and_contrasts_are_read(case: MadeCase, text: str) -> None:
    done = written(case, text, of(case, "Haemoglobin", category="lab", date=SECOND),
                   of(case, "Leukocytes", category="lab", date=SECOND))
    assert [item.text for section in done.sections for item in section.sentences] == [text], done


@pytest.mark.parametrize("text", [
    "Low: leukocytes (13.4). High: haemoglobin (9.8 g/dL).", "Haemoglobin and leukocytes were 13.4 g/dL and 9.8.",
    "Leukocytes are below their range, haemoglobin is not.", "Of haemoglobin and leukocytes, only leukocytes are low.",
    "Haemoglobin is low, and so are the leukocytes.", "Leukocytes, unlike haemoglobin, are low."])
def test_what_is_shared_is_not_shared_wrongly(case: MadeCase, text: str) -> None:
    done = written(case, text, of(case, "Haemoglobin", category="lab", date=SECOND),
                   of(case, "Leukocytes", category="lab", date=SECOND))
    assert all(item.text != text for section in done.sections for item in section.sentences)


def test_a_reading_told_without_its_reader_is_told_with_it(case: MadeCase) -> None:
    place = next(item for item in case.evidence if item.kind is EvidenceKind.VOLUME_SLICE)
    finding = make_finding(name="Pleural effusion", category="observation", status="present", laterality="left",
                           evidence=(place.id,), tool="volume", reader="medgemma", date=place.date, patient=PATIENT)
    sentence = Sentence(text="There is a left pleural effusion.", findings=(finding.id,), evidence=(place.id,),
                        kind=SentenceKind.FINDING, support=Support.SUPPORTED)
    kept = verified([Section(title="T", sentences=(sentence,))], [finding], [place]).sections[0].sentences[0]
    assert (kept.outcome, kept.read_by) == (Outcome.SUPPORTED, "medgemma")
    assert objection(sentence, known_facts([finding], [place])) == "it does not say who read it"
    named = sentence.model_copy(update={"text": "Medgemma read a left pleural effusion."})
    assert objection(named, known_facts([finding], [place])) == ""
    line = view_of(made_report().model_copy(update={"sections": (Section(title="T", sentences=(kept,)),)})
                   ).parts[0].lines[0]
    assert line.text == "There is a left pleural effusion. (read by medgemma)"


@pytest.mark.parametrize("text", ["2025-03-04", "4 March 2025", "March 4, 2025", "04.03.2025", "4/3/2025", "Mar 2025",
                                  "2025", "4th of march 2025"])
def test_forms_of_a_date(text: str) -> None:
    found = date_at(text.lower(), 0)
    assert found is not None and found[1] == len(text)
    assert found[0].is_of("2025-03-04T08:00:00Z") and not found[0].is_of("2024-05-07")


def test_a_date_with_a_day_is_not_a_month_alone() -> None:
    found = date_at("4 march 2025", 0)
    assert found is not None and not found[0].is_of("2025-03")


@pytest.mark.parametrize(("unit", "other", "times"), [
    ("mm", "cm", 0.1), ("10^3/uL", "x10⁹/L", 1.0), ("10*9/L", "G/L", 1.0), ("g/dL", "g/L", 10.0),
    ("mL", "mm³", 1000.0), ("nuclei/mm2", "per mm²", 1.0), ("1", "%", 100.0)])
def test_units_convert(unit: str, other: str, times: float) -> None:
    assert factor(unit, other, "") == pytest.approx(times)


@pytest.mark.parametrize(("unit", "other"), [("mm", "mL"), ("g/L", "G/L"), ("mmol/L", "mg/dL"), ("HU", "mm")])
def test_units_of_other_things_do_not_convert(unit: str, other: str) -> None:
    assert factor(unit, other, "sodium") is None


def test_mass_and_amount_convert_by_the_molar_mass() -> None:
    assert factor("mg/dL", "umol/L", "creatinine") == pytest.approx(88.4, abs=0.05)


def test_a_number_holds_within_its_printed_precision_alone() -> None:
    assert is_written("9.0", 9.0, "9.0") and is_written("9", 9.0, "9.0") and not is_written("9.00", 9.0, "9.0")
    assert not is_written("10.7", 10.6, None) and not is_written("11", 10.6, None)
    assert is_written("3", 3.4, None, about=True) and not is_written("1", 1.4, None, about=True)
    assert is_written("7.4", 7.42, None) and not is_written("7.5", 7.42, None) and not is_written("7.4", 7.42, "7.42")
    assert not is_written("2230", 2229, None) and not is_written("0.5", 0.48, None)
    assert is_written("11", 10.6, None, loose=True) and is_written("9.3", 9.30461395823093, None)
