"""Laboratory results of several sources: which tell one and the same result, and which contradict each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import combinations, product

from .amounts import DAY, MINUTE, agree, comparable, of_one_moment, taken, unit_code
from .analytes import analyte_key, substance_of
from .finding import Category, Finding, Status
from .ids import normalise_name
from .moments import moment_key
from .near import Near, days_of
from .ucum import unit_of

Sources = Mapping[str, str]
"""The file that an evidence lies in, by the evidence's id."""

LEAST_OF_A_REPORT = 8
"""So many numbers that all agree are one report told twice, even where its sources date it differently."""
LONGEST_APART = 7
"""Days between two such dates at most; a stable patient's next report is later."""


@dataclass(frozen=True)
class OneResult:
    """One result with every finding that tells it, the fullest first.

    Args:
        analyte: what was measured, alike for all codes and names of it.
        findings: what the sources say.
        dates_differ: the sources date the report that it belongs to differently.
    """

    analyte: str
    findings: tuple[Finding, ...]
    dates_differ: bool = False

    @property
    def first(self) -> Finding:
        """The finding that tells most: with a unit, a printed flag, the most precise moment, the most digits."""
        return self.findings[0]

    @cached_property
    def moment(self) -> str | None:
        """When, as precise as any source says; the time of collection where one tells it."""
        told = [taken(item) for item in self.findings]
        moments = [moment for moment in (told if any(told) else [item.date for item in self.findings]) if moment]
        return max(moments, key=lambda moment: (len(moment), moment), default=None)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """What makes it this result, whatever the unit and the wording: analyte, amount in base units, minute."""
        value, moment = self.first.value, self.moment
        if value is None or value.number is None:
            amount = " ".join((value.text or "").casefold().split()) if value else ""
        else:
            amount = f"{value.comparator or ''}{_in_base_units(self.first)}"
        minute = moment_key(moment)[:MINUTE] if moment else ""
        return self.analyte, amount, minute, self.first.status, self.first.reader, self.first.laterality or ""


def one_results(findings: Iterable[Finding], sources: Sources | None = None) -> list[OneResult]:
    """Laboratory findings by what they tell: one entry for a result, however many sources tell it.

    The same are results of one patient and analyte whose specimens, moments and amounts agree as far as each source is
    precise (see `amounts`). One file tells a result once: two entries of it are the same only where they are written
    alike. Two reports of `LEAST_OF_A_REPORT` numbers and more that all agree are one report even where their dates
    differ by a few days.

    Args:
        findings: any; only laboratory results that were extracted are taken up.
        sources: where the evidence lies; without it every evidence counts as a source of its own.

    Returns:
        Results by analyte, then in the order of time.
    """
    chosen = [item for item in findings if item.category is Category.LAB and item.value is not None
              and item.change is None and not item.is_read]
    groups: list[OneResult] = []
    for analyte, same in sorted(_by_analyte(chosen).items()):
        groups += _merged(analyte, same, sources or {})
    return sorted(_with_reports(groups, sources or {}), key=lambda one: (one.analyte, one.moment or "", one.first.id))


def contradictions(results: Sequence[OneResult], sources: Sources | None = None) -> Iterator[tuple[OneResult, ...]]:
    """Results of one analyte and moment that no source tells both of, and that cannot both be true.

    Where one file holds several results of a day, another source need agree with one of them only.
    """
    by_analyte: dict[str, list[OneResult]] = defaultdict(list)
    for one in results:
        if one.first.status is Status.MEASURED and one.first.date:
            by_analyte[one.analyte].append(one)
    for group in by_analyte.values():
        apart = [pair for pair in _pairs_of_a_day(group) if _contradict(*pair, sources or {})]
        yield from _connected(apart)


def _pairs_of_a_day(results: Sequence[OneResult]) -> Iterator[tuple[OneResult, OneResult]]:
    """Every two results that can be of one moment."""
    near = Near()
    pairs = []
    for number, one in enumerate(results):
        days = days_of(one.findings)
        pairs += [(earlier, number) for earlier in near.to(days)]
        near.add(number, days)
    return ((results[one], results[other]) for one, other in sorted(pairs))


def _contradict(one: OneResult, other: OneResult, sources: Sources) -> bool:
    pairs = list(product(one.findings, other.findings))
    within = [(a, b) for a, b in pairs if files_of([a], sources) & files_of([b], sources)]
    if within:
        pairs = [(a, b) for a, b in within if min(len(a.date or ""), len(b.date or "")) >= MINUTE]
    return any(_of_one_specimen(a, b) and of_one_moment(a, b) and not agree(a, b) for a, b in pairs)


def _connected(pairs: Sequence[tuple[OneResult, OneResult]]) -> list[tuple[OneResult, ...]]:
    """Pairs that share a result in one group, each result once."""
    groups: list[list[OneResult]] = []
    for pair in pairs:
        touching = [group for group in groups if any(one is member for one in pair for member in group)]
        joined = [member for group in touching for member in group]
        joined += [one for one in pair if not any(one is member for member in joined)]
        groups = [group for group in groups if not any(group is old for old in touching)] + [joined]
    return [tuple(group) for group in groups]


