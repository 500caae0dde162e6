"""A reviewed case's report, handed to other systems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.errors import UsageError
from ..report.export.formats import FORMATS, export
from ..report.export.material import Exported, Material
from .decide import record_export
from .opened import AnyPath, latest_run


def export_case(case: AnyPath, forms: Sequence[str], out: AnyPath, *, patient: str | None = None) -> Exported:
    """Write the latest report of a case in some forms.

    Args:
        case: a folder or a .zip that was reviewed.
        forms: of `FORMATS`, or `all`.
        out: folder; each DICOM object, table and text gets a file there.
        patient: whose case it is, where the files name several people.

    Returns:
        The written files, and what a form could not hold.

    Raises:
        UsageError: there is no such form, or the case was not reviewed.
    """
    wanted = list(FORMATS) if "all" in forms else list(forms)
    unknown = [form for form in wanted if form not in FORMATS]
    if unknown or not wanted:
        raise UsageError(f"there is no form {', '.join(map(repr, unknown))}; the forms are {', '.join(FORMATS)}, all")
    with latest_run(case, patient) as run:
        report, found = run.report(), run.state()["case"]
        material = Material(report, found, run.review.home.run_folder(report.case.id), run.review.settings.limits)
        done = Exported()
        for form in wanted:
            made = export(material, form, Path(out))
            done.files += [file for file in made.files if file not in done.files]
            done.left_out += [f"{form}: {line}" for line in made.left_out]
        record_export(run, wanted, Path(out))
    return done
