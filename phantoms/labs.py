"""Two laboratory reports of one patient, eight months apart: the rows, and the page they are printed on."""

from dataclasses import dataclass

from .paper import Paper, field_block, letterhead
from .specs import PatientSpec

LABORATORY = "Millrace Clinical Laboratory"
_ADDRESS = "4 Millrace Lane, Sampleton - CLIA 00X0000000 (not a real laboratory)"
_COLUMNS = (54.0, 232.0, 300.0, 344.0, 430.0)


@dataclass(frozen=True)
class Analyte:
    """One test as this laboratory prints it.

    Attributes:
        name: printed name.
        loinc: LOINC code, as given for this test in the public sample data the project tests against.
        unit: printed unit.
        ucum: UCUM code of the unit.
        low: lower reference limit or None.
        high: upper reference limit or None.
        panel: heading it is printed under.
        specimen: what it was measured in.
        factor: from the unit of `ANALYTES` to this one.
    """

    name: str
    loinc: str
    unit: str
    ucum: str
    low: str | None
    high: str | None
    panel: str
    specimen: str
    factor: float = 1.0

    @property
    def range_text(self) -> str:
        """Reference range as printed."""
        if self.low is None:
            return f"<{self.high}"
        return f">={self.low}" if self.high is None else f"{self.low} - {self.high}"

    def flag(self, value: str) -> str | None:
        """Return "H", "L" or None for a printed value; the limits themselves are normal, except after "<"."""
        number = float(value)
        if self.low is not None and number < float(self.low):
            return "L"
        if self.high is None:
            return None
        limit = float(self.high)
        return "H" if number > limit or (self.low is None and number >= limit) else None


_CBC, _CHEM = ("Complete Blood Count", "Whole blood"), ("Chemistry", "Serum")
ANALYTES = (
    Analyte("WBC", "6690-2", "10^3/uL", "10*3/uL", "3.4", "10.8", *_CBC),
    Analyte("RBC", "789-8", "10^6/uL", "10*6/uL", "4.35", "5.65", *_CBC),
    Analyte("Hemoglobin", "718-7", "g/dL", "g/dL", "13.5", "17.5", *_CBC),
    Analyte("Hematocrit", "4544-3", "%", "%", "38.5", "50.0", *_CBC),
    Analyte("MCV", "787-2", "fL", "fL", "80.0", "100.0", *_CBC),
    Analyte("MCH", "785-6", "pg", "pg", "27.0", "33.0", *_CBC),
    Analyte("MCHC", "786-4", "g/dL", "g/dL", "32.0", "36.0", *_CBC),
    Analyte("RDW", "788-0", "%", "%", "11.5", "14.5", *_CBC),
    Analyte("Platelets", "777-3", "10^3/uL", "10*3/uL", "150", "400", *_CBC),
    Analyte("Sodium", "2951-2", "mmol/L", "mmol/L", "136", "145", *_CHEM),
    Analyte("Potassium", "2823-3", "mmol/L", "mmol/L", "3.5", "5.1", *_CHEM),
    Analyte("Chloride", "2075-0", "mmol/L", "mmol/L", "98", "107", *_CHEM),
    Analyte("CO2", "2028-9", "mmol/L", "mmol/L", "22", "29", *_CHEM),
    Analyte("BUN", "3094-0", "mg/dL", "mg/dL", "7", "20", *_CHEM),
    Analyte("Creatinine", "2160-0", "mg/dL", "mg/dL", "0.74", "1.35", *_CHEM),
    Analyte("Glucose", "2345-7", "mg/dL", "mg/dL", "70", "99", *_CHEM),
    Analyte("Calcium", "17861-6", "mg/dL", "mg/dL", "8.6", "10.3", *_CHEM),
    Analyte("Albumin", "1751-7", "g/dL", "g/dL", "3.5", "5.2", *_CHEM),
    Analyte("ALT", "1742-6", "U/L", "U/L", None, "45", *_CHEM),
    Analyte("AST", "1920-8", "U/L", "U/L", None, "40", *_CHEM),
    Analyte("Ferritin", "2276-4", "ng/mL", "ng/mL", "24", "336", *_CHEM),
    Analyte("CRP", "1988-5", "mg/L", "mg/L", None, "5.0", *_CHEM),
)


