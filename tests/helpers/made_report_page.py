"""A small laboratory report as a PDF."""

from __future__ import annotations

from pathlib import Path

import pymupdf


def write_report(path: Path, *patients: str) -> Path:
    """A report with the same three results on a page for each patient."""
    with pymupdf.open() as document:
        for patient in patients:
            page = document.new_page()
            page.insert_text((72, 60), "LABORATORY REPORT")
            page.insert_text((72, 80), patient)
            page.insert_text((72, 100), "Collected: 2025-03-04 08:15     Specimen: Serum")
            columns = [("Test", "Result", "Unit", "Reference range"), ("Potassium", "4.1", "mmol/L", "3.5 - 5.1"),
                       ("Sodium", "139", "mmol/L", "136 - 145"), ("CRP", "<5", "mg/L", "<5")]
            for line, cells in enumerate(columns):
                for column, cell in enumerate(cells):
                    page.insert_text((72 + 110 * column, 140 + 20 * line), cell)
        document.save(path)
    return path
