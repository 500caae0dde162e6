"""The laboratory section: the latest result of each analyte, those outside their range first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain

from ..core.analytes import analyte_key
from ..core.finding import Category, Finding, Status
from ..core.flags import counted_flag
from ..core.report import Sentence, SentenceKind
from ..report.wording import date_text, finding_date, plain, range_text, result_name, value_text
from .phrases import Item, Material, cited, dated, fill, further, grouped, listing, shown, when

MOST_OUTSIDE = 15
MOST_IN_A_LIST = 24
MOST_EARLIER = 8
FLAG_WORDS = {"L": "low", "N": "normal", "H": "high"}
CRITICAL_FLAGS = frozenset({"ll", "hh", "aa"})
"""HL7 v3 ObservationInterpretation: critical low, critical high, critical abnormal."""


def by_analyte(results: Sequence[Finding]) -> list[list[Finding]]:
    """Results of one analyte together: those whose codes mean it, or whose name carries such a code elsewhere."""
    codes = {plain(item.name).casefold(): analyte_key(item.code.code) for item in results if item.code}

    def key(item: Finding) -> str:
        name = plain(item.name).casefold()
        return analyte_key(item.code.code) if item.code else codes.get(name, name)

    return list(grouped(results, key).values())


def flag_words(finding: Finding) -> str:
    """"low", "high", "flagged A"; empty for a result that is neither flagged nor outside its range."""
    flag = flag_of(finding)
    words = {"low": fill("lab_low"), "high": fill("lab_high"), "normal": "", "": ""}
    return words[flag] if flag in words else fill("lab_flagged", flag=shown(flag))


def flag_of(finding: Finding) -> str:
    """"low", "high", "normal", another printed flag as it is, or nothing.

    The printed flag counts; without one, or where it is a sign without a direction such as "*", the computed one.
    """
    value = finding.value
    if value is None:
        return ""
    printed = plain(value.flag or "")
    direction = counted_flag(printed, value.flag_computed)
    return FLAG_WORDS[direction] if direction else printed


def latest_results(material: Material) -> list[list[Finding]]:
    """For each analyte the findings of its latest date, by the analyte's name; sources that agree stand together.

    What a model read is left out: it is told apart, see `lab_sentences`.
    """
    results = material.of(lambda item: item.category is Category.LAB and item.change is None and not item.is_read)
    latest = []
    for group in by_analyte(results):
        newest = max(when(item)[:10] for item in group)
        latest.append([item for item in group if when(item)[:10] == newest])
    return sorted(latest, key=lambda group: group[0].name.casefold())


def outside_range(material: Material) -> list[list[Finding]]:
    """The latest results that are flagged or outside their range, the newest first, the farthest outside first."""
    flagged = [group for results in latest_results(material) for group in _agreeing(results) if flag_words(group[0])]
    flagged.sort(key=lambda group: -excess(group[0]))
    return sorted(flagged, key=lambda group: when(group[0])[:10], reverse=True)


def excess(finding: Finding) -> float:
    """How far a value lies outside its range, as a fraction of the limit that it passes; 0 where that is not known."""
    value, number = finding.value, finding.number
    if value is None or number is None:
        return 0.0
    if value.low and number < value.low:
        return (value.low - number) / abs(value.low)
    return (number - value.high) / abs(value.high) if value.high and number > value.high else 0.0


def earlier_extremes(material: Material) -> list[list[Finding]]:
    """Earlier results that were flagged and lie farther outside than the latest result of their analyte: of each
    analyte the farthest below and the farthest above, critical ones first, then the farthest outside."""
    results = material.of(lambda item: item.category is Category.LAB and item.change is None and not item.is_read)
    found = [group for same in by_analyte(results) for side in ("low", "high", "") for group in _extreme(same, side)]
    return sorted(found, key=lambda group: (not is_critical(group[0]), -excess(group[0])))


def _extreme(same: Sequence[Finding], side: str) -> list[list[Finding]]:
    """The findings of one analyte's farthest result on a side (empty: critical, to no side), where that is farther
    out than the latest."""
    newest = max(when(item)[:10] for item in same)
    flagged = [item for item in same if when(item) and (
        flag_of(item) == side if side else is_critical(item) and flag_of(item) not in ("low", "high"))]

    def reach(item: Finding) -> tuple[bool, float, float]:
        number = item.number or 0.0
        return is_critical(item), excess(item), -number if side == "low" else number

    now = max((reach(item) for item in flagged if when(item)[:10] == newest), default=None)
    days = grouped((item for item in flagged if when(item)[:10] != newest), lambda item: when(item)[:10])
    before = [group for items in days.values() for group in _agreeing(items)]
    farthest = max(before, key=lambda group: reach(group[0]), default=None)
    beyond = farthest is not None and (now is None or reach(farthest[0])[:2] > now[:2])
    return [farthest] if farthest is not None and beyond else []


def is_critical(finding: Finding) -> bool:
    """Whether the source flags the result as critical."""
    return finding.value is not None and plain(finding.value.flag or "").casefold() in CRITICAL_FLAGS


def earlier_summary(groups: Sequence[Sequence[Finding]], kind: SentenceKind) -> list[Sentence]:
    """One sentence of earlier results, each with its date; none for no results."""
    items = [Item(fill("lab_earlier_item", name=shown(result_name(group[0])), value=_amount(group[0]),
                       flag=flag_words(group[0]), date=date_text(finding_date(group[0]))), tuple(group))
             for group in groups]
    return [listing(fill("lab_earlier"), items, kind)] if items else []


def lab_sentences(material: Material) -> list[Sentence]:
    """The latest results outside their range, the earlier ones farther outside, the others in lists, and what a model
    read in lists of its own; older results are counted."""
    sentences = [*_outside_sentences(material),
                 *earlier_summary(earlier_extremes(material)[:MOST_EARLIER], SentenceKind.FINDING),
                 *_unremarkable_sentences(material), *_read_sentences(material)]
    told = {key for sentence in sentences for key in sentence.findings}
    rest = material.of(lambda item: item.category is Category.LAB and item.change is None and item.id not in told)
    return sentences + ([further("further_results", rest)] if rest else [])


def _outside_sentences(material: Material) -> list[Sentence]:
    """A sentence for each date, with each value's range."""
    days = grouped(outside_range(material)[:MOST_OUTSIDE], lambda group: when(group[0])[:10])
    return [lab_sentence(groups[0]) if len(groups) == 1 else listing(
        dated("lab_outside", day or None), [Item(_with_range("lab_item", group), tuple(group)) for group in groups])
        for day, groups in days.items()]


