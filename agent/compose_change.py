"""Sentences about what is different between two examinations or results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ..core.amounts import unit_code
from ..core.evidence import Evidence
from ..core.finding import Category, Change, Direction, Finding, Status
from ..core.report import Sentence, SentenceKind
from ..report.wording import date_text, number_text, value_text, with_unit
from ..tools.comparison.measure import OPACITY_VOLUME
from .compose_labs import flag_words
from .phrases import (
    Item,
    Material,
    cited,
    fill,
    further,
    grouped,
    is_lab,
    limitation,
    listing,
    lowered,
    shown,
    subject,
)

MOST_LAB_CHANGES = 10
MOST_UNFLAGGED = 3
MOST_STEADY = 12
WEIGHT = {Direction.NEW: 0, Direction.WORSENED: 0, Direction.INCREASED: 1, Direction.DECREASED: 1,
          Direction.RESOLVED: 2, Direction.IMPROVED: 2, Direction.STABLE: 3}
"""Order of changes: what a person should look at first."""


class Places(Protocol):
    """Whatever knows findings, and evidence by its id."""

    @property
    def evidence_by_id(self) -> Mapping[str, Evidence]:
        """Evidence by id."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings."""


def is_change(finding: Finding) -> bool:
    """Whether the finding compares two moments."""
    return finding.change is not None


def weight(finding: Finding) -> tuple[float, ...]:
    """Sort key of a change: known to be more than noise first, then the kind of change, then its relative size.

    The volume of an opacity comes behind diameters: it says the same again, in the third power.
    """
    change = finding.change
    if change is None:
        return (9.0,)
    doubtful = finding.status is Status.INDETERMINATE
    return (float(doubtful), float(WEIGHT[change.direction]), float(finding.name == OPACITY_VOLUME),
            -abs(change.relative or 0.0))


def comparison_sentences(material: Material) -> list[Sentence]:
    """Every change of the images, changes of laboratory values that are flagged now or were before, and a count of the
    rest.

    Where no changed value is or was flagged, the few that changed most stand for them.
    """
    changes = sorted(material.of(is_change), key=weight)
    if not changes:
        return [limitation(fill("limit_no_comparison"))]
    images = [item for item in changes if not material.is_lab(item)]
    labs = [item for item in changes if material.is_lab(item)]
    moving = [item for item in labs if item.change and item.change.direction is not Direction.STABLE]
    told = _now_or_before_flagged(moving, material) or moving[:MOST_UNFLAGGED]
    sentences, left_over = change_sentences(images, material)
    sentences += _together(told, "change_listed", _listed_item, material)
    named = {item.id for item in told}
    rest = left_over + [item for item in labs if item.id not in named]
    return sentences + ([further("further_comparisons", rest, SentenceKind.COMPARISON)] if rest else [])


def _now_or_before_flagged(moving: Sequence[Finding], material: Material) -> list[Finding]:
    """The changes to a flagged value, then those from one: what came back into its range is news too."""
    now = [item for item in moving if flag_words(item)]
    outside = {key for item in material.findings if item.change is None and flag_words(item) for key in item.evidence}
    back = [item for item in moving if item not in now and item.change and outside & set(item.change.prior_evidence)]
    return [*now[:MOST_LAB_CHANGES], *back[:MOST_LAB_CHANGES]]


def change_sentences(changes: Sequence[Finding], material: Material) -> tuple[list[Sentence], list[Finding]]:
    """A sentence for each change, those below what can be detected together at the end; and what is left over."""
    still = sorted((item for item in changes if _is_still(item)), key=lambda item: item.name)
    steady = _together(still[:MOST_STEADY], "change_steady", _steady_item, material)
    return [_sentence(item, material) for item in changes if item not in still] + steady, still[MOST_STEADY:]


def _is_still(finding: Finding) -> bool:
    """Whether both values were measured and differ by less than can be detected."""
    change = finding.change
    return (change is not None and change.direction is Direction.STABLE and _is_undetected(change)
            and change.from_ is not None and change.to is not None and finding.status is not Status.INDETERMINATE)


def _is_undetected(change: Change) -> bool:
    return (change.delta is not None and change.least_detectable is not None
            and abs(change.delta) < change.least_detectable)


def _together(changes: Sequence[Finding], lead: str, item_text: Callable[[Finding, Change], str], material: Material
              ) -> list[Sentence]:
    """One sentence for the changes between two dates; what has no two dates or numbers, is in doubt, was converted, or
    is alone has a sentence of its own.

    Args:
        changes: in their order.
        lead: template of the lead, which names both dates.
        item_text: what is said of one change.
        material: where the dates of the earlier examinations stand.
    """
    def key(finding: Finding) -> tuple[str, ...]:
        change = finding.change
        before = prior_date(change, material) if change else None
        plain = (change is not None and change.from_ is not None and change.to is not None and not finding.is_read
                 and finding.status is not Status.INDETERMINATE and not _converted(finding, change, material))
        return (date_text(before), date_text(finding.date)) if plain and before and finding.date else (finding.id,)

    sentences = []
    for days, same in grouped(changes, key).items():
        if len(same) == 1:
            sentences.append(_sentence(same[0], material))
        else:
            items = [Item(item_text(item, item.change), (item,)) for item in same if item.change]
            sentences.append(listing(fill(lead, before=days[0], after=days[1]), items, SentenceKind.COMPARISON))
    return sentences


