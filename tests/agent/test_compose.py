"""Composed sentences: complete, cited, bounded, and said in the finding's own numbers."""

from __future__ import annotations

import re

import pytest
from made_case import FIRST, MEASURE, PATIENT, SECOND, MadeCase, Maker, made_case

from caseloom.agent.compose import compose
from caseloom.agent.compose_labs import flag_words
from caseloom.agent.verify import verify
from caseloom.core.case import FileKind
from caseloom.core.evidence import DocumentSpan, FhirResource, ImageBox
from caseloom.core.finding import Category, Change, Direction, Status, Value
from caseloom.core.numbering import number_all
from caseloom.core.refusal import Refusal, RefusalCode
from caseloom.core.report import ReaderIdentity, Section, Sentence, SentenceKind, Support


@pytest.fixture(scope="module")
def case() -> MadeCase:
    return made_case()


@pytest.fixture(scope="module")
def sections(case: MadeCase) -> dict[str, Section]:
    return {section.title: section for section in compose(case.case, case.findings, case.evidence, MEASURE)}


def text_of(section: Section) -> str:
    return "\n".join(sentence.text for sentence in section.sentences)


def of_made(maker: Maker, case: MadeCase) -> tuple[Section, ...]:
    findings, evidence, _ = number_all(maker.findings, maker.evidence)
    made = case.case.model_copy(update={"studies": tuple(maker.studies)})
    sections = compose(made, findings, evidence, MEASURE)
    assert verify(sections, findings, evidence) == (sections, [])
    return sections


def test_the_sections_stand_in_reading_order(sections):
    assert list(sections) == ["Context", "What was reviewed", "Comparison", "Chest CT", "Chest film", "Pathology",
                              "Laboratory", "Health record", "Impression", "Limits"]


def test_every_sentence_cites_or_is_a_limitation(case, sections):
    known = {item.id for item in case.evidence}
    for sentence in (sentence for section in sections.values() for sentence in section.sentences):
        if sentence.kind is not SentenceKind.LIMITATION:
            assert sentence.findings and sentence.evidence and set(sentence.evidence) <= known, sentence.text


def test_all_composed_sentences_pass_verification(case, sections):
    assert verify(tuple(sections.values()), case.findings, case.evidence) == (tuple(sections.values()), [])


def test_no_finding_is_dropped_silently(case, sections):
    cited = {key for section in sections.values() for sentence in section.sentences for key in sentence.findings}
    assert cited == {item.id for item in case.findings}


def test_the_context_names_reader_question_and_synthetic_patient(sections):
    context = text_of(sections["Context"])
    assert "Has the nodule in the right lung grown?" in context
    assert "interprets nothing" in context
    assert "synthetic" in context


def test_an_interpreting_reader_is_named(case):
    reader = ReaderIdentity(name="medgemma", model="medgemma-1.5-4b-it", revision="abc", interprets=True)
    context = text_of(compose(case.case, case.findings, case.evidence, reader)[0])
    assert "medgemma medgemma-1.5-4b-it abc" in context
    assert "interprets nothing" not in context


def test_growth_is_told_with_both_dates_and_both_evidences(case, sections):
    sentence = sections["Comparison"].sentences[0]
    assert sentence.text == (
        "Pulmonary nodule candidate, right lung: increased from 8.1 mm on 2024-03-02 to 11.2 mm on 2025-03-04, "
        "by 3.1 mm (38.3 %) over 367 days, smallest detectable difference 2 mm.")
    dates = {item.date for item in case.evidence if item.id in sentence.evidence}
    assert dates == {FIRST, SECOND}


def test_the_comparison_section_says_when_there_was_none(case):
    found = tuple(item for item in case.findings if item.change is None)
    sections = {s.title: s for s in compose(case.case, found, case.evidence, MEASURE, notes=("no earlier film.",))}
    assert [sentence.kind for sentence in sections["Comparison"].sentences] == [SentenceKind.LIMITATION] * 2
    assert "Nothing was compared" in text_of(sections["Comparison"])
    assert "No earlier film." in text_of(sections["Comparison"])