def _unremarkable_sentences(material: Material) -> list[Sentence]:
    """Lists of what lies within its range or has none, by date."""
    groups = [group for results in latest_results(material) for group in _agreeing(results)
              if not flag_words(group[0])]
    groups.sort(key=lambda group: when(group[0])[:10], reverse=True)
    groups.sort(key=lambda group: _list_of(group)[0])
    sentences = []
    for (key, moment), alike in grouped(groups, _list_of).items():
        named = grouped(alike[:MOST_IN_A_LIST], partial(_listed, valued=key == "lab_other"))
        items = [Item(text, tuple(chain.from_iterable(same))) for text, same in named.items()]
        sentences.append(listing(dated(key, moment or None), items))
    return sentences


def _read_sentences(material: Material) -> list[Sentence]:
    """Lists of what a model read, by model and date."""
    read = material.of(lambda item: item.category is Category.LAB and item.change is None and item.is_read)
    return [listing(dated("lab_read", moment or None, reader=shown(reader)), [
        Item(f"{shown(item.name)} {_amount(item)}", (item,)) for item in alike[:MOST_IN_A_LIST]])
        for (reader, moment), alike in grouped(read, lambda item: (item.reader, when(item)[:10])).items()]


def lab_sentence(group: Sequence[Finding]) -> Sentence:
    """Name, value, flag, range and date of one result, citing every source that says so."""
    date = finding_date(group[0])
    return cited(_with_range("lab" if date else "lab_undated", group, **({"date": date_text(date)} if date else {})),
                 group)


def _with_range(key: str, group: Sequence[Finding], **more: str) -> str:
    first = group[0]
    reference = shown(range_text(first.value)) if first.value else ""
    return fill(key, name=shown(result_name(first)), value=_amount(first), flag=flag_words(first),
                range=fill("lab_range", range=reference) if reference else "", **more)


def outside_summary(material: Material, most: int) -> list[Sentence]:
    """The latest results outside their range, named with value and flag, in a sentence for each date; those beyond
    `most` are counted."""
    every = outside_range(material)
    sentences = [listing(dated("lab_outside", moment or None), [
        Item(fill("lab_outside_item", name=shown(result_name(group[0])), value=_amount(group[0]),
                  flag=flag_words(group[0])), tuple(group)) for group in groups], SentenceKind.IMPRESSION)
        for moment, groups in grouped(every[:most], lambda group: when(group[0])[:10]).items()]
    rest = [item for group in every[most:] for item in group]
    return sentences + ([further("further_results", rest, SentenceKind.IMPRESSION)] if rest else [])


def _amount(finding: Finding) -> str:
    amount = shown(value_text(finding.value)) if finding.value else ""
    return fill("item_indeterminate", item=amount) if finding.status is Status.INDETERMINATE else amount


def _listed(group: Sequence[Finding], *, valued: bool) -> str:
    """A result within a list: its name, with the value where that is in words or `valued` asks for it."""
    finding = group[0]
    item, value = shown(result_name(finding)), finding.value
    if value is not None and value.number is not None and valued:
        item = f"{item} {shown(value_text(value))}"
    elif value is not None and value.number is None and value.text:
        item = fill("record_item_value", name=item, value=shown(value.text))
    return fill("item_indeterminate", item=item) if finding.status is Status.INDETERMINATE else item


def _agreeing(results: Sequence[Finding]) -> list[list[Finding]]:
    """Results of one analyte and day, those with the same value, limits and flag together, the fullest text first."""
    def said(finding: Finding) -> tuple[object, ...]:
        value = finding.value
        if value is None:
            return ()
        amount = value.number if value.number is not None else value_text(value)
        limits = (value.low, value.high) if value.low is not None or value.high is not None else range_text(value)
        return (amount, value.comparator, plain(value.unit or "").casefold(), limits, flag_words(finding),
                finding.status, plain(finding.name).casefold())
    ordered = sorted(results, key=lambda item: -len(value_text(item.value)) if item.value else 0)
    return list(grouped(ordered, said).values())


def _list_of(group: Sequence[Finding]) -> tuple[str, str]:
    value = group[0].value
    ranged = value is not None and bool(range_text(value)) and flag_of(group[0]) == "normal"
    return ("lab_normal" if ranged else "lab_other", when(group[0])[:10])
