"""How answers are worded; the one place where an answer's sentences are made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from ...core.evidence import Evidence
from ...core.finding import Assertion, Status
from ...core.flags import flag_direction
from ...core.result import Answer, AnswerStatus, AnswerValue, CitedSentence, Step
from .entries import Entry, untold, within
from .facts import Aspect
from .intents import Asked, Limit

Cited = tuple[str, Sequence[Evidence]]
"""A sentence and what it rests on."""

MOST_SENTENCES = 40
_LEADS = {"yes": "Yes", "no": "No", "uncertain": "Not settled"}
_TURNED = {"yes": ("no", "No, the record holds it"), "no": ("yes", "Yes, as far as the record says")}


def answered(question: str, sentences: Sequence[Cited], value: AnswerValue | None = None) -> Answer:
    """An answer whose sentences each cite their evidence."""
    told = list(sentences[:MOST_SENTENCES])
    if len(sentences) > MOST_SENTENCES:
        told.append((f"{len(sentences) - MOST_SENTENCES} more are not listed.", told[-1][1]))
    cited = {item.id: item for _, evidence in told for item in evidence}
    return Answer(
        text=" ".join(text for text, _ in told), status=AnswerStatus.ANSWERED, value=value, steps=_steps(question),
        sentences=tuple(CitedSentence(text=text, evidence=tuple(dict.fromkeys(item.id for item in evidence)))
                        for text, evidence in told),
        evidence=tuple(cited.values()))


def not_in_case(question: str, text: str, near: Sequence[Entry] = ()) -> Answer:
    """The case does not hold what was asked for; `near` are entries with a similar name that may have been meant."""
    names = list(dict.fromkeys(f"{entry.finding.name}{_whose(entry)}" for entry in near))[:5]
    hint = f" Similar names in the record: {'; '.join(names)}." if names else ""
    return Answer(text=text + hint, status=AnswerStatus.NOT_IN_CASE, steps=_steps(question))


def _whose(entry: Entry) -> str:
    """That a similar name is a relative's, or is there as not so."""
    told = {Assertion.FAMILY: "of the family", Assertion.NEGATED: "recorded as not so"}.get(entry.finding.assertion)
    return f" ({told})" if told and not entry.says_how else ""


def turned(answer: Answer) -> Answer:
    """The answer to the opposite question: yes for no, no for yes, the first sentence begun so that none can mistake
    it; whatever is neither stays as it is."""
    value, first = answer.value, next(iter(answer.sentences), None)
    said = next((word for word in _TURNED if first and (
        first.text.startswith(f"{_LEADS[word]}: ") or (value and value.text == word))), None)
    if first is None or said is None:
        return answer
    opposite, lead = _TURNED[said]
    text = f"{lead}: {first.text.removeprefix(f'{_LEADS[said]}: ')}"
    sentences = (first.model_copy(update={"text": text}), *answer.sentences[1:])
    other = value.model_copy(update={"text": opposite}) if value and value.text == said else value
    return answer.model_copy(update={"text": " ".join(one.text for one in sentences), "sentences": sentences,
                                     "value": other})


def list_of(question: str, asked: Asked, pool: Sequence[Entry], none: str) -> Answer:
    """The entries that stood within what is asked; those whose dates do not tell it are named as such, not as part of
    the value.

    Args:
        question: as asked.
        asked: as understood.
        pool: what may be listed.
        none: the text where there are none.
    """
    chosen = within(asked, pool)
    told = distinct(map(standing, chosen))
    if asked.limit is not None:
        told += distinct(unsettled(entry, asked.limit) for entry in untold(asked, pool))
    if not told:
        return not_in_case(question, none)
    names = "; ".join(dict.fromkeys(entry.finding.name for entry in chosen
                                   if entry.stands or entry.is_over or entry.says_how))
    return answered(question, told, AnswerValue(text=names) if names else None)


def declined(question: str, text: str) -> Answer:
    """The question is none that can be answered from a record by rules."""
    return Answer(text=text, status=AnswerStatus.DECLINED, steps=_steps(question))


def _steps(question: str) -> tuple[Step, ...]:
    return (Step(tool="records", arguments={"question": question}),)


def day(moment: str | None) -> str:
    """A moment as a date, as precise as it is."""
    return moment[:10] if moment else "unknown date"


def since(entry: Entry) -> str:
    """ ", since D", ", from D1 to D2", or nothing when undated; with the space before it."""
    ended = entry.told(Aspect.END)
    if entry.when is None:
        return f", until {ended[0][0]}" if ended else ", no longer active" if entry.is_over else ""
    if ended:
        return f", from {day(entry.when)} to {ended[0][0]}"
    return f", from {day(entry.when)}, no longer active" if entry.is_over else f", since {day(entry.when)}"


def standing(entry: Entry) -> Cited:
    """One entry with what is known of its standing and time."""
    if entry.is_noted:
        return noted(entry)
    name = f"{entry.finding.name}{_reaction(entry)}"
    if entry.says_how:
        return f"{name}{f', recorded of {day(entry.when)}' if entry.when else ''}.", entry.main
    evidence = (*entry.main, *(item for _, item in entry.told(Aspect.END)))
    if entry.finding.assertion is Assertion.NEGATED or (
            entry.finding.status is Status.ABSENT and entry.finding.assertion is Assertion.AFFIRMED):
        when = f" on {day(entry.when)}" if entry.when else ""
        return f"{name}: recorded as not so{when}.", evidence
    if entry.finding.assertion is Assertion.FAMILY:
        value = entry.finding.value
        return f"{name} in the family{f' ({value.text})' if value and value.text else ''}.", evidence
    if entry.finding.assertion is Assertion.UNCERTAIN or entry.finding.status is Status.INDETERMINATE:
        return f"{name}: recorded as uncertain or not settled{since(entry)}.", evidence
    return f"{name}{since(entry)}.", evidence


