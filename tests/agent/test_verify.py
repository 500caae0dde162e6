"""Sentences that their evidence does not support are caught; those that it supports pass."""

from __future__ import annotations

import pytest
from made_case import FIRST, MEASURE, SECOND, MadeCase, made_case

from caseloom.agent.claims import written_forms
from caseloom.agent.compose import compose
from caseloom.agent.compose_labs import lab_sentence
from caseloom.agent.verify import verify
from caseloom.core.finding import Finding
from caseloom.core.report import Outcome, Section, Sentence, SentenceKind, Support


@pytest.fixture(scope="module")
def case() -> MadeCase:
    return made_case()


@pytest.fixture(scope="module")
def composed(case: MadeCase) -> tuple[Section, ...]:
    """The made case's sections, and one more with a sentence for each result that is outside its range."""
    flagged = [item for item in case.findings if item.value and item.value.flag and item.change is None]
    return (*compose(case.case, case.findings, case.evidence, MEASURE),
            Section(title="Singles", sentences=tuple(lab_sentence([item]) for item in flagged)))


def sentence_with(composed: tuple[Section, ...], start: str) -> Sentence:
    return next(sentence for section in composed for sentence in section.sentences if sentence.text.startswith(start))


def reasons(case: MadeCase, *sentences: Sentence) -> list[str]:
    kept, warnings = verify((Section(title="Test", sentences=sentences),), case.findings, case.evidence)
    standing = [item for section in kept for item in section.sentences]
    assert len([item for item in standing if item.outcome is Outcome.SUPPORTED]) + len(warnings) == len(sentences)
    for item in standing:
        assert item.outcome is Outcome.SUPPORTED or item.reason
    return warnings


NODULE = "Pulmonary nodule candidate, right lung: increased"
VOLUME = "Lung volume (2025"
HAEMOGLOBIN = "Haemoglobin 9.8"
MUTATIONS = [
    ("wrong side", NODULE, "right lung", "left lung", "side"),
    ("wrong side", VOLUME, "right lung 2498", "left lung 2498", ""),
    ("sides exchanged", VOLUME, "right lung 2498 mL; left lung 2190 mL", "right lung 2190 mL; left lung 2498 mL",
     "number"),
    ("both sides", NODULE, "right lung", "both right lung", "side"),
    ("wrong number", NODULE, "11.2 mm", "12.2 mm", "number"),
    ("lost decimal point", NODULE, "11.2 mm", "112 mm", "number"),
    ("rounded down", NODULE, "8.1 mm", "8 mm", "number"),
    ("from and to exchanged", NODULE, "from 8.1 mm on 2024-03-02 to 11.2 mm on 2025-03-04",
     "from 11.2 mm on 2024-03-02 to 8.1 mm on 2025-03-04", "number"),
    ("wrong difference", NODULE, "by 3.1 mm", "by 8.1 mm", "number"),
    ("wrong percentage", NODULE, "38.3 %", "83.3 %", "number"),
    ("wrong interval", NODULE, "367 days", "376 days", "number"),
    ("wrong interval unit", NODULE, "367 days", "367 weeks", "number"),
    ("unit slip", NODULE, "11.2 mm", "11.2 cm", "number"),
    ("unit slip", HAEMOGLOBIN, "g/dL", "g/L", "number"),
    ("unit slip", HAEMOGLOBIN, "g/dL", "mg/dL", "number"),
    ("unit lost", HAEMOGLOBIN, " g/dL", "", "number"),
    ("sign lost", "Mean lung attenuation", "-823.4", "823.4", "number"),
    ("value from the range", HAEMOGLOBIN, "9.8", "12", "number"),
    ("value of the other date", HAEMOGLOBIN, "9.8", "12.9", "number"),
    ("wrong range", HAEMOGLOBIN, "12 - 16", "9 - 16", "number"),
    ("comparator added", HAEMOGLOBIN, "9.8 g/dL", "<9.8 g/dL", "number"),
    ("wrong flag", HAEMOGLOBIN, ", low,", ", high,", "flag"),
    ("wrong flag", "Flagged or outside", "9.8 g/dL, low", "9.8 g/dL, high", "flag"),
    ("called abnormal", "Within the printed range", "Within", "Outside", "flag"),
    ("negation", "Located", "Located (", "Not found (", "turned round"),
    ("negation", HAEMOGLOBIN, "Haemoglobin 9.8", "Haemoglobin not 9.8", "turned round"),
    ("negated condition", "Active conditions", "Essential hypertension", "no Essential hypertension", "turned round"),
    ("result turned round", "Other results", "nitrite negative", "nitrite positive", "turned round"),
    ("wrong date", HAEMOGLOBIN, SECOND, "2025-03-05", "date"),
    ("the other date", HAEMOGLOBIN, SECOND, FIRST, "date"),
    ("dates exchanged", NODULE, f"from 8.1 mm on {FIRST} to 11.2 mm on {SECOND}",
     f"from 8.1 mm on {SECOND} to 11.2 mm on {FIRST}", "date"),
    ("wrong date of a condition", "Active conditions", "2012-05-20", "2021-05-20", "date"),
    ("wrong year", "Allergies", "1999", "1989", "n"),
    ("wrong direction", NODULE, "increased", "decreased", "change"),
    ("called stable", NODULE, "increased", "stable", "change"),
    ("invented change", HAEMOGLOBIN, "9.8 g/dL", "increased 9.8 g/dL", "change"),
    ("swapped analyte", HAEMOGLOBIN, "Haemoglobin", "Leukocytes", "name"),
    ("swapped analyte", "Leukocytes 13.4", "Leukocytes", "Platelets", "name"),
    ("invented finding", NODULE, "Pulmonary nodule candidate", "Pleural effusion", "name"),
    ("invented addition", NODULE, "right lung:", "right lung with pleural effusion:", "more than"),
    ("invented diagnosis", HAEMOGLOBIN, ", low,", ", low, iron deficiency anaemia,", "more than"),
    ("invented item", "Active conditions", "Chronic sinusitis", "Chronic sinusitis; Diabetes", "more than"),
    ("candidate made certain", "Pulmonary nodule candidate (2025", ", indeterminate", ", malignant", "more than"),
    ("doubt lost", "Region of high nuclear density", ", indeterminate", "", "certain"),
    ("doubt added", HAEMOGLOBIN, "9.8 g/dL", "possible 9.8 g/dL", "certain"),
    ("past made present", "Past conditions", "Past conditions", "Active conditions", "past"),
    ("present made past", "Active conditions", "Active conditions", "Past conditions", "past"),
    ("family history", "Active conditions", "Essential", "family history: Essential", ""),
    ("kind of entry", "Active conditions", "Active conditions", "Current medications", "kind"),
    ("kind of entry", "Allergies", "Allergies and intolerances", "Procedures", "kind"),
    ("wrong count", "4 further results", "4 further", "5 further", "count"),
    ("wrong kind of count", "1 further medication", "medication is", "condition is", "kind"),
    ("more than a count", "4 further results", "are listed", "are listed and show metastasis", "more than"),
    ("invented examination", "Slide: ", SECOND, "2025-03-05", "date"),
    ("another kind of examination", "Slide: ", "Slide", "Film", "kind"),
]