def test_values_outside_their_range_come_first_and_with_their_range(sections):
    lines = text_of(sections["Laboratory"]).splitlines()
    assert lines[0] == ("Flagged or outside the printed range (2025-03-04): Leukocytes 13.4 10*9/L, high, range "
                        "4 - 11; Haemoglobin 9.8 g/dL, low, range 12 - 16.")
    assert "Within the printed range (2025-03-04): Creatinine; Platelets." in lines


def test_the_impression_is_ordered_by_weight(sections):
    first, *_, last = (sentence.text for sentence in sections["Impression"].sentences)
    assert first.startswith("Pulmonary nodule candidate, right lung: increased from 8.1 mm")
    assert last == ("Flagged or outside the printed range (2025-03-04): Leukocytes 13.4 10*9/L, high; "
                    "Haemoglobin 9.8 g/dL, low.")
    assert all(sentence.kind is SentenceKind.IMPRESSION for sentence in sections["Impression"].sentences)


def test_sides_are_told_right_first(sections):
    assert "right lung 2498 mL; left lung 2190 mL" in text_of(sections["Chest CT"])


def test_a_study_without_findings_is_named_as_such(case):
    maker = Maker()
    maker.study(FileKind.FILM, "CR", SECOND, "film.png")
    maker.study(FileKind.FILM, "CR", None, "other.png")
    sections = {section.title: section for section in of_made(maker, case)}
    assert text_of(sections["What was reviewed"]).splitlines() == [
        "Film (2025-03-04): no finding came of it; what was not read is listed with its reason.",
        "Film (undated): no finding came of it; what was not read is listed with its reason."]
    assert "1 examination or document carries no date" in text_of(sections["Limits"])
    assert "No tool had a finding to report." in text_of(sections["Limits"])


def test_the_limits_count_files_that_were_not_read(case, sections):
    refused = [Refusal(file=f"{n}.dcm", code=RefusalCode.CORRUPT, reason="broken") for n in range(3)]
    opened = case.case.model_copy(update={"not_read": tuple(refused)})
    told = compose(opened, case.findings, case.evidence, MEASURE)[-1]
    assert "3 files were not read" in text_of(told)
    assert "1 file was not read" in text_of(sections["Limits"])


def test_a_finding_of_an_unknown_kind_is_told_generically(case):
    maker = Maker()
    film = maker.study(FileKind.FILM, "CR", SECOND, "film.png")
    common = {"tool": "other", "date": SECOND}
    maker.add(film, ImageBox(box=(0, 0, 5, 5)), "a", name="Pleural effusion", category=Category.OBSERVATION,
              status=Status.ABSENT, site="Left lung base", **common)
    maker.add(film, ImageBox(box=(0, 0, 6, 6)), "b", name="Tube tip: distance", category=Category.MEASUREMENT,
              status=Status.MEASURED, value=Value(number=41.239, unit="mm"), **common)
    maker.add(film, ImageBox(box=(0, 0, 7, 7)), "c", name="Pacemaker", category=Category.OBSERVATION,
              status=Status.PRESENT, **common)
    told = text_of({section.title: section for section in of_made(maker, case)}["Chest film"])
    assert "Not found (2025-03-04): pleural effusion, left lung base." in told
    assert "Tube tip, distance (2025-03-04): 41.24 mm." in told
    assert "Pacemaker (2025-03-04): present." in told


def test_a_large_health_record_fits_a_page(case):
    maker = Maker()
    record = maker.study(FileKind.RECORD, "FHIR", None, "record.json")
    kinds = ("Condition", "MedicationRequest", "Procedure", "Immunization", "Encounter", "AllergyIntolerance")
    for n in range(600):
        kind = kinds[n % len(kinds)]
        maker.add(record, FhirResource(resource_type=kind, id=f"r{n}", path=kind), f"entry {n}", tool="records",
                  name=f"Entry {chr(97 + n % 26)}{chr(97 + n // 26)} of {n % 7} kinds", category=Category.RECORD,
                  status=Status.PRESENT, date=f"{1990 + n % 30}-0{1 + n % 9}-11")
    sections = {section.title: section for section in of_made(maker, case)}
    told = sections["Health record"]
    assert len(told.sentences) <= 12
    assert len(text_of(told).split()) < 900
    assert sum(len(sentence.findings) for sentence in told.sentences) == 600