def _reaction(entry: Entry) -> str:
    """What an allergy was seen to do."""
    value = entry.finding.value
    return f" ({value.text})" if entry.kind == "AllergyIntolerance" and value is not None and value.text else ""


def lasted(entry: Entry) -> Cited:
    """One entry with its span, in days where both ends are told to the day; or that no end is on record."""
    text, evidence = standing(entry)
    begin, end = day(entry.when), day(entry.end)
    if entry.end is None:
        open_ended = not (entry.is_noted or entry.is_over)
        return f"{text.removesuffix('.')}; no end is on record." if open_ended else text, evidence
    if len(begin) < len("2025-01-01") or len(end) < len("2025-01-01"):
        return text, evidence
    days = (date.fromisoformat(end) - date.fromisoformat(begin)).days
    return f"{text.removesuffix('.')}, {days} day{'' if days == 1 else 's'}.", evidence


def at_other_times(question: str, limit: Limit, found: Sequence[Entry]) -> Answer:
    """That the record dates what was asked for to other times than the one asked about."""
    (text, evidence), *rest = distinct(map(standing, found))
    return answered(question, [(f"Not on record {limit.words}: {text}", evidence), *rest])


def noted(entry: Entry) -> Cited:
    """What a note says of something."""
    told = {Assertion.AFFIRMED: "stated", Assertion.NEGATED: "stated as not so", Assertion.UNCERTAIN:
            "stated as uncertain", Assertion.HISTORICAL: "stated as history", Assertion.FAMILY: "stated of the family"}
    when = f" of {day(entry.when)}" if entry.when else " without a date"
    return f"{entry.finding.name}: {told[entry.finding.assertion]} in a note{when}.", entry.evidence


def verdict(found: Sequence[Entry], *, ever: bool) -> str:
    """`yes`, `no` or `uncertain`: whether any entry stands.

    Args:
        found: the entries that answer to what was asked.
        ever: whether what is over counts too.
    """
    if any(entry.stands or (ever and entry.is_over) for entry in found):
        return "yes"
    unsettled = any(entry.finding.assertion is Assertion.UNCERTAIN or entry.finding.status is Status.INDETERMINATE
                    for entry in found)
    return "uncertain" if unsettled else "no"


def led(said: str, sentences: Sequence[Cited]) -> list[Cited]:
    """The sentences, the first of them begun with a verdict in words."""
    (text, evidence), *rest = sentences
    return [(f"{_LEADS[said]}: {text}", evidence), *rest]


def unsettled(entry: Entry, limit: Limit) -> Cited:
    """That the dates on record do not tell whether something was so within a restriction in time."""
    text, evidence = standing(entry)
    return f"{text.removesuffix('.')}; whether {limit.words}, the record does not tell.", evidence


def verdict_within(found: Sequence[Entry], limit: Limit) -> str:
    """Whether any entry stood within a restriction in time; `uncertain` where no dates tell it."""
    told = [entry for entry in found if entry.stood_within(limit)]
    said = verdict(told or found, ever=True)
    return "uncertain" if said == "yes" and not told else said


def event(entry: Entry) -> Cited:
    """Something that happened at a time."""
    if entry.finding.assertion is not Assertion.AFFIRMED:
        return standing(entry)
    return f"{entry.finding.name} on {day(entry.when)}.", entry.main


def amount(entry: Entry) -> str:
    """The value with its unit: as printed where the source printed it, else with four significant digits."""
    value = entry.finding.value
    if value is None:
        return ""
    text = value.text
    if text is None and value.number is not None:
        number = value.number
        text = f"{value.comparator or ''}{f'{number:.0f}' if abs(number) >= 1000 else f'{number:.4g}'}"
    unit = "" if value.unit == "1" else value.unit
    return f"{text} {unit}" if unit and value.number is not None else text or ""


def result(entry: Entry) -> Cited:
    """One result: name, value, date."""
    value = entry.finding.value
    sure = " (not settled)" if entry.finding.status is Status.INDETERMINATE else ""
    flag = f", flagged {value.flag}" if value and value.flag and flag_direction(value.flag) != "N" else ""
    side = f", {entry.finding.laterality}" if entry.finding.laterality else ""
    return f"{entry.finding.name}{side}: {amount(entry)}{sure}{flag} on {day(entry.when)}.", entry.main


def value_of(entry: Entry) -> AnswerValue:
    """A result as a value."""
    value = entry.finding.value
    if value is None:
        return AnswerValue(text=entry.finding.name, date=entry.when)
    return AnswerValue(number=value.number, text=amount(entry), unit=value.unit, date=entry.when)


def distinct(cited: Iterable[Cited]) -> list[Cited]:
    """Sentences that read the same become one, with the evidence of all."""
    together: dict[str, list[Evidence]] = {}
    for text, evidence in cited:
        together.setdefault(text, []).extend(evidence)
    return list(together.items())