@pytest.mark.parametrize(("start", "old", "new", "why"), [row[1:] for row in MUTATIONS],
                         ids=[f"{row[0]}: {row[3][:40]}" for row in MUTATIONS])
def test_a_mutated_sentence_is_left_out(case, composed, start, old, new, why):
    sentence = sentence_with(composed, start)
    assert old in sentence.text
    assert reasons(case, sentence) == []
    caught = reasons(case, sentence.model_copy(update={"text": sentence.text.replace(old, new)}))
    assert len(caught) == 1
    assert why in caught[0]


def test_a_sentence_without_evidence_is_left_out(case, composed):
    sentence = sentence_with(composed, HAEMOGLOBIN)
    assert reasons(case, sentence.model_copy(update={"evidence": ()}))
    assert reasons(case, sentence.model_copy(update={"findings": ()}))


def test_ids_that_do_not_exist_are_caught(case, composed):
    sentence = sentence_with(composed, HAEMOGLOBIN)
    assert "does not exist" in reasons(case, sentence.model_copy(update={"evidence": ("E999",)}))[0]
    assert "does not exist" in reasons(case, sentence.model_copy(update={"findings": ("F999",)}))[0]


def test_evidence_of_another_finding_is_caught(case, composed):
    sentence, other = sentence_with(composed, HAEMOGLOBIN), sentence_with(composed, "Leukocytes 13.4")
    assert "not its findings'" in reasons(case, sentence.model_copy(update={"evidence": other.evidence}))[0]


def test_a_finding_that_is_cited_but_not_stated_is_caught(case, composed):
    sentence, other = sentence_with(composed, HAEMOGLOBIN), sentence_with(composed, "Leukocytes 13.4")
    more = {"findings": (*sentence.findings, *other.findings), "evidence": (*sentence.evidence, *other.evidence)}
    assert "does not state" in reasons(case, sentence.model_copy(update=more))[0]


def test_a_comparison_needs_both_examinations(case, composed):
    sentence = sentence_with(composed, NODULE)
    for key in sentence.evidence:
        caught = reasons(case, sentence.model_copy(update={"evidence": (key,)}))
        assert "both examinations" in caught[0]
    single = sentence_with(composed, HAEMOGLOBIN)
    assert "measured change" in reasons(case, single.model_copy(update={"kind": SentenceKind.COMPARISON}))[0]


