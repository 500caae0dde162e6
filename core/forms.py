"""The forms in which a report leaves."""

from __future__ import annotations

from enum import StrEnum


class Form(StrEnum):
    JSON = "json"
    SCHEMA = "schema"
    MARKDOWN = "markdown"
    HTML = "html"
    PDF = "pdf"
    FHIR = "fhir"
    CSV = "csv"
    GEOJSON = "geojson"
    DICOM_SR = "dicom-sr"
    DICOM_SEG = "dicom-seg"
    DICOM_PDF = "dicom-pdf"


ALL = "all"
"""Stands for every form."""


def form_names() -> str:
    """Every form and `all`, as a person is told them."""
    return f"{', '.join(Form)}, or {ALL}"