def test_results_that_agree_between_sources_are_one_sentence(case):
    maker = Maker()
    for path, printed, reference in (("a.pdf", "129", "135- 145"), ("b.pdf", "129.0", "135 - 145")):
        source = maker.study(FileKind.DOCUMENT, "DOC", SECOND, path)
        maker.add(source, DocumentSpan(page=1, bbox=(0, 0, 9, 9), text="x"), path, name="Sodium", tool="labs",
                  date=SECOND, category=Category.LAB, status=Status.MEASURED,
                  value=Value(number=129.0, text=printed, unit="mmol/L", low=135, high=145, range_text=reference,
                              flag="L", flag_computed="L"))
    laboratory = {section.title: section for section in of_made(maker, case)}["Laboratory"]
    assert [sentence.text for sentence in laboratory.sentences] == [
        "Sodium 129.0 mmol/L, low, range 135 - 145 (2025-03-04)."]
    assert len(laboratory.sentences[0].evidence) == 2


@pytest.mark.parametrize("name", [
    "<script>alert(1)</script>", "Na; K: ratio", "白血球数", "عدد الكريات", "name\u202ewith\nmarks"])
def test_names_of_every_kind_are_told_and_verified(case, name):
    maker = Maker()
    source = maker.study(FileKind.DOCUMENT, "DOC", SECOND, "a.pdf")
    maker.add(source, DocumentSpan(page=1, bbox=(0, 0, 9, 9), text="x"), "row", name=name, tool="labs", date=SECOND,
              category=Category.LAB, status=Status.MEASURED,
              value=Value(number=5.0, text="5.0", unit="%", flag="H", flag_computed="H"))
    laboratory = {section.title: section for section in of_made(maker, case)}["Laboratory"]
    assert len(laboratory.sentences) == 1
    assert "\u202e" not in text_of(laboratory) and "\n" not in laboratory.sentences[0].text


def test_composing_is_pure(case):
    made = [compose(case.case, case.findings, case.evidence, MEASURE) for _ in range(2)]
    assert made[0] == made[1]


def test_no_sentence_names_the_patient(sections):
    assert not re.search(f"MRN-1|{PATIENT}", "".join(text_of(section) for section in sections.values()))


@pytest.mark.parametrize(("flag", "computed", "words"), [
    ("L", "L", "low"), ("HH", "H", "high"), (None, "H", "high"), (None, "N", ""), ("N", "H", ""), ("++", "H", "high"),
    ("*", "L", "low"), ("+", None, "high"), ("!", None, "flagged !"), ("A", None, "flagged A"), (None, None, ""),
    ("bold", "H", "high")])
def test_the_printed_flag_counts_and_a_sign_without_a_direction_gives_way_to_the_range(case, flag, computed, words):
    result = next(item for item in case.findings if item.category is Category.LAB and item.number is not None)
    assert result.value is not None
    value = result.value.model_copy(update={"flag": flag, "flag_computed": computed})
    assert flag_words(result.model_copy(update={"value": value})) == words


def test_a_difference_that_may_be_noise_gets_no_direction() -> None:
    from caseloom.agent.compose_change import change_text
    from caseloom.agent.phrases import Material
    from caseloom.core.case import Case, Patient
    from caseloom.core.finding import Change, Value, make_finding

    finding = make_finding(name="Lung volume", category="change", status="indeterminate", laterality="left",
                           site="Left lung", value=Value(number=2224, unit="mL"), evidence=("E1",), tool="comparison",
                           reader="measure", patient="P", change=Change(direction="decreased", from_=2439, to=2224,
                                                                        delta=-215, relative=-0.088, interval_days=252))
    case = Case(id="c", root=".", patient=Patient(id="P"), opaque_patient="P", files=(), studies=(), not_read=())
    text = change_text(finding, Material(case, (finding,), ()))
    assert "decreased" not in text
    assert text.endswith("repeatability unknown.")


