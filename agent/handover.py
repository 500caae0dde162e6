"""A reviewed case's report, handed to other systems."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from ..core.errors import UsageError
from ..core.forms import ALL, Form, form_names
from ..report.export.formats import export
from ..report.export.material import Exported, Material
from .changed import changed_files
from .decide import record_export
from .opened import AnyPath, latest_run

log = logging.getLogger("caseloom")


def export_case(case: AnyPath, forms: Sequence[str], out: AnyPath, *, patient: str | None = None) -> Exported:
    """Write the latest report of a case in some forms.

    Args:
        case: a folder or a .zip that was reviewed.
        forms: of `core.forms.Form`, or `all`.
        out: folder; each DICOM object, table and text gets a file there.
        patient: whose case it is, where the files name several people.

    Returns:
        The written files, and what a form could not hold; a file that changed since the review is named there too.

    Raises:
        UsageError: there is no such form, or the case was not reviewed.
    """
    wanted = _wanted(forms)
    with latest_run(case, patient) as run:
        report, found = run.report(), run.state()["case"]
        material = Material(report, found, run.review.home.run_folder(report.case.id), run.review.settings.limits)
        done = Exported(left_out=[f"{file} is not what was reviewed (changed or gone since): evidence in it cannot be "
                                  "looked at; review the case again" for file in changed_files(found, report)])
        for form in wanted:
            part = made(material, form, Path(out))
            done.files += [file for file in part.files if file not in done.files]
            done.left_out += [f"{form}: {line}" for line in part.left_out]
        record_export(run, [str(form) for form in wanted], Path(out))
    return done


def made(material: Material, form: Form, out: Path) -> Exported:
    """One form; a fault in making it is told, and costs no other form.

    Args:
        material: the report and its case.
        form: which.
        out: folder.
    """
    try:
        return export(material, form, out)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        log.error("the form %s could not be made: %s", form, type(error).__name__)
        log.debug("where it failed", exc_info=error)
        return Exported(left_out=[f"it could not be made ({type(error).__name__}); this is a bug, please report it "
                                  "with the output of --debug"])


def _wanted(forms: Sequence[str]) -> list[Form]:
    """Raises UsageError for a form that there is not, or for none."""
    unknown = [form for form in forms if form not in (*Form, ALL)]
    if unknown or not forms:
        raise UsageError(f"there is no form {', '.join(map(repr, unknown))}; the forms are {form_names()}")
    return list(Form) if ALL in forms else [Form(form) for form in forms]
