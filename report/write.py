"""A report model out, in every form, each file whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

from ..core.files import write_bytes
from ..core.report import Report
from .fhir import bundle_of
from .html import html_of
from .markdown import markdown_of
from .pdf import pdf_of
from .view import picture_name, view_of


def write_report(report: Report, folder: Path, pictures: Path) -> dict[str, Path]:
    """Write report.json, report.md, report.html, report.pdf, fhir.json and the overlays into `folder`.

    Equal reports give equal bytes. A picture that evidence names and `pictures` does not hold is said to be missing.

    Args:
        report: the report, draft or decided.
        folder: where to; made if need be.
        pictures: folder of the overlays; `overlays/NAME.png` is read from `pictures / NAME.png`, and
            `masks/NAME` from the folder `masks` beside it.

    Returns:
        The written file of each form, under `json`, `md`, `html`, `pdf` and `fhir`.
    """
    shown = load_pictures(report, pictures)
    for name, data in shown.items():
        target = folder / "overlays" / name
        if not target.is_file() or target.read_bytes() != data:
            write_bytes(target, data)
    copy_masks(report, pictures.with_name("masks"), folder / "masks")
    view = view_of(report)
    made = {
        "json": ("report.json", json_of(report)),
        "md": ("report.md", markdown_of(view)),
        "html": ("report.html", html_of(view, shown)),
        "fhir": ("fhir.json", bundle_of(report)),
    }
    written = {form: write_bytes(folder / name, text.encode("utf-8")) for form, (name, text) in made.items()}
    written["pdf"] = write_bytes(folder / "report.pdf", pdf_of(view, shown))
    return written


def json_of(report: Report) -> str:
    """The report under its published names, indented, in the model's order."""
    return json.dumps(report.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False) + "\n"


def copy_masks(report: Report, source: Path, target: Path) -> None:
    """Put the masks that evidence names into a folder; those that are there already stay."""
    for name in sorted({picture_name(item.mask) for item in report.evidence if item.mask}):
        if (source / name).is_file() and not (target / name).exists():
            write_bytes(target / name, (source / name).read_bytes())


def load_pictures(report: Report, folder: Path) -> dict[str, bytes]:
    """The overlays that evidence names and `folder` holds, by file name; nothing outside `folder` is read."""
    names = {picture_name(item.picture) for item in report.evidence if item.picture}
    return {name: (folder / name).read_bytes() for name in sorted(names) if (folder / name).is_file()}
