"""Whether the files that a report rests on are still what was reviewed."""

from __future__ import annotations

from ..core.case import Case
from ..core.report import Report
from ..sources.digests import file_digest


def changed_files(case: Case, report: Report) -> list[str]:
    """The files of evidence whose bytes are others now, or that are gone, by relative path, sorted.

    Args:
        case: as it was reviewed.
        report: its report.
    """
    known = {item.source.file: item.source.sha256 for item in report.evidence}
    return sorted(path for path, sha256 in known.items() if not _is_same(case, path, sha256))


def _is_same(case: Case, path: str, sha256: str) -> bool:
    try:
        return file_digest(case.root / path) == sha256
    except OSError:
        return False
