"""The patient's health record as a FHIR R4 collection bundle (plain JSON), and the facts it states.

SNOMED CT and RxNorm codes are those of the public Synthea sample patients; LOINC codes are those of the laboratory
truth files. What has no code there is text only.
"""

from dataclasses import dataclass
from typing import Any

from .ids import make_uuid
from .labs import LABORATORY, LabSpec, lab_rows
from .specs import PatientSpec

Json = dict[str, Any]
IDENTIFIER_SYSTEM = "urn:oid:2.25.204817"
_SNOMED, _LOINC = "http://snomed.info/sct", "http://loinc.org"
_RXNORM, _UCUM = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://unitsofmeasure.org"
_TERMS = "http://terminology.hl7.org/CodeSystem"
_TAG: Json = {"tag": [{"system": f"{_TERMS}/v3-ActReason", "code": "HTEST", "display": "test health data"}]}
_IN_RECORD = ("718-7", "4544-3", "787-2", "777-3", "2160-0", "14682-9", "2951-2", "2823-3", "2276-4", "1988-5")

CONDITIONS: tuple[Json, ...] = (
    {"code": "38341003", "display": "Hypertension", "onset": "2014-06-10", "abated": None},
    {"code": "233604007", "display": "Pneumonia", "onset": "2018-01-22", "abated": "2018-02-12"},
    {"code": "271737000", "display": "Anemia (disorder)", "onset": "2025-11-10", "abated": None},
)
MEDICATIONS: tuple[Json, ...] = (
    {
        "code": "316049", "display": "Hydrochlorothiazide 25 MG", "start": "2014-06-10", "end": None,
        "dose": "25 mg once daily",
    },
    {
        "code": "310965", "display": "Ibuprofen 200 MG Oral Tablet", "start": "2025-01-15", "end": "2025-05-20",
        "dose": "200 mg as needed",
    },
    {
        "code": "310325", "display": "ferrous sulfate 325 MG Oral Tablet", "start": "2025-11-12", "end": None,
        "dose": "325 mg once daily",
    },
)  # fmt: skip
ALLERGY: Json = {"text": "Penicillin", "reaction": "Rash", "recorded": "2009-04-02", "criticality": "low"}
ENCOUNTERS: tuple[Json, ...] = (
    {"code": "185347001", "display": "Encounter for problem", "date": "2025-03-03"},
    {"code": "185349003", "display": "Encounter for check up (procedure)", "date": "2025-11-13"},
)
SMOKING: Json = {"code": "8517006", "display": "Former smoker", "date": "2025-03-03"}


@dataclass(frozen=True)
class RecordSpec:
    """What a record holds beside laboratory results.

    Attributes:
        conditions: with `code`, `display`, `onset` and `abated` (or None).
        medications: with `code`, `display`, `start`, `end` (or None) and `dose`.
        orders: names of further conditions, which no doctor would write: texts that give orders to a program.
        patient: whom the record describes where it errs; None for the case's patient.
        labs: what it says of the laboratory reports where it errs; None for what they print.
    """

    conditions: tuple[Json, ...] = CONDITIONS
    medications: tuple[Json, ...] = MEDICATIONS
    orders: tuple[str, ...] = ()
    patient: PatientSpec | None = None
    labs: tuple[LabSpec, ...] | None = None


def make_record(patient: PatientSpec, labs: tuple[LabSpec, ...], seed: int, spec: RecordSpec = RecordSpec()
                ) -> Json:
    """Return the bundle; its laboratory results have the values, units and dates of the printed reports."""
    maker, labs = _Maker(spec.patient or patient, seed), spec.labs or labs
    resources = [
        maker.patient(),
        *(maker.encounter(e) for e in ENCOUNTERS),
        *(maker.condition(c) for c in spec.conditions),
        *(maker.order(text) for text in spec.orders),
        *(maker.medication(m) for m in spec.medications),
        maker.allergy(),
        maker.smoking(),
    ]
    for lab in labs:
        results = [maker.result(row) for row in lab_rows(lab) if row["loinc"] in _IN_RECORD]
        resources += [*results, maker.report(lab, results)]
    return {
        "resourceType": "Bundle",
        "id": make_uuid(seed, "bundle"),
        "meta": _TAG,
        "type": "collection",
        "entry": [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r} for r in resources],
    }


def record_facts(labs: tuple[LabSpec, ...], spec: RecordSpec = RecordSpec()) -> Json:
    """Return what the record states, for the truth file."""
    labs = spec.labs or labs
    return {
        "conditions": list(spec.conditions), "medications": list(spec.medications), "allergies": [ALLERGY],
        "encounters": list(ENCOUNTERS), "smoking": SMOKING,
        "observations": [
            {key: row[key] for key in ("name", "loinc", "value", "unit", "ucum", "flag", "collected_at")}
            for lab in labs for row in lab_rows(lab) if row["loinc"] in _IN_RECORD
        ],
    }  # fmt: skip


def _instant(minute: str) -> str:
    return f"{minute}:00Z"


