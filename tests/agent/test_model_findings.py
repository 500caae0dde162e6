"""What a model read: told as read, checked like the rest, and set against what was measured."""

from __future__ import annotations

import pytest
from made_case import made_case
from made_report import made_report

from caseloom.agent.compose import compose
from caseloom.agent.conflicts import conflicts_of
from caseloom.agent.events import event_text
from caseloom.agent.nodes import why_unfit
from caseloom.agent.verify import verify
from caseloom.core.evidence import Evidence, ImageBox, Source, VolumeRegion, make_evidence
from caseloom.core.finding import Change, Finding, Value, make_finding
from caseloom.core.report import ReaderIdentity, Sentence
from caseloom.report.html import html_of
from caseloom.report.markdown import markdown_of
from caseloom.report.view import view_of

MEDGEMMA = ReaderIdentity(name="medgemma", model="google/medgemma-1.5-4b-it", interprets=True, dtype="bfloat16",
                          weights_sha256="0" * 64)


def first_series(kind: str) -> tuple[str, str]:
    """A file of the made case, and the date of its study."""
    study = next(study for study in made_case().case.studies if study.kind == kind)
    return study.files[0].path, study.date or ""


def place(kind: str, answer: str | None, box: tuple[float, float, float, float] = (10, 10, 60, 90)) -> Evidence:
    file, date = first_series(kind)
    locator = (ImageBox(box=box) if kind == "film"
               else VolumeRegion(series_uid="1.2", bbox_mm=(0, 0, 0, 9, 9, 9), slice_range=(0, 9)))
    return make_evidence(Source(file=file, sha256="a" * 64), locator, caption="shown", date=date, raw_answer=answer)


def said(name: str, status: str, where: Evidence, **fields: object) -> Finding:
    return make_finding(**{"category": "observation", "reader": "medgemma", "tool": "volume"} | fields, name=name,
                        status=status, evidence=(where.id,), date=where.date, patient="P")


def told(findings: list[Finding], evidence: list[Evidence]) -> tuple[list[Sentence], list[str]]:
    """Composed and verified sentences that cite a finding, and the verifier's warnings."""
    sections, warnings = verify(compose(made_case().case, findings, evidence, MEDGEMMA), findings, evidence)
    return [sentence for section in sections for sentence in section.sentences if sentence.findings], warnings


def test_a_reading_is_told_as_read_and_by_whom() -> None:
    where = place("ct", "Final Answer: yes")
    findings = [said("Pleural effusion", "present", where), said("Lung nodule", "absent", where),
                said("Atelectasis", "indeterminate", where),
                said("Right lung", "present", where, category="anatomy"),
                said("Diagnosis line", "present", where, tool="pathology", value=Value(text="colon, no tumour"))]
    sentences, warnings = told(findings, [where])
    texts = {sentence.text for sentence in sentences}
    assert not warnings
    date = where.date
    assert f"Read as present by medgemma ({date}): pleural effusion." in texts
    assert f"Read as absent by medgemma ({date}): lung nodule." in texts
    assert f"Read by medgemma as indeterminate ({date}): atelectasis." in texts
    assert f"Located by medgemma ({date}): right lung." in texts
    assert f"Diagnosis line, read by medgemma ({date}): colon, no tumour." in texts


def test_a_result_that_a_model_read_is_told_as_read_and_stays_out_of_the_impression() -> None:
    where = place("ct", "[]")
    fields = {"category": "lab", "tool": "labs"}
    high = Value(number=9.1, text="9.1", unit="mmol/L", high=5.1, flag_computed="H")
    findings = [said("Potassium", "measured", where, value=high, **fields),
                said("Sodium", "indeterminate", where, value=Value(number=140, text="140", unit="mmol/L"), **fields)]
    sentences, warnings = told(findings, [where])
    assert not warnings
    assert [sentence.text for sentence in sentences if "Potassium" in sentence.text] == [
        f"Results read by medgemma ({where.date}): Potassium 9.1 mmol/L; Sodium 140 mmol/L, indeterminate."]