@dataclass(frozen=True)
class LabSpec:
    """One report: when, what, and whether it is scanned.

    Attributes:
        collected: ISO minute of the draw.
        reported: ISO minute of the report.
        values: printed value of every analyte, in the order of `ANALYTES`.
        scanned: a picture without text layer when true.
        tests: what was measured.
        comma: whether numbers have a decimal comma and dates stand day first.
        footnote: a line below the table.
        unseen: a line below it, white on white.
    """

    collected: str
    reported: str
    values: tuple[str, ...]
    scanned: bool = False
    tests: tuple[Analyte, ...] = ANALYTES
    comma: bool = False
    footnote: str = ""
    unseen: str = ""

    def number(self, text: str) -> str:
        """A number as this report prints it."""
        return text.replace(".", ",") if self.comma else text

    def moment(self, minute: str) -> str:
        """An ISO minute as this report prints it."""
        day, time = minute.split("T")
        return f"{'.'.join(reversed(day.split('-')))} {time}" if self.comma else f"{day} {time}"


def _values(text: str) -> tuple[str, ...]:
    return tuple(text.split())


DEMO_LABS = (
    LabSpec(
        "2025-03-03T08:15", "2025-03-03T16:40",
        _values("6.8 4.62 13.9 41.6 90.0 30.1 33.4 13.2 262 140 4.2 103 26 15 0.98 94 9.4 4.3 24 22 88 2.1"),
    ),
    LabSpec(
        "2025-11-10T08:05", "2025-11-10T17:20",
        _values("7.9 4.18 10.6 33.1 79.2 25.4 32.0 16.1 421 139 4.4 102 25 17 1.02 97 9.1 3.9 21 20 9 14.2"),
        scanned=True,
    ),
)  # fmt: skip


def lab_rows(lab: LabSpec) -> list[dict[str, object]]:
    """Return the exact truth of every printed row, in the shape of the public lab truth files."""
    return [
        {
            "name": test.name, "loinc": test.loinc, "value": float(text), "value_text": lab.number(text),
            "comparator": None, "factor": test.factor,
            "unit": test.unit, "ucum": test.ucum,
            "low": None if test.low is None else float(test.low),
            "high": None if test.high is None else float(test.high),
            "range_text": lab.number(test.range_text), "flag": test.flag(text), "page": 1,
            "panel": test.panel, "specimen": test.specimen, "collected_at": lab.collected,
        }
        for test, text in zip(lab.tests, lab.values, strict=True)
    ]  # fmt: skip


def make_lab_pdf(patient: PatientSpec, lab: LabSpec, seed: int) -> bytes:
    """Return one laboratory report as PDF: native with text, or a scan of the same page."""
    paper = Paper()
    letterhead(paper, LABORATORY, _ADDRESS, "Laboratory Report - FINAL")
    y = field_block(paper, 124, [
        ("Name", patient.printed_name), ("Collected", lab.moment(lab.collected)),
        ("Patient ID", patient.patient_id), ("Reported", lab.moment(lab.reported)),
        ("DOB", patient.birth_date), ("Sex", patient.sex.capitalize()),
    ])  # fmt: skip
    paper.rule(y)
    y = _table(paper, lab, y + 20)
    whose = "for adult males" if patient.sex == "male" else "those of this laboratory"
    paper.text((_COLUMNS[0], y + 22), f"H = above, L = below the reference range. Ranges are {whose}.", 8.5)
    for below, words, grey in ((36, lab.footnote, 0.0), (50, lab.unseen, 1.0)):
        if words:
            paper.text((_COLUMNS[0], y + below), words, 8.5, grey=grey)
    return paper.to_scan(seed, 0.9) if lab.scanned else paper.to_bytes()


def _table(paper: Paper, lab: LabSpec, top: float) -> float:
    for x, title in zip(_COLUMNS, ("Test", "Result", "Flag", "Units", "Reference Range"), strict=True):
        paper.text((x, top), title, 9.5, bold=True)
    paper.rule(top + 5, 0.3)
    y, panel = top + 8, ""
    for row in lab_rows(lab):
        if row["panel"] != panel:
            panel = str(row["panel"])
            y += 18
            paper.text((_COLUMNS[0], y), f"{panel} ({row['specimen']})", 9.5, bold=True)
        y += 17
        cells = (row["name"], row["value_text"], row["flag"] or "", row["unit"], row["range_text"])
        for x, cell in zip(_COLUMNS, cells, strict=True):
            paper.text((x, y), str(cell), 9.5, bold=bool(cell in ("H", "L")))
    return y