def _coding(system: str, code: str, display: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _status(system: str, code: str) -> Json:
    return {"coding": [{"system": f"{_TERMS}/{system}", "code": code}]}


class _Maker:
    """Makes resources that all point at one patient."""

    def __init__(self, patient: PatientSpec, seed: int) -> None:
        self._who, self._seed = patient, seed
        self._subject = {"reference": f"urn:uuid:{make_uuid(seed, 'Patient', '')}"}

    def _resource(self, kind: str, key: str, **fields: Any) -> Json:
        head = {"resourceType": kind, "id": make_uuid(self._seed, kind, key), "meta": _TAG}
        return head | {name.rstrip("_"): value for name, value in fields.items() if value is not None}

    def patient(self) -> Json:
        """Return the Patient."""
        who = self._who
        return self._resource(
            "Patient", "",
            identifier=[{"use": "usual", "system": IDENTIFIER_SYSTEM, "value": who.patient_id}],
            name=[{"use": "official", "family": who.family.capitalize(), "given": [who.given.capitalize()]}],
            gender=who.sex, birthDate=who.birth_date,
        )  # fmt: skip

    def encounter(self, item: Json) -> Json:
        """Return a finished ambulatory Encounter."""
        return self._resource(
            "Encounter", item["date"], status="finished",
            class_={"system": f"{_TERMS}/v3-ActCode", "code": "AMB"},
            type=[_coding(_SNOMED, item["code"], item["display"])], subject=self._subject,
            period={"start": f"{item['date']}T09:00:00Z", "end": f"{item['date']}T09:30:00Z"},
        )  # fmt: skip

    def condition(self, item: Json) -> Json:
        """Return a confirmed Condition, active or resolved."""
        return self._resource(
            "Condition", item["code"],
            clinicalStatus=_status("condition-clinical", "resolved" if item["abated"] else "active"),
            verificationStatus=_status("condition-ver-status", "confirmed"),
            code=_coding(_SNOMED, item["code"], item["display"]), subject=self._subject,
            onsetDateTime=item["onset"], abatementDateTime=item["abated"], recordedDate=item["onset"],
        )  # fmt: skip

    def order(self, text: str) -> Json:
        """Return a Condition whose name is a text."""
        return self._resource(
            "Condition", text, clinicalStatus=_status("condition-clinical", "active"),
            verificationStatus=_status("condition-ver-status", "confirmed"), code={"text": text},
            subject=self._subject, onsetDateTime=CONDITIONS[0]["onset"],
        )  # fmt: skip

    def medication(self, item: Json) -> Json:
        """Return a MedicationRequest whose first dosage carries the period of use."""
        period = {"start": item["start"]} | ({"end": item["end"]} if item["end"] else {})
        return self._resource(
            "MedicationRequest", item["code"], status="stopped" if item["end"] else "active", intent="order",
            medicationCodeableConcept=_coding(_RXNORM, item["code"], item["display"]), subject=self._subject,
            authoredOn=item["start"],
            dosageInstruction=[{"text": item["dose"], "timing": {"repeat": {"boundsPeriod": period}}}],
        )  # fmt: skip

    def allergy(self) -> Json:
        """Return the AllergyIntolerance; text only."""
        return self._resource(
            "AllergyIntolerance", "penicillin",
            clinicalStatus=_status("allergyintolerance-clinical", "active"),
            verificationStatus=_status("allergyintolerance-verification", "confirmed"),
            criticality=ALLERGY["criticality"], code={"text": ALLERGY["text"]}, patient=self._subject,
            recordedDate=ALLERGY["recorded"], reaction=[{"manifestation": [{"text": ALLERGY["reaction"]}]}],
        )  # fmt: skip

    def smoking(self) -> Json:
        """Return the smoking status Observation."""
        return self._resource(
            "Observation", "smoking", status="final",
            category=[_status("observation-category", "social-history")],
            code=_coding(_LOINC, "72166-2", "Tobacco smoking status NHIS"), subject=self._subject,
            effectiveDateTime=SMOKING["date"],
            valueCodeableConcept=_coding(_SNOMED, SMOKING["code"], SMOKING["display"]),
        )  # fmt: skip

    def result(self, row: Json) -> Json:
        """Return a laboratory Observation with the row's value, unit, range, flag and time."""

        def quantity(value: float) -> Json:
            return {"value": value, "unit": row["unit"], "system": _UCUM, "code": row["ucum"]}

        limits = {side: quantity(row[side]) for side in ("low", "high") if row[side] is not None}
        flag = row["flag"] or "N"
        return self._resource(
            "Observation", f"{row['loinc']} {row['collected_at']}", status="final",
            category=[_status("observation-category", "laboratory")],
            code=_coding(_LOINC, row["loinc"], row["name"]), subject=self._subject,
            effectiveDateTime=_instant(row["collected_at"]), valueQuantity=quantity(row["value"]),
            interpretation=[_status("v3-ObservationInterpretation", flag)],
            referenceRange=[limits | {"text": row["range_text"]}],
        )  # fmt: skip

    def report(self, lab: LabSpec, results: list[Json]) -> Json:
        """Return the DiagnosticReport that lists the results of one draw."""
        return self._resource(
            "DiagnosticReport", lab.collected, status="final",
            category=[_status("v2-0074", "LAB")], code={"text": "Laboratory Report"}, subject=self._subject,
            effectiveDateTime=_instant(lab.collected), issued=_instant(lab.reported),
            performer=[{"display": LABORATORY}],
            result=[{"reference": f"urn:uuid:{r['id']}", "display": r["code"]["text"]} for r in results],
        )  # fmt: skip
