"""A case made by hand: two CTs, two films, a slide, two laboratory reports and a health record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from caseloom.core.case import SYNTHETIC, Case, CaseFile, FileKind, Patient, Series, Study
from caseloom.core.evidence import (
    DocumentSpan,
    Evidence,
    FhirResource,
    ImageBox,
    SlideRegion,
    Source,
    VolumeRegion,
    VolumeSlice,
    make_evidence,
)
from caseloom.core.finding import Category, Change, Code, Direction, Finding, Laterality, Status, Value, make_finding
from caseloom.core.numbering import number_all
from caseloom.core.refusal import Refusal, RefusalCode
from caseloom.core.report import ReaderIdentity

PATIENT = "P-0123456789abcdef"
FIRST, SECOND = "2024-03-02", "2025-03-04"
DAYS = 367
MEASURE = ReaderIdentity(name="measure", interprets=False)
LOINC = "http://loinc.org"


@dataclass(frozen=True)
class MadeCase:
    """The case with its numbered findings and evidence."""

    case: Case
    findings: tuple[Finding, ...]
    evidence: tuple[Evidence, ...]


class Maker:
    """Collects findings with their evidence."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.evidence: list[Evidence] = []
        self.studies: list[Study] = []

    def study(self, kind: FileKind, modality: str, date: str | None, path: str, part: str | None = None) -> Source:
        sha = f"{len(self.studies) + 1:064x}"
        file = CaseFile(path=path, sha256=sha, size=1000, kind=kind)
        series = Series(uid=f"1.2.{len(self.studies)}", kind=kind, modality=modality, files=(file,))
        self.studies.append(Study(id=f"S{len(self.studies) + 1}", uid=f"1.{len(self.studies)}", kind=kind,
                                  modality=modality, date=date, body_part=part, series=(series,)))
        return Source(file=path, sha256=sha, uid=f"1.2.{len(self.studies)}")

    def add(self, source: Source, locator: object, caption: str, picture: str | None = None,
            **fields: object) -> Finding:
        date = fields.get("date")
        item = make_evidence(source, locator, caption=caption, date=date, picture=picture)  # type: ignore[arg-type]
        self.evidence.append(item)
        finding = make_finding(**{"reader": "measure", "patient": PATIENT, "evidence": (item.id,), **fields})
        self.findings.append(finding)
        return finding

    def change(self, before: Finding, after: Finding, change: Change, status: Status = Status.MEASURED) -> Finding:
        finding = make_finding(
            name=after.name, code=after.code, category=Category.CHANGE, status=status, laterality=after.laterality,
            site=after.site, value=after.value, change=change.model_copy(update={"prior_evidence": before.evidence}),
            evidence=tuple(sorted({*before.evidence, *after.evidence})), tool="comparison", reader="measure",
            date=after.date, patient=PATIENT)
        self.findings.append(finding)
        return finding


def made_case(root: Path = Path("/nowhere")) -> MadeCase:
    """Two CTs, two films, a slide, two laboratory reports and a health record of one made-up patient."""
    maker = Maker()
    _scans(maker)
    _films(maker)
    _slide(maker)
    _labs(maker)
    _record(maker)
    case = Case(
        id="c0ffee", root=root, patient=Patient(id="MRN-1"), opaque_patient=PATIENT,
        question="Has the nodule in the right lung grown?", files=tuple(f for s in maker.studies for f in s.files),
        studies=tuple(maker.studies),
        not_read=(Refusal(file="scans/broken.dcm", code=RefusalCode.TRUNCATED,
                          reason="the file ends early; export it again"),),
        warnings=(SYNTHETIC,))
    findings, evidence, _ = number_all(maker.findings, maker.evidence)
    return MadeCase(case, findings, evidence)


def _slice(date: str) -> VolumeSlice:
    return VolumeSlice(series_uid=f"1.2.{date}", instance_uid=f"1.2.{date}.40", index=40, box=(120, 200, 160, 240))


def _scans(maker: Maker) -> None:
    seen: dict[tuple[str, str], Finding] = {}
    for date, nodule, volumes in ((FIRST, 8.1, (2510.0, 2204.0)), (SECOND, 11.2, (2498.0, 2190.0))):
        source = maker.study(FileKind.CT, "CT", date, f"ct_{date}/1.dcm", "CHEST")
        common = {"tool": "volume", "date": date, "picture": f"overlays/ct_{date}.png"}
        region = VolumeRegion(series_uid="1", bbox_mm=(0, 0, 0, 10, 10, 10), slice_range=(10, 60))
        for side, volume in zip((Laterality.RIGHT, Laterality.LEFT), volumes, strict=True):
            seen[date, side] = maker.add(
                source, region, f"{side} lung outlined, {date}", name="Lung volume", category=Category.MEASUREMENT,
                status=Status.MEASURED, laterality=side, site=f"{side} lung".capitalize(),
                value=Value(number=volume, unit="mL", ucum="mL"), **common)
            maker.add(source, region, f"{side} lung density, {date}", name="Mean lung attenuation", site=f"{side} lung",
                      category=Category.MEASUREMENT, status=Status.MEASURED, laterality=side,
                      value=Value(number=-823.4 if side == "right" else -818.9, unit="HU", ucum="[hnsf'U]"), **common)
        seen[date, "nodule"] = maker.add(
            source, _slice(date), f"Nodule candidate, slice 41, {date}", name="Pulmonary nodule candidate",
            category=Category.OBSERVATION, status=Status.INDETERMINATE, laterality=Laterality.RIGHT, site="Right lung",
            value=Value(number=nodule, unit="mm", ucum="mm"), **common)
    maker.change(seen[FIRST, "nodule"], seen[SECOND, "nodule"], Change(
        direction=Direction.INCREASED, from_=8.1, to=11.2, delta=3.1, relative=0.3827, least_detectable=2.0,
        interval_days=DAYS))
    maker.change(seen[FIRST, "right"], seen[SECOND, "right"], Change(
        direction=Direction.DECREASED, from_=2510, to=2498, delta=-12, relative=-0.0048, interval_days=DAYS),
        Status.INDETERMINATE)


