"""A clinic letter with what a reader must keep apart: affirmed, denied, past, uncertain and a relative's."""

from .paper import Paper, field_block, letterhead
from .specs import PatientSpec

LETTER_DATE = "2025-11-13"
_PARAGRAPHS = (
    "Diagnoses: hypertension; iron deficiency anemia, new; solid pulmonary nodule in the right upper lobe "
    "under surveillance since March 2025; former smoker, 30 pack-years, stopped in 2012.",
    "I reviewed {patient} on 13 November 2025 with the results of his repeat chest CT of 11 November 2025. "
    "There has been more tiredness over the past three months and shortness of breath on one flight of stairs. "
    "He denies hemoptysis and chest pain. There has been no fever and no weight loss. He had pneumonia in "
    "2018, which resolved with oral antibiotics.",
    "Family history: his mother had breast cancer at the age of 58. His father died of a myocardial "
    "infarction. There is no family history of lung cancer.",
    "Medication: hydrochlorothiazide 25 mg once daily; ferrous sulfate 325 mg once daily, started on 12 "
    "November 2025. Ibuprofen was stopped in May 2025. Allergy: penicillin (rash).",
    "Examination: blood pressure 138/82 mmHg, oxygen saturation 96 % on air. Breath sounds are reduced at the "
    "left base. No lymphadenopathy, no ankle edema.",
    "Assessment: hemoglobin has fallen from 13.9 g/dL to 10.6 g/dL in eight months, with a ferritin of 9 "
    "ng/mL. A gastrointestinal source of blood loss cannot be excluded. A small left pleural effusion is new. "
    "The nodule may have grown; we await the formal report.",
    "Plan: (1) colonoscopy with biopsies, (2) discussion of the nodule at the lung meeting, (3) repeat blood "
    "count in four weeks. Pulmonary embolism was considered unlikely and no further imaging was requested for "
    "it.",
)
FACTS: tuple[dict[str, str], ...] = (
    {"name": "hypertension", "assertion": "affirmed"},
    {"name": "iron deficiency anemia", "assertion": "affirmed"},
    {"name": "hemoptysis", "assertion": "negated"},
    {"name": "chest pain", "assertion": "negated"},
    {"name": "fever", "assertion": "negated"},
    {"name": "weight loss", "assertion": "negated"},
    {"name": "pneumonia", "assertion": "historical"},
    {"name": "breast cancer", "assertion": "family"},
    {"name": "myocardial infarction", "assertion": "family"},
    {"name": "gastrointestinal source of blood loss", "assertion": "uncertain"},
    {"name": "pleural effusion", "assertion": "affirmed"},
    {"name": "lymphadenopathy", "assertion": "negated"},
    {"name": "ankle edema", "assertion": "negated"},
)


def make_letter_pdf(patient: PatientSpec) -> bytes:
    """Return the letter of the demo's story, about this patient, as a PDF with a text layer."""
    title = "Mr" if patient.sex == "male" else "Ms"
    addressed = f"{title} {patient.family.capitalize()}"
    paper = Paper()
    letterhead(paper, "Sampleton Chest Clinic", "12 Harbour Road, Sampleton (not a real clinic)", "Clinic Letter")
    y = field_block(paper, 124, [
        ("Patient", patient.printed_name), ("Date", LETTER_DATE),
        ("Patient ID", patient.patient_id), ("DOB", patient.birth_date),
    ])  # fmt: skip
    paper.rule(y)
    y += 10
    for words in _PARAGRAPHS:
        y = paper.paragraph(y, words.format(patient=addressed)) + 4
    paper.text((54, y + 24), "Dr R. Muster, Consultant in Respiratory Medicine")
    return paper.to_bytes()