def _steady_item(finding: Finding, change: Change) -> str:
    return fill("change_steady_item", subject=lowered(subject(finding)), before=_amount(change.from_, finding),
                after=_after(finding, change.to), least=_difference(change.least_detectable or 0.0, finding))


def _listed_item(finding: Finding, change: Change) -> str:
    return fill("change_listed_item", subject=subject(finding), direction=change.direction.value,
                before=_amount(change.from_, finding), after=_after(finding, change.to))


def change_text(finding: Finding, material: Places, *, brief: bool = False) -> str:
    """`Name, place: increased from A on DATE to B on DATE, by D (R %) over N days`, and how sure that is.

    A difference that may be noise is given without a word for its direction.

    Args:
        finding: a change.
        material: where the dates of the earlier examination stand.
        brief: without the difference and the smallest one that can be detected.
    """
    change = finding.change
    if change is None:
        raise ValueError(f"{finding.id} is not a change")
    prior = prior_date(change, material)
    reader = fill("change_by_reader", reader=shown(finding.reader)) if finding.is_read else ""
    told = [_over(change)] if brief else [_by(finding, change), _detectable(finding, change)]
    details = [text for text in (_from_to(finding, change, prior), _converted(finding, change, material), *told,
                                 reader) if text]
    first, rest = (details[:1], details[1:]) if details and not details[0].startswith("by") else ([], details)
    tail = "".join(f" {text}" for text in first) + "".join(f", {text}" for text in rest)
    if finding.status is Status.INDETERMINATE and tail:
        return fill("change_unsure", subject=subject(finding), details=tail)
    return fill("change", subject=subject(finding), direction=_direction(finding, change), details=tail)


def _direction(finding: Finding, change: Change) -> str:
    if change.direction is not Direction.STABLE:
        return change.direction.value
    if finding.is_read:
        # "Stable" would say that it is there; a model calls a finding stable that is absent on both films, too.
        return fill("change_none_read")
    # Two numbers that differ visibly may still be one and the same to the method.
    return fill("change_undetected") if change.delta and _is_undetected(change) else change.direction.value


def prior_date(change: Change, material: Places) -> str | None:
    """The latest date of the earlier examination's evidence."""
    known = (material.evidence_by_id.get(key) for key in change.prior_evidence)
    return max((item.date for item in known if item is not None and item.date), default=None)


def _sentence(finding: Finding, material: Material) -> Sentence:
    return cited(change_text(finding, material), (finding,), SentenceKind.COMPARISON)


def _from_to(finding: Finding, change: Change, prior: str | None) -> str:
    if change.from_ is None or change.to is None:
        return fill("change_since", date=date_text(prior)) if prior else ""
    return f"{_end('change_from', 'before', _amount(change.from_, finding), prior)} " \
           f"{_end('change_to', 'after', _after(finding, change.to), finding.date)}"


def _converted(finding: Finding, change: Change, material: Places) -> str:
    """That the earlier result stands in another unit in its source."""
    earlier = next((item for item in material.findings if item.category is Category.LAB and item.value is not None
                    and set(item.evidence) <= set(change.prior_evidence)), None)
    if earlier is None or earlier.value is None or finding.value is None or not is_lab(
            finding, material.evidence_by_id):
        return ""
    same = unit_code(earlier.value).casefold() == unit_code(finding.value).casefold()
    return "" if same else fill("change_converted")


def _end(key: str, name: str, amount: str, moment: str | None) -> str:
    if moment is None:
        return fill(key, **{name: amount})
    return fill(f"{key}_on", **{name: amount, "date": date_text(moment)})


def _after(finding: Finding, number: float | None) -> str:
    """The later value as printed; one with a comma in the form of the earlier number beside it."""
    if finding.value is not None and finding.value.number == number and "," not in (finding.value.text or ""):
        return value_text(finding.value)
    return _amount(number, finding)


def _amount(number: float | None, finding: Finding) -> str:
    return with_unit(number_text(number or 0.0), finding.value.unit if finding.value else None)


def _by(finding: Finding, change: Change) -> str:
    """By how much and over how long. A relative change stands beside one that can be detected, and not beside a
    difference of percentages, with which it would be confused."""
    if not change.delta:
        return _over(change)
    delta = _difference(abs(change.delta), finding)
    percent = round(abs(change.relative or 0.0) * 100, 1)
    if not percent or change.direction is Direction.STABLE or _is_share(finding):
        return f"{fill('change_by', delta=delta)} {_over(change)}".rstrip()
    return f"{fill('change_by_relative', delta=delta, relative=number_text(percent))} {_over(change)}".rstrip()


def _over(change: Change) -> str:
    if change.interval_days is None:
        return ""
    return fill("change_over_one" if change.interval_days == 1 else "change_over", days=str(change.interval_days))


def _is_share(finding: Finding) -> bool:
    return finding.value is not None and finding.value.unit == "%"


def _difference(number: float, finding: Finding) -> str:
    """The difference of two values: of two percentages in percentage points."""
    if not _is_share(finding):
        return _amount(number, finding)
    return fill("change_point" if number == 1 else "change_points", number=number_text(number))


def _detectable(finding: Finding, change: Change) -> str:
    doubtful = finding.status is Status.INDETERMINATE
    if change.least_detectable is None:
        return fill("change_unknown") if doubtful else ""
    known = fill("change_detectable", amount=_difference(change.least_detectable, finding))
    return fill("item_indeterminate", item=known) if doubtful else known
