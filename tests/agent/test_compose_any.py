"""Whatever the findings are called and whatever they measure, what is composed from them passes verification."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_case import FIRST, MEASURE, SECOND, Maker, made_case

from caseloom.agent.compose import compose
from caseloom.agent.verify import verify
from caseloom.core.case import FileKind
from caseloom.core.evidence import DocumentSpan, FhirResource, ImageBox
from caseloom.core.finding import Assertion, Category, Change, Direction, Laterality, Status, Value
from caseloom.core.numbering import number_all

WORDS = st.text(min_size=1, max_size=30).filter(lambda text: any(ch.isalnum() for ch in text))
NUMBERS = st.floats(min_value=-1e5, max_value=1e6, allow_nan=False).map(lambda number: round(number, 3))
UNITS = st.sampled_from([None, "1", "mm", "g/dL", "10*9/L", "%", "HU", "mmol/L", "{score}", "mm[Hg]", "µmol/L", "/mm²"])
VALUES = st.builds(
    Value, number=NUMBERS, unit=UNITS, comparator=st.sampled_from([None, "<", ">="]),
    flag=st.sampled_from([None, "L", "H"]),
    low=st.none() | NUMBERS, high=st.none() | NUMBERS, range_text=st.none() | st.text(max_size=12),
    flag_computed=st.sampled_from([None, "L", "N", "H"]), collected_at=st.none() | st.just(f"{SECOND}T07:00:00"))
TEXTS = st.builds(Value, text=WORDS)
RESOURCES = st.sampled_from(["Condition", "MedicationRequest", "AllergyIntolerance", "Procedure", "Encounter"])
GIVEN = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def assert_all_supported(maker: Maker) -> None:
    findings, evidence, _ = number_all(maker.findings, maker.evidence)
    case = made_case().case.model_copy(update={"studies": tuple(maker.studies)})
    sections = compose(case, findings, evidence, MEASURE)
    kept, warnings = verify(sections, findings, evidence)
    assert warnings == [], [sentence.text for section in sections for sentence in section.sentences]
    assert {key for section in kept for sentence in section.sentences for key in sentence.findings} == {
        item.id for item in findings}


@GIVEN
@given(st.lists(st.tuples(WORDS, VALUES | TEXTS, st.sampled_from([Status.MEASURED, Status.INDETERMINATE])), max_size=5))
def test_laboratory_values(rows):
    maker = Maker()
    source = maker.study(FileKind.DOCUMENT, "DOC", SECOND, "a.pdf")
    for n, (name, value, status) in enumerate(rows):
        maker.add(source, DocumentSpan(page=1, bbox=(0, n, 9, 9), text="x"), f"row {n}", name=name, tool="labs",
                  category=Category.LAB, status=status, date=SECOND, value=value)
    assert_all_supported(maker)


@GIVEN
@given(st.lists(st.tuples(
    WORDS, RESOURCES, st.sampled_from(Assertion), st.sampled_from(["1999", "2012-05", SECOND, None]),
    st.sampled_from([Status.PRESENT, Status.ABSENT])), max_size=6))
def test_record_entries(rows):
    maker = Maker()
    source = maker.study(FileKind.RECORD, "FHIR", None, "r.json")
    for n, (name, resource, assertion, date, status) in enumerate(rows):
        maker.add(source, FhirResource(resource_type=resource, id=f"r{n}", path=resource), f"entry {n}", name=name,
                  tool="records", category=Category.RECORD, status=status, assertion=assertion, date=date)
    assert_all_supported(maker)


@GIVEN
@given(st.lists(st.tuples(
    WORDS, st.none() | WORDS, st.none() | st.sampled_from(Laterality), st.none() | VALUES | TEXTS,
    st.sampled_from(Status), st.sampled_from([Category.ANATOMY, Category.OBSERVATION])), max_size=5))
def test_observations(rows):
    maker = Maker()
    source = maker.study(FileKind.FILM, "CR", SECOND, "film.png")
    for n, (name, site, side, value, status, category) in enumerate(rows):
        maker.add(source, ImageBox(box=(0, 0, n + 1, 5)), f"box {n}", name=name, site=site, laterality=side,
                  value=value, status=status, category=category, tool="localization", date=SECOND)
    assert_all_supported(maker)


@GIVEN
@given(name=WORDS, before=NUMBERS, after=NUMBERS, unit=UNITS, direction=st.sampled_from(Direction),
       least=st.none() | st.floats(0.001, 50).map(lambda number: round(number, 2)),
       days=st.none() | st.integers(0, 9999), status=st.sampled_from([Status.MEASURED, Status.INDETERMINATE]))
def test_changes(name, before, after, unit, direction, least, days, status):
    maker = Maker()
    found = [maker.add(maker.study(FileKind.FILM, "CR", date, f"{date}.dcm"), ImageBox(box=(0, 0, 4, 5)), f"box {date}",
                       name=name, category=Category.MEASUREMENT, status=Status.MEASURED, tool="volume", date=date,
                       value=Value(number=number, unit=unit)) for date, number in ((FIRST, before), (SECOND, after))]
    relative = round((after - before) / abs(before), 4) if before else None
    maker.change(*found, Change(direction=direction, from_=before, to=after, delta=round(after - before, 6),
                                relative=relative, least_detectable=least, interval_days=days), status)
    assert_all_supported(maker)