def test_another_patients_value_is_caught(case, composed):
    sentence = sentence_with(composed, VOLUME)
    stranger = [item.model_copy(update={"patient": "P-ffffffffffffffff"}) if item.id == sentence.findings[0] else item
                for item in case.findings]
    kept, warnings = verify((Section(title="T", sentences=(sentence,)),), stranger, case.evidence)
    assert kept == () and "different patients" in warnings[0]


def test_a_measurement_does_not_pass_as_a_limitation(case):
    smuggled = Sentence(text="The nodule measures 14 mm.", kind=SentenceKind.LIMITATION, support=Support.SUPPORTED)
    assert "without a finding" in reasons(case, smuggled)[0]
    quoted = Sentence(text="The question put: “Is it larger than 14 mm?”", kind=SentenceKind.LIMITATION,
                      support=Support.SUPPORTED)
    assert reasons(case, quoted) == []


PARAPHRASES = [
    ("other words for the direction", NODULE, "increased", "larger"),
    ("one decimal more", HAEMOGLOBIN, "9.8 g/dL", "9.80 g/dL"),
    ("side without its organ", NODULE, "right lung", "right"),
    ("below for low", HAEMOGLOBIN, ", low,", ", below,"),
    ("month for a day", HAEMOGLOBIN, SECOND, SECOND[:7]),
    ("case of the unit", HAEMOGLOBIN, "g/dL", "g/dl"),
    ("without its range", HAEMOGLOBIN, ", range 12 - 16", ""),
    ("uncertain for indeterminate", "Region of high", "indeterminate", "uncertain"),
]


@pytest.mark.parametrize(("start", "old", "new"), [row[1:] for row in PARAPHRASES], ids=[row[0] for row in PARAPHRASES])
def test_a_true_paraphrase_passes(case, composed, start, old, new):
    sentence = sentence_with(composed, start)
    assert old in sentence.text
    assert reasons(case, sentence.model_copy(update={"text": sentence.text.replace(old, new)})) == []


def test_warnings_hold_no_data_of_the_patient(case, composed):
    wrong = [sentence.model_copy(update={"text": sentence.text + " Extra", "evidence": sentence.evidence[:1]})
             for section in composed for sentence in section.sentences if sentence.findings]
    names = {item.name.casefold() for item in case.findings if len(item.name) > 6}
    for warning in reasons(case, *wrong):
        assert not any(name in warning.casefold() for name in names)


def test_numbers_in_names_are_not_taken_for_values(case):
    def renamed(item: Finding) -> Finding:
        return item.model_copy(update={"name": "Vitamin B12 25-OH 2.5"}) if item.name == "Haemoglobin" else item
    findings = [renamed(item) for item in case.findings]
    sections = compose(case.case, findings, case.evidence, MEASURE)
    assert verify(sections, findings, case.evidence)[1] == []
    sentence = sentence_with(sections, "Flagged or outside")
    swapped = sentence.model_copy(update={"text": sentence.text.replace("B12", "B6")})
    assert verify((Section(title="T", sentences=(swapped,)),), findings, case.evidence)[0] == ()


@pytest.mark.parametrize(("old", "new"), [("9,8", "9,9"), ("9,8", "98"), ("12,0 - 16,0", "12,0 - 61,0"), ("", "")])
@pytest.mark.parametrize("dash", [" - ", "- ", "-"])
def test_two_sources_of_a_result_may_differ_in_the_decimal_sign_and_around_a_dash(case, old, new, dash):
    point = next(item for item in case.findings if item.name == "Haemoglobin" and item.number == 9.8
                 and item.change is None)
    value = point.value.model_copy(update={"text": "9,8", "range_text": "12,0 - 16,0"})
    shown = next(item for item in case.evidence if item.id == point.evidence[0]).model_copy(update={"id": "E900"})
    comma = point.model_copy(update={"id": "F900", "value": value, "evidence": ("E900",)})
    point = point.model_copy(update={"value": point.value.model_copy(update={"range_text": f"12.0{dash}16.0"})})
    sentence = lab_sentence([comma, point])
    sentence = sentence.model_copy(update={"text": sentence.text.replace(old, new)})
    kept, warnings = verify((Section(title="Test", sentences=(sentence,)),), (point, comma), (*case.evidence, shown))
    stands = bool(kept) and kept[0].sentences[0].outcome is Outcome.SUPPORTED
    assert stands is (not old) and bool(warnings) is bool(old)


@pytest.mark.parametrize(("amount", "forms"), [
    ("9,8 g/dl", ("9,8 g/dl", "9.8 g/dl")), ("80.0 - 100.0", ("80.0 - 100.0", "80,0 - 100,0")), ("", ()),
    ("1.234 mg/l", ("1.234 mg/l",)), ("<5", ("<5",)), ("1,234.5", ("1,234.5",))])
def test_the_forms_of_an_amount(amount, forms):
    assert written_forms(amount) == forms