def lab_results(case, *rows):
    """The laboratory section and the impression of results of one analyte: (day, number, printed flag, computed)."""
    maker = Maker()
    sheet = maker.study(FileKind.DOCUMENT, "DOC", SECOND, "labs.pdf")
    for n, (day, number, flag, computed) in enumerate(rows):
        maker.add(sheet, DocumentSpan(page=1, bbox=(0, n, 5, n + 1), text=str(n)), f"line {n}", name="Potassium",
                  category=Category.LAB, status=Status.MEASURED, tool="labs", date=day,
                  value=Value(number=number, text=str(number), unit="mmol/L", low=3.5, high=5.1, flag=flag,
                              flag_computed=computed))
    sections = {section.title: section for section in of_made(maker, case)}
    return text_of(sections["Laboratory"]), text_of(sections["Impression"])


def test_an_earlier_result_farther_outside_than_the_latest_is_told_with_its_date(case):
    told, impression = lab_results(case, ("2024-01-05", 6.9, "HH", "H"), ("2024-02-01", 5.4, "H", "H"),
                                   ("2024-03-01", 2.9, "L", "L"), (SECOND, 4.2, None, "N"))
    line = next(line for line in told.splitlines() if line.startswith("Earlier results"))
    assert line == ("Earlier results flagged or outside the printed range: Potassium 6.9 mmol/L, high (2024-01-05); "
                    "Potassium 2.9 mmol/L, low (2024-03-01).")
    assert "Potassium 6.9 mmol/L, high (2024-01-05)" in impression and "2.9" not in impression


def test_a_result_that_came_back_into_its_range_is_among_the_changes(case):
    maker = Maker()
    for name, numbers, flags, relative in (("Ferritin", (20.0, 90.0), (None, None), 3.5),
                                           ("Hemoglobin", (8.0, 13.7), ("L", None), 0.7125)):
        sources = [maker.study(FileKind.DOCUMENT, "DOC", date, f"{name}_{date}.pdf") for date in (FIRST, SECOND)]
        ends = [maker.add(source, DocumentSpan(page=1, bbox=(0, 0, 5, 5), text=name), f"{name}, {date}", name=name,
                          category=Category.LAB, status=Status.MEASURED, tool="labs", date=date,
                          value=Value(number=number, text=str(number), unit="g/dL", flag=flag))
                for source, date, number, flag in zip(sources, (FIRST, SECOND), numbers, flags, strict=True)]
        maker.change(*ends, Change(direction=Direction.INCREASED, from_=numbers[0], to=numbers[1], relative=relative,
                                   delta=numbers[1] - numbers[0], interval_days=367))
    told = {section.title: text_of(section) for section in of_made(maker, case)}["Comparison"].splitlines()
    assert told[0].startswith("Hemoglobin: increased from 8 g/dL on 2024-03-02 to 13.7 g/dL on 2025-03-04")
    assert told[1] == "1 further comparison is listed with its evidence."


def test_an_earlier_result_less_far_outside_than_the_latest_is_only_counted(case):
    told, _ = lab_results(case, ("2024-01-05", 5.4, "H", "H"), (SECOND, 6.2, "H", "H"))
    assert "Earlier results" not in told and "1 further result" in told


def test_what_was_ruled_out_is_no_active_condition(case):
    maker = Maker()
    record = maker.study(FileKind.RECORD, "FHIR", SECOND, "record.json")
    for name, status, assertion in (("Asthma", Status.PRESENT, "affirmed"), ("Tuberculosis", Status.ABSENT, "negated")):
        maker.add(record, FhirResource(resource_type="Condition", id=name, path="Condition.code"), name, name=name,
                  category=Category.RECORD, status=status, assertion=assertion, tool="records", date=FIRST)
    told = text_of({section.title: section for section in of_made(maker, case)}["Health record"]).splitlines()
    assert told == ["Active conditions: Asthma (2024-03-02).", "Excluded or denied: Tuberculosis (2024-03-02)."]
    findings, evidence, _ = number_all(maker.findings, maker.evidence)
    ruled_out = next(item for item in findings if item.name == "Tuberculosis")
    active = Sentence(text="Active conditions: Tuberculosis (2024-03-02).", findings=(ruled_out.id,),
                      evidence=ruled_out.evidence, kind=SentenceKind.FINDING, support=Support.SUPPORTED)
    stands = [item.text for section in verify([Section(title="T", sentences=(active,))], findings, evidence)[0]
              for item in section.sentences]
    assert active.text not in stands