def test_what_was_read_as_present_reaches_the_impression_and_what_was_not_does_not() -> None:
    where = place("ct", "words")
    findings = [said("Pleural effusion", "present", where), said("Lung nodule", "absent", where)]
    sections = compose(made_case().case, findings, [where], MEDGEMMA)
    impression, = (section for section in sections if section.title == "Impression")
    assert [sentence.text for sentence in impression.sentences] == [
        f"Read as present by medgemma ({where.date}): pleural effusion."]
    limits = next(section for section in sections if section.title == "Limits")
    assert any("google/medgemma-1.5-4b-it" in sentence.text for sentence in limits.sentences)


@pytest.mark.parametrize("text", [
    "Read as absent by medgemma ({date}): pleural effusion.",
    "Read as present by gemini ({date}): pleural effusion.",
    "Read as present by medgemma (1999-01-01): pleural effusion.",
    "Read as present by medgemma ({date}): left pleural effusion.",
    "Read by medgemma as indeterminate ({date}): pleural effusion.",
])
def test_a_reading_told_wrongly_is_left_out(text: str) -> None:
    where = place("ct", "Final Answer: yes")
    finding = said("Pleural effusion", "present", where)
    sections = compose(made_case().case, [finding], [where], MEDGEMMA)
    right = f"Read as present by medgemma ({where.date}): pleural effusion."
    wrong = tuple(section.model_copy(update={"sentences": tuple(
        sentence.model_copy(update={"text": text.format(date=where.date)}) if sentence.text == right else sentence
        for sentence in section.sentences)}) for section in sections)
    _, before = verify(sections, [finding], [where])
    _, after = verify(wrong, [finding], [where])
    assert not before and after


def test_a_read_change_names_its_reader() -> None:
    before, after = place("film", None), place("film", "(C) Worsened", (0, 0, 50, 50))
    finding = make_finding(name="Consolidation", category="change", status="present", evidence=(after.id, before.id),
                           tool="comparison", reader="medgemma", date=after.date, patient="P",
                           change=Change(direction="worsened", interval_days=30, prior_evidence=(before.id,)))
    sentences, warnings = told([finding], [before, after])
    assert not warnings
    assert any("Consolidation: worsened" in item.text and "read by medgemma" in item.text for item in sentences)
    assert event_text(finding) == "Consolidation: worsened (read by medgemma)"


def test_a_finding_that_a_model_calls_stable_is_not_said_to_be_there() -> None:
    before, after = place("film", None), place("film", "(B) Stable", (0, 0, 50, 50))
    finding = make_finding(name="Pneumothorax", category="change", status="present", evidence=(after.id, before.id),
                           tool="comparison", reader="medgemma", date=after.date, patient="P",
                           change=Change(direction="stable", interval_days=30, prior_evidence=(before.id,)))
    sentences, warnings = told([finding], [before, after])
    assert not warnings
    assert any(item.text.startswith("Pneumothorax: unchanged since") for item in sentences)


def test_a_model_that_contradicts_itself_is_a_conflict() -> None:
    before, after = place("film", None), place("film", "(C) Worsened", (0, 0, 50, 50))
    worse = make_finding(name="Consolidation", category="change", status="present", evidence=(after.id, before.id),
                         tool="comparison", reader="medgemma", date=after.date, patient="P",
                         change=Change(direction="worsened", prior_evidence=(before.id,)))
    absent = said("Consolidation", "absent", after, tool="localization")
    conflict, = conflicts_of(made_case().case, [worse, absent], [before, after])
    assert "contradicts itself" in conflict.text and set(conflict.findings) == {worse.id, absent.id}


def test_events_say_what_a_model_did_not_see() -> None:
    where = place("ct", "no")
    assert event_text(said("Lung nodule", "absent", where)) == "Lung nodule: absent (read by medgemma)"


def test_a_detected_candidate_and_a_denied_nodule_are_a_conflict() -> None:
    where = place("ct", "Final Answer: no")
    candidate = said("Pulmonary nodule candidate", "indeterminate", where, reader="measure",
                     value=Value(number=7.9, unit="mm"))
    denied = said("Lung nodule", "absent", where)
    conflict, = conflicts_of(made_case().case, [candidate, denied], [where])
    assert "7.9 mm" in conflict.text and set(conflict.findings) == {candidate.id, denied.id}
    assert conflicts_of(made_case().case, [candidate, said("Lung nodule", "present", where)], [where]) == ()


