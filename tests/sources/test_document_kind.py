"""Kinds of documents, told from their headings and content."""

import textwrap
from pathlib import Path
from xml.etree import ElementTree

import pytest

from caseloom.sources.document_kind import DocumentKind, kind_of_text

LAB, PATHOLOGY, RADIOLOGY = DocumentKind.LAB_REPORT, DocumentKind.PATHOLOGY_REPORT, DocumentKind.RADIOLOGY_REPORT
DISCHARGE, LETTER, OTHER = DocumentKind.DISCHARGE_LETTER, DocumentKind.LETTER, DocumentKind.OTHER


@pytest.mark.parametrize(("text", "kind"), [
    ("Riverbend Hospital\nTEST   RESULT   UNITS   REFERENCE RANGE\nSodium   138   mmol/L   136-145\n"
     "Potassium   4.1   mmol/L   3.5-5.1\nChloride   101   mmol/L   98-107", LAB),
    ("Laborbefund\nEntnahme: 27.04.2024\nLeukozyten   11,8 +   /nl   3,9 - 10,2\n"
     "Natrium   138   mmol/l   136 - 145", LAB),
    ("URINALYSIS\nSpecimen: Urine   Collected: 04/27/2024\nColor   Yellow   Reference range: Yellow\n"
     "pH   5.5   5.0-8.0\nLaboratory director: R. Osei", LAB),
    ("SURGICAL PATHOLOGY REPORT\nSpecimen: Left breast, core biopsy\nGross description: Three cores up to 1.2 cm.\n"
     "Final diagnosis: Invasive ductal carcinoma, grade 2.\nER   95   %   >=1\nPR   80   %   >=1\nKi-67   15   %   <20",
     PATHOLOGY),
    ("Histopathology\nMacroscopy: a skin ellipse 22 x 9 mm\nMicroscopy: basal cell carcinoma, margins clear.",
     PATHOLOGY),
    ("CYTOLOGY REPORT\nSpecimen: cervical smear\nMicroscopic examination: no dysplastic cells", PATHOLOGY),
    ("RADIOLOGY REPORT\nExamination: CT chest\nFindings: a 6 mm nodule.\nImpression: nodule of 6 mm.", RADIOLOGY),
    ("MRI brain without contrast\nIndication: headache\nTechnique: axial T2\nFindings: normal.\nImpression: normal.",
     RADIOLOGY),
    ("Discharge Summary\nDate of admission: 20/04/2024   Date of discharge: 27/04/2024\nHospital course: sodium was "
     "128 mmol/L (136-145) on admission and rose to 136 mmol/L.\nDischarge medication: ramipril 5 mg", DISCHARGE),
    ("Entlassungsbrief\nSehr geehrte Kollegin,\nwir berichten über den Patienten, der vom 20. bis 27.4. bei uns war.\n"
     "Labor: Natrium 138 mmol/l (136-145)\nMit freundlichen Grüßen", DISCHARGE),
    ("Dear Dr. Abara,\nThank you for referring this lady with a nodule, whom I saw in clinic today. Her hemoglobin was "
     "10.2 g/dL.\nYours sincerely,\nR. Osei", LETTER),
    ("INVOICE\n80053   Comprehensive metabolic panel   1   48.00\n85025   CBC with differential   1   22.50", OTHER),
    ("Patient intake form\nAllergies: penicillin\nSmoking: 10 a day\nSignature", OTHER)])
def test_kinds(text: str, kind: DocumentKind) -> None:
    assert kind_of_text(text) is kind


@pytest.mark.parametrize("form", ["{}:\n{}", "{}: {}", "{} {}"])
def test_published_reports_of_chest_films(form: str, shared_data: Path) -> None:
    files = sorted((shared_data / "reports_openi").glob("*.xml"))
    assert files
    for path in files:
        parts = [(part.get("Label", ""), part.text or "") for part in
                 ElementTree.parse(path).getroot().iter("AbstractText")]  # noqa: S314 — a file of the project's own data
        text = "\n".join(textwrap.fill(form.format(*part), 90, replace_whitespace=False) for part in parts)
        assert kind_of_text(text) is RADIOLOGY, path.name
