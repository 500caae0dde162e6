"""Notebooks show words of a case as words: escaped, self-contained, without the patient's identity, small."""

from __future__ import annotations

import re

import numpy as np
import pytest
from made_case import made_case
from made_report import made_report

from caseloom.core.case import Case, CaseFile, FileKind, Patient
from caseloom.core.finding import Category, Finding, Status, Value, make_finding
from caseloom.core.geometry import VolumeGeometry
from caseloom.core.refusal import Refusal, RefusalCode
from caseloom.core.report import Report, Sentence
from caseloom.sources.volume import Plane, Volume

SCRIPT = "<script>alert('x')</script>"


def hostile_case() -> Case:
    case = made_case().case
    studies = tuple(study.model_copy(update={"description": SCRIPT}) for study in case.studies)
    refused = tuple(Refusal(file=f"{SCRIPT}{n}.dcm", code=RefusalCode.CORRUPT, reason=SCRIPT) for n in range(200))
    return case.model_copy(update={"studies": studies, "not_read": refused, "question": SCRIPT, "warnings": (SCRIPT,),
                                   "patient": Patient(id="MRN-777", names=("Quillfeather, Alex",))})


def hostile_finding() -> Finding:
    return make_finding(name=SCRIPT, category=Category.LAB, status=Status.MEASURED, site=SCRIPT, tool="labs",
                        value=Value(text=SCRIPT, unit=SCRIPT, range_text=SCRIPT, flag=SCRIPT), evidence=(SCRIPT,),
                        reader=SCRIPT, date="2025-03-04", patient="P-0")


def hostile_report() -> Report:
    report = made_report()
    said = report.sections[2].sentences[0]
    worse: tuple[Sentence, ...] = (said.model_copy(update={"text": SCRIPT}),)
    evidence = tuple(item.model_copy(update={"caption": f'"><{SCRIPT}'}) for item in report.evidence)
    section = report.sections[2].model_copy(update={"title": SCRIPT, "sentences": worse})
    return report.model_copy(update={"sections": (*report.sections, section), "evidence": evidence})


def volume(unit: str = "HU") -> Volume:
    voxels = np.linspace(-1000, 1000, 12 * 40 * 30, dtype=np.float32).reshape(12, 40, 30)
    file = CaseFile(path=f"{SCRIPT}.nii", sha256="0" * 64, size=1, kind=FileKind.CT)
    planes = tuple(Plane(file, SCRIPT, k) for k in range(12))
    return Volume(voxels, VolumeGeometry((12, 40, 30), np.diag([3.0, 0.7, 0.7, 1.0])), "CT", unit, planes,
                  notes=(SCRIPT,), sides_known=False)


PAGES = {"case": hostile_case, "finding": hostile_finding, "report": hostile_report, "volume": volume}


@pytest.mark.parametrize("name", PAGES)
def test_what_a_notebook_shows_is_escaped_self_contained_and_small(name: str) -> None:
    page = PAGES[name]()._repr_html_()
    assert "<script" not in page and "&lt;script&gt;" in page
    assert not re.search(r"(?:src|href)=\"(?!data:image/png)|url\(|@import", page)
    assert len(page) < 200_000
    assert not re.search(r"(?:^|[\s;\"])(?:color|background)", page)  # the page's own, light or dark
    assert page.count("<div") == page.count("</div>") and page.count("<td") == page.count("</td>")


def test_a_case_shows_its_studies_and_no_identity() -> None:
    case = hostile_case()
    page = case._repr_html_()
    assert "MRN-777" not in page and "Quillfeather" not in page and case.opaque_patient in page
    assert all(f">{study.id}<" in page for study in case.studies)
    assert "Not read (200)" in page and "and 140 more" in page


def test_a_report_shows_every_sentence_with_its_citations() -> None:
    report = made_report()
    page = report._repr_html_()
    from html import escape

    for section in report.sections:
        for sentence in section.sentences:
            assert escape(sentence.text) in page
    assert "draft" in page and "Not a medical device" in page


def test_a_finding_shows_value_range_and_flag() -> None:
    finding = make_finding(name="Sodium", category=Category.LAB, status=Status.MEASURED, tool="labs", evidence=("E1",),
                           value=Value(number=149, unit="mmol/L", low=135, high=145, flag="H"), reader="measure",
                           patient="P-0")
    assert "149 mmol/L; range 135 to 145; flag H" in finding._repr_html_()


@pytest.mark.parametrize("unit", ["HU", "arbitrary units"])
def test_a_volume_shows_slices_grid_and_what_is_not_known(unit: str) -> None:
    page = volume(unit)._repr_html_()
    assert "data:image/png;base64," in page and "12 × 40 × 30" in page and "3 × 0.7 × 0.7 mm" in page
    assert "which side" in page and f"{unit}, float32" in page


def test_ipython_uses_them() -> None:
    from IPython.core.formatters import HTMLFormatter

    assert "Case" in HTMLFormatter()(hostile_case())