def _films(maker: Maker) -> None:
    for date, ratio in ((FIRST, 0.46), (SECOND, 0.47)):
        source = maker.study(FileKind.FILM, "CR", date, f"film_{date}.dcm", "CHEST")
        common = {"tool": "localization", "date": date, "picture": f"overlays/film_{date}.png"}
        sides = {"Right lung": Laterality.RIGHT, "Left lung": Laterality.LEFT, "Cardiac silhouette": None}
        for name, side in sides.items():
            maker.add(source, ImageBox(box=(10, 20, 300, 500)), f"{name}, film of {date}", name=name, laterality=side,
                      category=Category.ANATOMY, status=Status.PRESENT, **common)
        maker.add(source, ImageBox(box=(10, 20, 301, 501)), f"Widths, film of {date}", name="Cardiothoracic ratio",
                  category=Category.MEASUREMENT, status=Status.MEASURED, value=Value(number=ratio, ucum="1"), **common)


def _slide(maker: Maker) -> None:
    source = maker.study(FileKind.SLIDE, "SM", SECOND, "slide.tiff")
    common = {"tool": "pathology", "date": SECOND, "picture": "overlays/slide.png"}
    maker.add(source, SlideRegion(x=0, y=0, width=40000, height=30000, mpp=0.5), "Tissue outlined", name="Tissue area",
              category=Category.MEASUREMENT, status=Status.MEASURED,
              value=Value(number=41.27, unit="mm²", ucum="mm2"), **common)
    for n, density in enumerate((4210.0, 3988.0)):
        maker.add(source, SlideRegion(x=1792 * n, y=0, width=1792, height=1792, mpp=0.5), f"Region {n + 1}",
                  name="Region of high nuclear density", category=Category.OBSERVATION, status=Status.INDETERMINATE,
                  value=Value(number=density, unit="/mm²", ucum="/mm2"), **common)


ANALYTES = (  # name, LOINC, unit, range, values of both dates with their flags
    ("Haemoglobin", "718-7", "g/dL", (12.0, 16.0), (("12.9", "N"), ("9.8", "L"))),
    ("Leukocytes", "6690-2", "10*9/L", (4.0, 11.0), (("6.1", "N"), ("13.4", "H"))),
    ("Platelets", "777-3", "10*9/L", (150.0, 400.0), (("252", "N"), ("260", "N"))),
    ("Creatinine", "2160-0", "mg/dL", (0.6, 1.1), (("0.9", "N"), ("0.9", "N"))),
)


def _labs(maker: Maker) -> None:
    sources = [maker.study(FileKind.DOCUMENT, "DOC", date, f"labs_{date}.pdf") for date in (FIRST, SECOND)]
    for row, (name, loinc, unit, (low, high), values) in enumerate(ANALYTES):
        results = [maker.add(
            source, DocumentSpan(page=1, bbox=(50, 100 + 20 * row, 400, 115 + 20 * row), text=f"{name} {text} {unit}"),
            f"{name}, laboratory report of {date}", name=name, code=Code(system=LOINC, code=loinc, display=name),
            category=Category.LAB, status=Status.MEASURED, tool="labs", date=date, value=Value(
                number=float(text), text=text, unit=unit, ucum=unit, low=low, high=high,
                range_text=f"{low:g} - {high:g}",
                flag=None if flag == "N" else flag, flag_computed=flag, collected_at=f"{date}T08:30:00"))
            for source, date, (text, flag) in zip(sources, (FIRST, SECOND), values, strict=True)]
        before, after = (item.number or 0.0 for item in results)
        direction = (Direction.STABLE if before == after else
                     Direction.INCREASED if after > before else Direction.DECREASED)
        maker.change(*results, Change(direction=direction, from_=before, to=after, delta=round(after - before, 6),
                                      relative=round((after - before) / before, 4), interval_days=DAYS))
    maker.add(sources[1], DocumentSpan(page=1, bbox=(50, 300, 400, 315), text="Urine nitrite negative"),
              "Urine nitrite", name="Urine nitrite", category=Category.LAB, status=Status.MEASURED, tool="labs",
              date=SECOND, value=Value(text="negative", collected_at=f"{SECOND}T08:30:00"))


def _record(maker: Maker) -> None:
    source = maker.study(FileKind.RECORD, "FHIR", None, "record.json")
    entries = (
        ("Condition", "Essential hypertension", Status.PRESENT, "affirmed", "2012-05-20"),
        ("Condition", "Chronic sinusitis", Status.PRESENT, "affirmed", "2019-11-02"),
        ("Condition", "Viral sinusitis", Status.ABSENT, "historical", "2015-01-17"),
        ("MedicationRequest", "Lisinopril 10 MG Oral Tablet", Status.PRESENT, "affirmed", "2023-06-01"),
        ("MedicationRequest", "Amoxicillin 250 MG Oral Capsule", Status.ABSENT, "historical", "2015-01-18"),
        ("AllergyIntolerance", "Penicillin V", Status.PRESENT, "affirmed", "1999"),
        ("Procedure", "Colonoscopy", Status.PRESENT, "historical", "2018-02-11"),
    )
    for n, (resource, name, status, assertion, date) in enumerate(entries):
        place = FhirResource(resource_type=resource, id=f"r{n}", path=f"{resource}.code")
        maker.add(source, place, f"{resource}: {name}", name=name, category=Category.RECORD, status=status,
                  assertion=assertion, tool="records", date=date)
