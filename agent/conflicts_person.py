"""What the files of one case say of the person and cannot both be true: birth dates, sexes, examinations after death.

Files that only an alias joins may be two people's; a report says so instead of smoothing it over. It holds no birth
date itself: a report names nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..core.case import Case, Identity
from ..core.evidence import Evidence
from ..core.finding import Assertion, Category, Finding, Status
from ..core.report import Conflict
from ..report.wording import date_text, finding_date, listed
from .phrases import when

DEATH = "Death"
"""What the tool for records calls the entry that the person died."""
DAY = len("2025-01-01")
MOST_NAMED = 4
"""Files of one side, and dates after a death, that a conflict names; the rest is counted."""


def person_conflicts(case: Case, findings: Sequence[Finding], shown: Mapping[str, Evidence]) -> tuple[Conflict, ...]:
    """Birth dates and sexes that differ between files, and results dated after a recorded death.

    Args:
        case: whose files say whom they are about.
        findings: the report's.
        shown: the report's evidence by id.
    """
    apart = [*_apart(case, shown, "date of birth", lambda who: who.birth_date, told=False),
             *_apart(case, shown, "sex", lambda who: who.sex, told=True)]
    return (*apart, *_after_death(findings, shown))


def _apart(case: Case, shown: Mapping[str, Evidence], what: str, of: Callable[[Identity], str | None], *, told: bool
           ) -> Iterator[Conflict]:
    """One conflict where files contradict each other, each side with its files and a place in one of them."""
    sides: dict[str, list[str]] = defaultdict(list)
    for file in case.files:
        for who in file.identities:
            said = of(who)
            if said and case.patient.owns(who):
                sides[said].append(file.path)
    places = {item.source.file: key for key, item in reversed(list(shown.items()))}
    sides = {said: files for said, files in sorted(sides.items()) if any(file in places for file in files)}
    if not any(not (one.startswith(other) or other.startswith(one)) for one in sides for other in sides):
        return
    evidence = tuple(next(places[file] for file in files if file in places) for files in sides.values())
    words = "; ".join(f"{said} in {_files(files)}" if told else _files(files) for said, files in sides.items())
    yield Conflict(text=f"Files of this case disagree on the patient's {what}, so they may be of different people: "
                        f"{words}{'' if told else ' each give another'}.", findings=(), evidence=evidence)


def _files(files: Sequence[str]) -> str:
    """A few files by name; those of one folder as the folder."""
    told = list(dict.fromkeys(folder if len(files) > MOST_NAMED and folder else file
                              for file in files for folder in [file.rpartition("/")[0]]))
    more = [f"{len(told) - MOST_NAMED} more"] if len(told) > MOST_NAMED else []
    return listed([*told[:MOST_NAMED], *more])


def _after_death(findings: Sequence[Finding], shown: Mapping[str, Evidence]) -> Iterator[Conflict]:
    """Examinations and results of days after a death that a record tells."""
    for death in (item for item in findings if _is_death(item)):
        later = [item for item in findings if item.change is None and item.category is not Category.RECORD
                 and _is_after(finding_date(item), death.date)]
        if not later:
            continue
        first_of_day = {when(item)[:DAY]: item for item in sorted(later, key=when, reverse=True)}
        named = [first_of_day[day] for day in sorted(first_of_day)][:MOST_NAMED]
        texts = [f"{item.name} of {date_text(finding_date(item))}" for item in named]
        if rest := len(first_of_day) - len(named):
            texts.append(f"results of {rest} later day{'' if rest == 1 else 's'}")
        found = [death, *named]
        yield Conflict(
            text=f"A death is recorded on {date_text(death.date)}, and examinations or results are dated after it: "
                 f"{listed(texts)}.", findings=tuple(item.id for item in found),
            evidence=tuple(dict.fromkeys(key for item in found for key in item.evidence if key in shown)))


def _is_death(finding: Finding) -> bool:
    return (finding.name == DEATH and finding.category is Category.RECORD and finding.status is Status.PRESENT
            and finding.assertion is Assertion.AFFIRMED and finding.date is not None)


def _is_after(moment: str | None, death: str | None) -> bool:
    """Whether a day lies after another, as far as both are known; the day of death itself does not."""
    known = min(len(moment or ""), len(death or ""), DAY)
    return known > 0 and (moment or "")[:known] > (death or "")[:known]