def test_results_beyond_those_that_the_impression_names_are_counted(case):
    maker = Maker()
    sheet = maker.study(FileKind.DOCUMENT, "DOC", SECOND, "labs.pdf")
    for n in range(11):
        maker.add(sheet, DocumentSpan(page=1, bbox=(0, n, 5, n + 1), text=str(n)), f"line {n}", name=f"Analyte {n}",
                  category=Category.LAB, status=Status.MEASURED, tool="labs", date=SECOND,
                  value=Value(number=9.0 + n, text=str(9 + n), unit="mmol/L", low=3.5, high=5.1, flag_computed="H"))
    told = text_of({section.title: section for section in of_made(maker, case)}["Impression"])
    assert told.count("high") == 8 and "3 further results are listed" in told


def test_a_result_without_a_range_has_its_number_and_one_of_urine_its_specimen(case):
    maker = Maker()
    sheet = maker.study(FileKind.DOCUMENT, "DOC", SECOND, "labs.pdf")
    for n, (name, value) in enumerate((("Hemoglobin", Value(number=14.6, text="14.6", unit="g/dL")),
                                       ("Blood", Value(text="1+", flag="A", range_text="Negative", specimen="Urine")),
                                       ("Urine protein", Value(text="Trace", specimen="Urine")))):
        maker.add(sheet, DocumentSpan(page=1, bbox=(0, n, 5, n + 1), text=str(n)), f"line {n}", name=name, value=value,
                  category=Category.LAB, status=Status.MEASURED, tool="labs", date=SECOND)
    told = text_of({section.title: section for section in of_made(maker, case)}["Laboratory"])
    assert "Hemoglobin 14.6 g/dL" in told and "Blood (urine) 1+" in told and "Urine protein Trace" in told


def test_what_a_letter_says_of_side_size_and_course_is_in_the_impression(case):
    maker = Maker()
    letter = maker.study(FileKind.DOCUMENT, "DOC", SECOND, "letter.pdf")
    said = (("Hypertension", {}), ("Pulmonary nodule", {"laterality": "right", "site": "right upper lobe"}),
            ("Pleural effusion", {"laterality": "left", "value": Value(text="small, new")}))
    for n, (name, fields) in enumerate(said):
        maker.add(letter, DocumentSpan(page=1, bbox=(50, 100 + 20 * n, 400, 112 + 20 * n), text=name),
                  f"Letter: {name}", name=name, category=Category.RECORD, status=Status.PRESENT, tool="records",
                  date=SECOND, **fields)
    sections = {section.title: text_of(section) for section in of_made(maker, case)}
    assert sections["Health record"] == ("Stated in notes and letters (2025-03-04): Hypertension; Pleural effusion, "
                                         "left, small, new; Pulmonary nodule, right upper lobe.")
    assert sections["Impression"] == ("Stated in notes and letters (2025-03-04): Pleural effusion, left, small, new; "
                                      "Pulmonary nodule, right upper lobe.")


def changed_pair(maker: Maker, name: str, numbers: tuple[float, float], unit: str, change: Change) -> None:
    sources = [maker.study(FileKind.FILM, "CR", date, f"{name}_{date}.dcm") for date in (FIRST, SECOND)]
    ends = [maker.add(source, ImageBox(box=(0, 0, 5, 5)), f"{name}, {date}", name=name, tool="volume", date=date,
                      category=Category.MEASUREMENT, status=Status.MEASURED, value=Value(number=number, unit=unit))
            for source, date, number in zip(sources, (FIRST, SECOND), numbers, strict=True)]
    maker.change(*ends, change.model_copy(update={"from_": numbers[0], "to": numbers[1]}))