def _by_analyte(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Findings by patient and analyte: the code, else the code that the same name carries elsewhere, else the name."""
    codes: dict[str, set[str]] = defaultdict(set)
    for item in findings:
        if item.code:
            codes[normalise_name(item.name)].add(analyte_key(item.code.code))
    groups: dict[str, list[Finding]] = defaultdict(list)
    for item in findings:
        name = normalise_name(item.name)
        known = codes.get(name, set())
        key = analyte_key(item.code.code) if item.code else next(iter(known)) if len(known) == 1 else name
        groups[f"{item.patient}|{key}"].append(item)
    return groups


def _merged(analyte: str, findings: Sequence[Finding], sources: Sources) -> list[OneResult]:
    """Each finding joins the first group that it fits, those that tell most first."""
    groups: list[list[Finding]] = []
    near = Near()
    for item in sorted(findings, key=_fullness):
        days = days_of([item])
        place = next((n for n in near.to(days) if all(_is_same(item, other, sources) for other in groups[n])),
                     len(groups))
        if place == len(groups):
            groups.append([])
        groups[place].append(item)
        near.add(place, days)
    return [OneResult(analyte.partition("|")[2], tuple(group)) for group in groups]


def _fullness(item: Finding) -> tuple[object, ...]:
    value = item.value
    bare = value is None or (value.unit is None and value.ucum is None)
    text = (value.text or "") if value else ""
    return bare, not (value and value.flag), -len(taken(item) or ""), -len(text), item.date or "", item.id


def _is_same(one: Finding, other: Finding, sources: Sources) -> bool:
    if one.value is None or other.value is None or one.status is not other.status:
        return False
    if files_of([one], sources) & files_of([other], sources) and not _written_alike(one, other):
        return False
    return (one.date is None) is (other.date is None) and _tell_one_amount(one, other) and (
        one.date is None or of_one_moment(one, other))


def _tell_one_amount(one: Finding, other: Finding) -> bool:
    """Whether specimen and amount agree and are of one kind: two numbers with one comparator, or the same words."""
    first, second = one.value, other.value
    if first is None or second is None or one.laterality is not other.laterality:
        return False
    if (first.number is None) is not (second.number is None) or first.comparator != second.comparator:
        return False
    if first.number is None:
        return _of_one_specimen(one, other) and (first.text or "").casefold() == (second.text or "").casefold()
    code = next((item.code.code for item in (one, other) if item.code), None)
    return _of_one_specimen(one, other) and comparable(first, second, code) and agree(one, other)


def _written_alike(one: Finding, other: Finding) -> bool:
    if one.value is None or other.value is None:
        return False
    return one.date == other.date and one.number == other.number and unit_code(one.value) == unit_code(other.value)


def _of_one_specimen(one: Finding, other: Finding) -> bool:
    """Whether both name the same specimen, where both do and no code says it."""
    names = [normalise_name(item.value.specimen or "") if item.value else "" for item in (one, other)]
    coded = bool(one.code and other.code)
    return coded or not all(names) or names[0] == names[1]


def files_of(findings: Iterable[Finding], sources: Sources) -> set[str]:
    """The files that findings come from; an evidence without a known file stands for itself."""
    return {sources.get(key, key) for item in findings for key in item.evidence}


def _with_reports(groups: list[OneResult], sources: Sources) -> list[OneResult]:
    """The same results, those of one report that its sources date differently put together."""
    for one, other in combinations(sorted(_reports(groups, sources)), 2):
        pairs = _told_twice(one, other, groups, sources)
        for first, second in pairs:
            groups = [group for group in groups if group is not first and group is not second]
            both = tuple(sorted((*first.findings, *second.findings), key=_fullness))
            groups.append(OneResult(first.analyte, both, dates_differ=True))
    return groups


def _reports(groups: Sequence[OneResult], sources: Sources) -> set[tuple[str, str, str]]:
    """Patient, file and moment of every report with numbers enough."""
    counts: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for group in groups:
        for place in _places(group, sources):
            counts[place].add(group.analyte)
    return {place for place, analytes in counts.items() if len(analytes) >= LEAST_OF_A_REPORT}


def _places(group: OneResult, sources: Sources) -> set[tuple[str, str, str]]:
    return {(item.patient, file, item.date) for item in group.findings if item.number is not None and item.date
            and len(item.date) >= DAY for file in files_of([item], sources)}


def _told_twice(one: tuple[str, str, str], other: tuple[str, str, str], groups: Sequence[OneResult],
                sources: Sources) -> list[tuple[OneResult, OneResult]]:
    """The results of two reports, pair by pair, where all that both hold agree and nothing else tells them apart."""
    if one[0] != other[0] or one[1] == other[1] or not 0 <= _days(one[2], other[2]) <= LONGEST_APART:
        return []
    held = [{group.analyte: group for group in groups if place in _places(group, sources)} for place in (one, other)]
    shared = sorted(set(held[0]) & set(held[1]))
    pairs = [(held[0][analyte], held[1][analyte]) for analyte in shared]
    if len(pairs) < LEAST_OF_A_REPORT or any(a is b for a, b in pairs):
        return []
    return pairs if all(_tell_one_amount(a.first, b.first) for a, b in pairs) else []


def _days(one: str, other: str) -> int:
    return abs((date.fromisoformat(one[:DAY]) - date.fromisoformat(other[:DAY])).days)


def _in_base_units(finding: Finding) -> str:
    """The number in base units to six digits, mass turned to amount of substance where the molar mass is known."""
    value = finding.value
    if value is None or value.number is None:
        return ""
    unit = unit_of(unit_code(value))
    if unit is None:
        return f"{value.number:.6g} {unit_code(value).casefold()}"
    dimension, number = dict(unit.dimension), value.number * unit.factor
    known = substance_of(finding.code.code if finding.code else None)
    if known and dimension.get("g") == 1:
        dimension["mol"], number = dimension.pop("g"), number / known.molar_mass
    return f"{number:.6g} {'.'.join(f'{base}{power}' for base, power in sorted(dimension.items()))}"

