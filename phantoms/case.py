"""The two doors of this room: write the demo, or a case of one's own."""

from pathlib import Path

from .casespec import CaseSpec


def write_demo(folder: Path | str) -> Path:
    """Write the demo case and its truth, and return the path of the case.

    Args:
        folder: where `case/` and `truth.json` are made; existing files of these names are replaced.
    """
    return write_case(CaseSpec(), folder)


def write_case(spec: CaseSpec, folder: Path | str) -> Path:
    """Write `folder/case/` and, beside it, `folder/truth.json`; return the path of the case.

    The same spec gives the same bytes. Nothing in the case folder tells the truth file's content.
    """
    from .writing import write_files

    return write_files(spec, Path(folder))
