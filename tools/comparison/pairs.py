"""Which earlier study a study is compared with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ...core.case import FileKind, Study

COMPARABLE_KINDS = (FileKind.CT, FileKind.MR, FileKind.FILM)


def choose_prior(current: Study, others: Iterable[Study]) -> Study | None:
    """The nearest earlier study of the same kind and body part, or None.

    Never the study itself, never a copy of its files, never a study without a date. A body part that only one of
    the two names is no contradiction.
    """
    if current.date is None:
        return None
    earlier = [study for study in others if _may_precede(study, current)]
    return max(earlier, key=lambda study: (study.date or "", study.uid), default=None)


def _may_precede(study: Study, current: Study) -> bool:
    same_kind = study.kind is current.kind and current.kind in COMPARABLE_KINDS
    return (same_kind and study.date is not None and current.date is not None
            and study.date[:10] < current.date[:10] and _same_body_part(study, current)
            and not {file.sha256 for file in study.files} & {file.sha256 for file in current.files})


def _same_body_part(first: Study, second: Study) -> bool:
    if not first.body_part or not second.body_part:
        return True
    return first.body_part.strip().casefold() == second.body_part.strip().casefold()


def interval_days(prior: str | None, current: str | None) -> int | None:
    """Days from `prior` to `current`; None unless both are known to the day.

    Args:
        prior: ISO 8601 date of the earlier study or result.
        current: ISO 8601 date of the later one.
    """
    if prior is None or current is None or len(prior) < 10 or len(current) < 10:
        return None
    return (date.fromisoformat(current[:10]) - date.fromisoformat(prior[:10])).days
