"""Which earlier study a study is compared with, and how long the interval is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ...core.case import FileKind, Study
from ...core.ids import normalise_identifier
from ...core.moments import is_date, moment_key
from ..volume.part import parts_named

COMPARABLE_KINDS = (FileKind.CT, FileKind.MR, FileKind.FILM)
RULE = ("the nearest earlier study of the patient of the same modality and body part, of the same view where there is "
        "one; never the study itself or a copy of it")
FIRST_PLAUSIBLE_YEAR = 1970
"""Neither CT nor a digital film is older: an earlier year was put there when the dates were shifted."""


def choose_prior(current: Study, others: Iterable[Study]) -> Study | None:
    """The earlier study to compare with, by `RULE`, or None.

    A study without a date is never a prior and has none, since its place in time is not known; two dates are ordered
    only as far as both are given. A body part that only one of two studies names is no contradiction.

    Args:
        current: the study.
        others: all studies of the same patient's case; the study itself may be among them.
    """
    earlier = [study for study in others if _may_precede(study, current)]
    alike = [study for study in earlier if _views(study) & _views(current)]
    return max(alike or earlier, key=lambda study: (moment_key(study.date or ""), study.uid), default=None)


def why_no_prior(current: Study, others: Iterable[Study]) -> str:
    """Why `choose_prior` gives none, and the rule: one sentence without a full stop."""
    return f"{_why_none(current, others)}; compared is {RULE}"


def _why_none(current: Study, others: Iterable[Study]) -> str:
    rest = [study for study in others if study is not current and _same_kind(study, current)]
    if current.date is None:
        return "it has no date, so no other study is known to be earlier"
    if any(study.date is None for study in rest) and not any(_is_earlier(study.date, current.date) for study in rest):
        return "the other studies of its kind have no date or are not earlier"
    if any(_is_earlier(study.date, current.date) for study in rest):
        return "the earlier studies of its kind are copies or show another part of the body"
    return "the case holds no earlier study of its kind"


def is_copy(first: Study, second: Study) -> bool:
    """Whether two studies share a file's content or an object's SOP Instance UID, or are one study."""
    contents = [{file.sha256 for file in study.files} for study in (first, second)]
    objects = [{file.instance_uid for file in study.files if file.instance_uid} for study in (first, second)]
    return bool(contents[0] & contents[1] or objects[0] & objects[1])


def are_strangers(first: Study, second: Study) -> bool:
    """Whether both studies say by number who they are of, and nobody is named by both."""
    named = [{normalise_identifier(number) for file in study.files for who in file.identities for number in who.ids}
             for study in (first, second)]
    return all(named) and not named[0] & named[1]


def is_unnamed(study: Study) -> bool:
    """Whether no file of a study says by number or name who it is of."""
    return not any(who.ids or who.names for file in study.files for who in file.identities)


def same_body_part(first: Study, second: Study) -> bool:
    """Whether nothing says that two studies show different parts of the body; CHEST and THORAX are one."""
    if not first.body_part or not second.body_part:
        return True
    named = [parts_named([text]) for text in (first.body_part, second.body_part)]
    return bool(named[0] & named[1]) or first.body_part.strip().casefold() == second.body_part.strip().casefold()


def interval_days(prior: str | None, current: str | None) -> int | None:
    """Days from `prior` to `current`; None unless both are known to the day, and where only one was shifted.

    Args:
        prior: ISO 8601 date of the earlier study or result.
        current: ISO 8601 date of the later one.
    """
    if prior is None or current is None or len(prior) < 10 or len(current) < 10:
        return None
    if len({_is_shifted(moment) for moment in (prior, current)}) == 2:
        return None
    return (date.fromisoformat(current[:10]) - date.fromisoformat(prior[:10])).days


def date_caveats(prior: Study, current: Study) -> list[str]:
    """What a person must know about the dates of a pair: missing, out of order, or shifted."""
    undated = [name for name, study in (("earlier", prior), ("later", current)) if study.date is None]
    if undated:
        return [f"the {' and the '.join(undated)} study has no date: which is the earlier one is taken as given, and "
                "there is no interval"]
    if _is_earlier(current.date, prior.date):
        return ["by their dates the study given as the earlier one is the later one"]
    shifted = [study.date is not None and _is_shifted(study.date) for study in (prior, current)]
    if any(shifted) and not all(shifted):
        return ["the date of one study was shifted, as its year shows, and not that of the other: there is no interval"]
    if any(shifted):
        return ["the dates were shifted, as their years show: they tell no age and no calendar day, and the interval "
                "only where both were shifted alike"]
    return []


def _is_shifted(moment: str) -> bool:
    return int(moment[:4]) < FIRST_PLAUSIBLE_YEAR


def _may_precede(study: Study, current: Study) -> bool:
    return (current.kind in COMPARABLE_KINDS and _same_kind(study, current) and _is_earlier(study.date, current.date)
            and same_body_part(study, current) and not is_copy(study, current))


def _same_kind(first: Study, second: Study) -> bool:
    return first.kind is second.kind


def _is_earlier(first: str | None, second: str | None) -> bool:
    """Whether one date lies before another as far as both are given: 2024 is not before 2024-03."""
    if first is None or second is None:
        return False
    if "T" in first and "T" in second:
        return moment_key(first) < moment_key(second)
    days = first[:10], second[:10]
    known = min(map(len, days))
    return all(map(is_date, days)) and days[0][:known] < days[1][:known]


def _views(study: Study) -> set[str]:
    return {series.view.strip().upper() for series in study.series if series.view}
