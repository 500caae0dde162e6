"""The laboratory section: the latest result of each analyte, those outside their range first."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.finding import Category, Finding, Status
from ..core.report import Sentence, SentenceKind
from ..report.wording import finding_date, plain, range_text, value_text
from .phrases import Item, Material, cited, dated, fill, further, grouped, listing, shown, when

MOST_OUTSIDE = 15
MOST_IN_A_LIST = 24
UNREMARKABLE_FLAGS = frozenset({"", "n", "normal", "wnl"})
LOW_FLAGS = frozenset({"l", "ll", "low"})
HIGH_FLAGS = frozenset({"h", "hh", "high"})


def analyte(finding: Finding) -> str:
    """What results of one analyte have in common: the code, else the printed name."""
    return finding.code.code if finding.code else plain(finding.name).casefold()


def flag_words(finding: Finding) -> str:
    """"low", "high", "flagged A"; empty for a result that is neither flagged nor outside its range."""
    value = finding.value
    if value is None:
        return ""
    printed = plain(value.flag or "")
    if printed.casefold() in UNREMARKABLE_FLAGS:
        return {"L": fill("lab_low"), "H": fill("lab_high")}.get(value.flag_computed or "", "")
    if printed.casefold() in LOW_FLAGS:
        return fill("lab_low")
    return fill("lab_high") if printed.casefold() in HIGH_FLAGS else fill("lab_flagged", flag=shown(printed))


def latest_results(material: Material) -> list[list[Finding]]:
    """For each analyte the findings of its latest date, by the analyte's name; sources that agree stand together."""
    results = material.of(lambda item: item.category is Category.LAB and item.change is None)
    latest = []
    for group in grouped(results, analyte).values():
        newest = max(when(item)[:10] for item in group)
        latest.append([item for item in group if when(item)[:10] == newest])
    return sorted(latest, key=lambda group: group[0].name.casefold())


def outside_range(material: Material) -> list[list[Finding]]:
    """The latest results that are flagged or outside their range, the newest first."""
    flagged = [group for results in latest_results(material) for group in _agreeing(results) if flag_words(group[0])]
    return sorted(flagged, key=lambda group: when(group[0])[:10], reverse=True)


def lab_sentences(material: Material) -> list[Sentence]:
    """A sentence for each latest result outside its range; the others in lists; older results counted."""
    outside = outside_range(material)
    sentences = [lab_sentence(group) for group in outside[:MOST_OUTSIDE]]
    told = {item.id for group in outside[:MOST_OUTSIDE] for item in group}
    unremarkable = [group for results in latest_results(material) for group in _agreeing(results)
                    if not flag_words(group[0])]
    for (key, moment), groups in grouped(unremarkable, _list_of).items():
        items = [Item(_listed(group[0]), tuple(group)) for group in groups[:MOST_IN_A_LIST]]
        sentences.append(listing(dated(key, moment or None), items))
        told |= {finding.id for item in items for finding in item.findings}
    rest = material.of(lambda item: item.category is Category.LAB and item.change is None and item.id not in told)
    return sentences + ([further("further_results", rest)] if rest else [])


def lab_sentence(group: Sequence[Finding], kind: SentenceKind = SentenceKind.FINDING) -> Sentence:
    """Name, value, flag, range and date of one result, citing every source that says so."""
    first = group[0]
    value = first.value
    reference = shown(range_text(value)) if value else ""
    amount = shown(value_text(value)) if value else ""
    if first.status is Status.INDETERMINATE:
        amount = fill("item_indeterminate", item=amount)
    text = dated("lab", finding_date(first), name=shown(first.name), value=amount,
                 flag=flag_words(first), range=fill("lab_range", range=reference) if reference else "")
    return cited(text, group, kind)


def _listed(finding: Finding) -> str:
    item, value = shown(finding.name), finding.value
    if value is not None and value.number is None and value.text:
        item = fill("record_item_value", name=item, value=shown(value.text))
    return fill("item_indeterminate", item=item) if finding.status is Status.INDETERMINATE else item


def _agreeing(results: Sequence[Finding]) -> list[list[Finding]]:
    """Results of one analyte and day, those with the same printed value, range and name together."""
    def said(finding: Finding) -> tuple[str, ...]:
        value = finding.value
        written = (value_text(value), range_text(value), flag_words(finding)) if value else ()
        return (plain(finding.name).casefold(), *written)
    return list(grouped(results, said).values())


def _list_of(group: Sequence[Finding]) -> tuple[str, str]:
    value = group[0].value
    ranged = value is not None and bool(range_text(value)) and value.flag_computed is not None
    return ("lab_normal" if ranged else "lab_other", when(group[0])[:10])