def test_what_moved_by_less_than_can_be_detected_is_told_so_and_together(case):
    maker = Maker()
    for name, numbers, unit, least in (
            ("Opacity volume", (0.246, 0.487), "mL", 0.42), ("Emphysema", (4.0, 5.0), "%", 5.0),
            ("Lung volume", (2536.0, 2536.0), "mL", 183.0)):
        changed_pair(maker, name, numbers, unit, Change(
            direction=Direction.STABLE, delta=round(numbers[1] - numbers[0], 3), least_detectable=least,
            relative=round((numbers[1] - numbers[0]) / numbers[0], 4), interval_days=367))
    sections = {section.title: text_of(section) for section in of_made(maker, case)}
    assert sections["Comparison"].splitlines() == [
        "Stable, or changed by less than can be detected, from 2024-03-02 to 2025-03-04: emphysema from 4 % to 5 % "
        "(smallest detectable 5 percentage points); lung volume from 2536 mL to 2536 mL (smallest detectable 183 mL); "
        "opacity volume from 0.246 mL to 0.487 mL (smallest detectable 0.42 mL)."]


def test_one_alone_says_it_with_its_difference_and_percentages_differ_by_points(case):
    maker = Maker()
    changed_pair(maker, "Opacity volume", (0.246, 0.487), "mL", Change(
        direction=Direction.STABLE, delta=0.241, relative=0.9797, least_detectable=0.42, interval_days=367))
    changed_pair(maker, "Field share", (48.0, 54.0), "%", Change(
        direction=Direction.INCREASED, delta=6.0, relative=0.125, least_detectable=5.0, interval_days=367))
    told = {section.title: text_of(section) for section in of_made(maker, case)}["Comparison"].splitlines()
    assert told == [
        "Field share: increased from 48 % on 2024-03-02 to 54 % on 2025-03-04, by 6 percentage points over 367 days, "
        "smallest detectable difference 5 percentage points.",
        "Opacity volume: changed by less than can be detected, from 0.246 mL on 2024-03-02 to 0.487 mL on 2025-03-04, "
        "by 0.241 mL over 367 days, smallest detectable difference 0.42 mL."]


def test_a_printed_decimal_comma_does_not_cost_the_comparison(case):
    maker = Maker()
    ends = [maker.add(maker.study(FileKind.DOCUMENT, "DOC", date, f"{date}.pdf"),
                      DocumentSpan(page=1, bbox=(0, 0, 9, 9), text="x"), date, name="Magnesium", tool="labs", date=date,
                      category=Category.LAB, status=Status.MEASURED, value=Value(
                          number=number, text=text, unit="mmol/L", low=0.7, high=1.05, flag=flag, flag_computed=flag))
            for date, number, text, flag in ((FIRST, 1.0, "1,0", None), (SECOND, 1.14, "1,14", "H"))]
    maker.change(*ends, Change(direction=Direction.INCREASED, from_=1.0, to=1.14, delta=0.14, relative=0.14,
                               interval_days=367))
    sections = {section.title: text_of(section) for section in of_made(maker, case)}
    assert sections["Comparison"] == ("Magnesium: increased from 1 mmol/L on 2024-03-02 to 1.14 mmol/L on 2025-03-04, "
                                      "by 0.14 mmol/L (14 %) over 367 days.")


@pytest.mark.parametrize(("note", "told"), [
    ("2024-03-02 and 2025-03-04: the scans were made differently (slices are 3 and 5 mm thick)",
     "Noted in the comparison: “2024-03-02 and 2025-03-04: the scans were made differently (slices are 3 and 5 mm "
     "thick)”."),
    ("the studies of 2024-03-02 and 2025-03-04, 238 days apart, share no measurement that is compared",
     "Noted in the comparison: “The studies of 2024-03-02 and 2025-03-04, 238 days apart, share no measurement that is "
     "compared”."),
    ("the films were not laid on each other", "The films were not laid on each other.")])
def test_what_a_comparison_has_to_say_beside_its_findings_stands_in_the_report(case, note, told):
    sections = compose(case.case, case.findings, case.evidence, MEASURE, notes=(note,))
    kept, warnings = verify(sections, case.findings, case.evidence)
    comparison = next(section for section in kept if section.title == "Comparison")
    assert comparison.sentences[-1].text == told
    assert warnings == []
