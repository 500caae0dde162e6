"""Every form in which a report leaves, by name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from ...core.files import write_bytes
from ...core.forms import Form
from ...core.report import Report
from ..fhir import untold
from .dicom_pdf import write_encapsulated_pdf
from .dicom_seg import write_segmentations
from .dicom_sr import write_reports
from .material import Exported, Material
from .regions import write_regions
from .table import csv_of

Writer = Callable[[Material, Path], Exported]
MOST_NAMED = 20
"""Findings that a line about what was left out names."""


def _copied(*names: str) -> Writer:
    def write(material: Material, folder: Path) -> Exported:
        done = Exported()
        for name in names:
            source = material.folder / name
            if source.is_dir():
                shutil.copytree(source, folder / name, dirs_exist_ok=True)
                done.files += sorted(path for path in (folder / name).iterdir() if path.is_file())
            elif source.is_file():
                done.files.append(write_bytes(folder / name, source.read_bytes()))
        return done
    return write


def _bundle(material: Material, folder: Path) -> Exported:
    done = _copied("fhir.json")(material, folder)
    if missing := untold(material.report):
        named = ", ".join(item.id for item in missing[:MOST_NAMED])
        done.left_out.append(f"{len(missing)} findings that are no Observation and that no sentence names; report.json "
                             f"has them: {named}{' ...' if missing[MOST_NAMED:] else ''}")
    return done


def _table(material: Material, folder: Path) -> Exported:
    return Exported([write_bytes(folder / "findings.csv", csv_of(material.report).encode("utf-8"))])


def _schema(material: Material, folder: Path) -> Exported:
    return Exported([write_bytes(folder / "report.schema.json", schema_text().encode("utf-8"))])


WRITERS: dict[Form, Writer] = {
    Form.JSON: _copied("report.json", "overlays", "masks"),
    Form.SCHEMA: _schema,
    Form.MARKDOWN: _copied("report.md", "overlays"),
    Form.HTML: _copied("report.html"),
    Form.PDF: _copied("report.pdf"),
    Form.FHIR: _bundle,
    Form.CSV: _table,
    Form.GEOJSON: write_regions,
    Form.DICOM_SR: write_reports,
    Form.DICOM_SEG: write_segmentations,
    Form.DICOM_PDF: write_encapsulated_pdf,
}


def export(material: Material, form: Form, folder: Path) -> Exported:
    """Write a report in one form.

    Args:
        material: the report and the files it rests on.
        form: which.
        folder: where to; made if need be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return WRITERS[form](material, folder)


def schema_text() -> str:
    """The JSON Schema of `report.json`, draft 2020-12."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:caseloom:report:1",
              **Report.model_json_schema(by_alias=True, mode="serialization")}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