@pytest.mark.parametrize(("box", "disagree"), [((12, 12, 62, 92), False), ((200, 200, 260, 290), True)])
def test_boxes_of_one_structure_that_hardly_overlap_are_a_conflict(box: tuple[float, float, float, float],
                                                                   disagree: bool) -> None:
    measured, read = place("film", None), place("film", "boxes", box)
    found = [said("Right lung", "present", measured, category="anatomy", reader="measure", tool="localization"),
             said("Right lung", "present", read, category="anatomy", tool="localization")]
    assert bool(conflicts_of(made_case().case, found, [measured, read])) is disagree


@pytest.mark.parametrize(("ratio", "status", "disagree"), [
    (0.56, "absent", True), (0.56, "present", False), (0.45, "present", True), (0.45, "indeterminate", False)])
def test_the_size_of_the_heart_on_a_pa_film_is_compared(ratio: float, status: str, disagree: bool) -> None:
    case = made_case().case
    studies = tuple(study.model_copy(update={"series": tuple(series.model_copy(update={"view": "PA"})
                                                             for series in study.series)}) for study in case.studies)
    where = place("film", "words")
    found = [said("Cardiothoracic ratio", "measured", where, reader="measure", category="measurement",
                  value=Value(number=ratio, unit="1")), said("Cardiomegaly", status, where)]
    assert bool(conflicts_of(case.model_copy(update={"studies": studies}), found, [where])) is disagree


@pytest.mark.parametrize(("identity", "fit"), [
    (ReaderIdentity(name="measure", interprets=False), True),
    (MEDGEMMA, True),
    (ReaderIdentity(name="served", model="medgemma", interprets=True), True),
    (ReaderIdentity(name="stub", interprets=True), False),
    (ReaderIdentity(name="served", interprets=True), False),
    (MEDGEMMA.model_copy(update={"unfit": "a toy"}), False),
])
def test_only_a_model_that_can_be_told_apart_may_write_a_report(identity: ReaderIdentity, fit: bool) -> None:
    assert (why_unfit(identity) is None) is fit


def test_why_a_reader_is_unfit_is_not_part_of_a_report() -> None:
    assert "unfit" not in MEDGEMMA.model_copy(update={"unfit": "a toy"}).model_dump()


def test_the_words_of_a_model_stand_beside_the_evidence() -> None:
    report = made_report()
    first = report.evidence[0].model_copy(update={"raw_answer": "Looks <b>odd</b>.\nFinal Answer: yes"})
    view = view_of(report.model_copy(update={"evidence": (first, *report.evidence[1:])}))
    assert "Looks &lt;b&gt;odd&lt;/b&gt;. Final Answer: yes" in html_of(view, {})
    assert "Final Answer: yes" in markdown_of(view)


def test_all_that_was_read_as_present_is_named_however_much_it_is() -> None:
    where = place("film", "Final Answer: yes")
    names = ("Atelectasis", "Cardiomegaly", "Consolidation", "Lung opacity", "Pleural effusion", "Pneumonia",
             "Pneumothorax", "Pulmonary edema")
    sentences, warnings = told([said(name, "present", where, tool="localization") for name in names], [where])
    assert not warnings
    for kind in ("finding", "impression"):
        text = " ".join(item.text for item in sentences if item.kind == kind).casefold()
        assert all(name.casefold() in text for name in names), kind


@pytest.mark.parametrize(("percent", "status", "conflicts"), [(0.0, "present", 1), (0.0, "absent", 0),
                                                              (12.0, "present", 0)])
def test_emphysema_without_any_low_attenuation_is_a_conflict(percent: float, status: str, conflicts: int) -> None:
    where = place("ct", "words")
    area = said("Low-attenuation area below -950 HU", "measured", where, category="measurement", reader="measure",
                value=Value(number=percent, unit="%", precision=0.2))
    found = conflicts_of(made_case().case, [area, said("Emphysema", status, where)], [where])
    assert len(found) == conflicts
    assert all("emphysema was read as present" in item.text for item in found)
