"""Questions about a FHIR bundle with their answers, made from the JSON alone: the ten categories of EHRQA.

The categories are those published for the task (MedGemma technical report, arXiv 2507.05201, 5.2 and appendix D).
Nothing here uses the code that answers: expected answers come straight from the resources.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Resource = dict[str, Any]
ABSENT_CONDITIONS = ("Gout", "Psoriasis", "Ulcerative colitis", "Malaria", "Narcolepsy", "Glaucoma")
ABSENT_DRUGS = ("methotrexate", "lithium", "infliximab", "clozapine", "tamoxifen", "digoxin")
NOT_IN_RECORD = "not in the record"


@dataclass(frozen=True)
class Question:
    """A question and what the record says.

    Args:
        category: of the ten.
        text: the question.
        expected: `yes`, `no`, a date, a number, names, or `NOT_IN_RECORD`.
        units: of a number, as the record writes them and in UCUM.
    """

    category: str
    text: str
    expected: str | float | frozenset[str]
    units: tuple[str, ...] = ()


class Record:
    """A bundle's resources by type, with its references."""

    def __init__(self, bundle: Resource) -> None:
        """Sort the entries; one without a resource of a type is passed over."""
        self._of: dict[str, list[Resource]] = defaultdict(list)
        self._by_url: dict[str, Resource] = {}
        for entry in bundle["entry"]:
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
                continue
            self._of[resource["resourceType"]].append(resource)
            self._by_url[entry.get("fullUrl", "")] = resource
            self._by_url[f"{resource['resourceType']}/{resource.get('id')}"] = resource

    def all(self, kind: str) -> list[Resource]:
        """Resources of a type."""
        return self._of[kind]

    def behind(self, reference: Resource | None) -> Resource | None:
        """The resource that a reference names, if the bundle holds it."""
        return self._by_url.get((reference or {}).get("reference", ""))


def questions_of(bundle: Resource, seed: int = 0) -> list[Question]:
    """All questions that a bundle gives rise to, in an order that follows from the seed.

    Args:
        bundle: FHIR R4, one patient.
        seed: of the choice of dates and of things that the record does not hold.
    """
    record, rng = Record(bundle), random.Random(seed)  # noqa: S311 — a seeded choice, no secret
    makers = (condition_existence, transitive_existence, immunization_dates, medications_current, medication_existence,
              medication_prescriber, medication_date, medication_for_condition, observation_value,
              observation_dependent)
    return [question for maker in makers for question in maker(record, rng)]


def bare(display: str) -> str:
    """A display without its SNOMED tag: `Viral sinusitis (disorder)` is `Viral sinusitis`."""
    return re.sub(r"\s*\((?:disorder|finding|situation|procedure)\)$", "", display)


def named(concept: Resource) -> str:
    """What a concept is called."""
    coded: Sequence[Resource] = concept.get("coding") or [{}]
    return str(concept.get("text") or coded[0].get("display") or "")


def is_active(condition: Resource) -> bool:
    """Whether a condition's clinical status is active."""
    codings = condition.get("clinicalStatus", {}).get("coding", [])
    return any(coding.get("code") in ("active", "recurrence", "relapse") for coding in codings)


def _conditions(record: Record) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = defaultdict(list)
    for condition in record.all("Condition"):
        name = bare(named(condition.get("code", {})))
        if name:
            found[name].append(condition)
    return found


def condition_existence(record: Record, rng: random.Random) -> Iterator[Question]:
    """Whether the patient has, or ever had, a condition."""
    found = _conditions(record)
    for name, group in found.items():
        yield Question("condition existence", f"Does the patient have {name}?",
                       "yes" if any(map(is_active, group)) else "no")
        yield Question("condition existence", f"Has the patient ever had {name}?", "yes")
    held = " ".join(found).casefold()
    for name in rng.sample(ABSENT_CONDITIONS, 3):
        if name.casefold() not in held:
            yield Question("condition existence", f"Does the patient have {name}?", NOT_IN_RECORD)


def transitive_existence(record: Record, _: random.Random) -> Iterator[Question]:
    """Whether the patient has a condition of a kind: the kind is what the names of conditions end with."""
    found = _conditions(record)
    kinds: dict[str, list[Resource]] = defaultdict(list)
    for name, group in found.items():
        words = name.split()
        if len(words) > 1 and words[-1].isalpha() and words[-1].islower() and len(words[-1]) > 5:
            kinds[words[-1]] += group
    for kind, group in kinds.items():
        if kind not in ("disorder", "finding", "situation", "employment", "education", "activity"):
            yield Question("transitive condition existence", f"Does the patient have any {kind}?",
                           "yes" if any(map(is_active, group)) else "no")


def immunization_dates(record: Record, _: random.Random) -> Iterator[Question]:
    """When a vaccine was last given, of shots with a date: a record may tell the time in words alone."""
    found: dict[str, list[str]] = defaultdict(list)
    for shot in record.all("Immunization"):
        name, day = named(shot.get("vaccineCode", {})), shot.get("occurrenceDateTime")
        if shot.get("status") == "completed" and name and day:
            found[name].append(day)
    for name, dates in found.items():
        yield Question("immunisation date", f"When did the patient last receive the {name} vaccine?", max(dates)[:10])


