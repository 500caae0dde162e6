"""Plain text notes whose every statement is known: affirmed, denied, past, uncertain, a relative's."""

from dataclasses import dataclass
from typing import Literal

from .specs import PatientSpec

Assertion = Literal["affirmed", "negated", "historical", "uncertain", "family"]


@dataclass(frozen=True)
class NoteLine:
    """One sentence of a note.

    Attributes:
        name: the condition or symptom that it speaks of.
        assertion: what it says of it.
        text: as written.
    """

    name: str
    assertion: Assertion
    text: str


LINES: tuple[NoteLine, ...] = (
    NoteLine("hypertension", "affirmed", "The patient has hypertension."),
    NoteLine("asthma", "affirmed", "Asthma is well controlled."),
    NoteLine("gout", "affirmed", "Known gout of the left foot."),
    NoteLine("atrial fibrillation", "affirmed", "The patient is in atrial fibrillation."),
    NoteLine("hemoptysis", "negated", "The patient denies hemoptysis."),
    NoteLine("fever", "negated", "There has been no fever."),
    NoteLine("chest pain", "negated", "No chest pain."),
    NoteLine("weight loss", "negated", "Weight loss is denied."),
    NoteLine("pneumonia", "historical", "There is a history of pneumonia in 2016."),
    NoteLine("tuberculosis", "historical", "Status post tuberculosis as a child."),
    NoteLine("pulmonary embolism", "uncertain", "Pulmonary embolism cannot be excluded."),
    NoteLine("lung cancer", "uncertain", "Possible lung cancer."),
    NoteLine("breast cancer", "family", "The patient's mother had breast cancer."),
    NoteLine("stroke", "family", "Family history of stroke in the father."),
)


@dataclass(frozen=True)
class NoteSpec:
    """One note.

    Attributes:
        date: ISO date.
        lines: what it says, in order.
        order: a line that gives an order to a program, or nothing.
    """

    date: str
    lines: tuple[NoteLine, ...]
    order: str = ""


def make_note(patient: PatientSpec, note: NoteSpec) -> str:
    """Return the text of a note about this patient."""
    head = ["Clinic note", f"Date: {note.date}", f"Patient: {patient.printed_name}",
            f"Patient ID: {patient.patient_id}", f"DOB: {patient.birth_date}"]
    said = [line.text for line in note.lines]
    tail = ["Synthetic data, not a real person."]
    return "\n".join([*head, "", *said, *([note.order] if note.order else []), "", *tail]) + "\n"