def _medicines(record: Record) -> Iterator[tuple[str, Resource]]:
    for request in record.all("MedicationRequest"):
        concept = request.get("medicationCodeableConcept")
        if concept is None:
            concept = (record.behind(request.get("medicationReference")) or {}).get("code", {})
        if named(concept):
            yield named(concept), request


def _by_name(record: Record) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = defaultdict(list)
    for name, request in _medicines(record):
        found[name].append(request)
    return found


def medications_current(record: Record, _: random.Random) -> Iterator[Question]:
    """Which medicines are taken now."""
    names = frozenset(name for name, request in _medicines(record) if request.get("status") == "active")
    yield Question("medication current", "Which medications is the patient currently taking?", names or NOT_IN_RECORD)


def medication_existence(record: Record, rng: random.Random) -> Iterator[Question]:
    """Whether a medicine was ever prescribed."""
    names = _by_name(record)
    for name in names:
        yield Question("medication existence", f"Has the patient ever been prescribed {name}?", "yes")
    held = " ".join(names).casefold()
    for drug in rng.sample(ABSENT_DRUGS, 4):
        if drug not in held:
            yield Question("medication existence", f"Has the patient ever been prescribed {drug}?", NOT_IN_RECORD)


def medication_prescriber(record: Record, _: random.Random) -> Iterator[Question]:
    """Who prescribed a medicine last."""
    for name, group in _by_name(record).items():
        last = max(group, key=lambda request: str(request.get("authoredOn", "")))
        shown = last.get("requester", {}).get("display") or person(record.behind(last.get("requester")))
        if shown:
            yield Question("medication prescriber", f"Who prescribed {name}?", str(shown))


def person(practitioner: Resource | None) -> str | None:
    """A practitioner's name as it is spoken: prefix, given names, family name."""
    names: Sequence[Resource] = (practitioner or {}).get("name") or ()
    if not names:
        return None
    return " ".join([*names[0].get("prefix", ()), *names[0].get("given", ()), names[0].get("family", "")]).strip()


def medication_date(record: Record, _: random.Random) -> Iterator[Question]:
    """When a medicine was first prescribed."""
    for name, group in _by_name(record).items():
        days = [str(request["authoredOn"])[:10] for request in group if request.get("authoredOn")]
        if days:
            yield Question("medication date", f"When was {name} first prescribed?", min(days))


def medication_for_condition(record: Record, _: random.Random) -> Iterator[Question]:
    """Which medicines were prescribed for a condition."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, request in _medicines(record):
        reasons = [*request.get("reasonCode", ()), *((record.behind(reference) or {}).get("code", {})
                                                     for reference in request.get("reasonReference", ()))]
        for reason in filter(None, map(named, reasons)):
            found[bare(reason)].add(name)
    for reason, names in found.items():
        yield Question("medication for condition", f"Which medications were prescribed for {reason}?", frozenset(names))


_Series = dict[str, dict[str, dict[float, tuple[str, ...]]]]
"""By name, moment and number the units that it is told in."""


def _series(record: Record) -> _Series:
    found: _Series = defaultdict(lambda: defaultdict(dict))
    for item in record.all("Observation"):
        name, moment, quantity = named(item.get("code", {})), _moment(item), item.get("valueQuantity", {})
        if name and moment and "value" in quantity and item.get("status") == "final":
            units = tuple(quantity[key] for key in ("unit", "code") if quantity.get(key))
            told = found[name][moment]
            number = float(quantity["value"])
            told[number] = tuple(dict.fromkeys((*told.get(number, ()), *units)))
    return found


def _moment(item: Resource) -> str | None:
    """When something was observed: a moment, or the start of a period; None where no date says it."""
    period = item.get("effectivePeriod", {})
    told = (item.get("effectiveDateTime"), item.get("effectiveInstant"), period.get("start"), period.get("end"))
    return next(filter(None, told), None)


def _asked(category: str, text: str, told: dict[float, tuple[str, ...]]) -> Iterator[Question]:
    """A question about a number, where the record tells one alone."""
    if len(told) == 1:
        (number, units), = told.items()
        yield Question(category, text, number, units)


def observation_value(record: Record, _: random.Random) -> Iterator[Question]:
    """The latest value of an observation, where it has one."""
    for name, values in _series(record).items():
        yield from _asked("observation value", f"What was the latest {name}?", values[max(values)])


def observation_dependent(record: Record, rng: random.Random) -> Iterator[Question]:
    """The value of an observation before a date that depends on another of its values."""
    for name, values in _series(record).items():
        moments = sorted(values)
        later = [at for at in moments if at[:10] > moments[0][:10]]
        if not later:
            continue
        bound = rng.choice(later)[:10]
        last = values[max(at for at in moments if at[:10] < bound)]
        yield from _asked("observation dependent", f"What was the last {name} before {bound}?", last)


def categories(questions: Iterable[Question]) -> list[str]:
    """The categories in order of their first question."""
    return list(dict.fromkeys(question.category for question in questions))
