"""Observations: a laboratory result or another measurement, each with value, unit, range and times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ...core.finding import Category, Value
from ...sources.fhir_fields import (
    LOINC,
    Resource,
    clean,
    code_words,
    concept_codes,
    concept_text,
    flag_of,
    many,
    moment_of,
    number_of,
    one,
    period_of,
    text_of,
)
from ...sources.fhir_record import Record, moment_of_resource
from ..lab_terms.analytes import known_codes
from ..lab_terms.limits import Range, computed_flag
from ..lab_terms.units import ucum_of
from .facts import MEASURED, UNSURE, Fact, name_of, preferred_code

UCUM = "http://unitsofmeasure.org"
LABORATORY = frozenset({"laboratory", "BG", "BLB", "CG", "CH", "GE", "HM", "IMM", "LAB", "MB", "MCB", "MYC", "OSL",
                        "SR", "TX", "VR"})
"""The observation category, and the laboratory sections of HL7 table 0074 (diagnostic service section)."""
LONGEST_WRITTEN = 8
"""A number is kept as written up to this many characters; a longer one is the trace of a computation, not a result."""
COMPARATORS = frozenset({"<", "<=", ">", ">="})
NOT_YET = frozenset({"registered", "cancelled", "unknown"})
MOST_PARENTS = 5


class Panels:
    """Which report or panel each observation belongs to.

    Args:
        record: the file's resources.
    """

    def __init__(self, record: Record) -> None:
        self.record = record
        self._parents: dict[int, list[Resource]] = defaultdict(list)
        for parent in record.of_type("DiagnosticReport", "Observation"):
            for reference in (*many(parent, "result"), *many(parent, "hasMember")):
                child = record.resolve(reference, parent)
                if child is not None and child is not parent:
                    self._parents[id(child)].append(parent)

    def above(self, observation: Resource) -> list[Resource]:
        """The panels and reports that hold an observation, nearest first."""
        found: list[Resource] = []
        level = self._parents[id(observation)]
        while level and len(found) < MOST_PARENTS:
            found += [parent for parent in level if parent not in found]
            level = [parent for child in level for parent in self._parents[id(child)] if parent not in found]
        return found


def observation_facts(resource: Resource, key: str, panels: Panels) -> Iterator[Fact]:
    """The value of an observation and of each of its components; nothing for one without any value."""
    if text_of(resource, "status") in NOT_YET:
        return
    above = panels.above(resource)
    frame = _frame(resource, above, panels.record)
    category = Category.LAB if _is_laboratory(resource, above) else Category.RECORD
    standing = UNSURE if text_of(resource, "status") == "preliminary" else MEASURED
    parts = [(resource, "Observation", frame.panel)]
    parts += [(part, f"Observation.component[{place}]", concept_text(one(resource, "code")))
              for place, part in enumerate(many(resource, "component"))]
    for part, path, panel in parts:
        measured = _value(part)
        if measured is not None:
            element, value = measured
            concept = one(part, "code")
            update = {"panel": panel, "specimen": frame.specimen, "collected_at": frame.collected_at,
                      "issued_at": frame.issued_at}
            yield Fact(resource, key, f"{path}.{element}", name_of(concept), standing,
                       frame.collected_at or frame.issued_at, preferred_code(concept),
                       value.model_copy(update=update), category)


def is_silent(resource: Resource) -> bool:
    """Whether an observation that counts has no value, nor any of its components."""
    return text_of(resource, "status") not in NOT_YET and all(
        _value(part) is None for part in (resource, *many(resource, "component")))


def _frame(resource: Resource, above: Sequence[Resource], record: Record) -> Value:
    """Panel, specimen and times; what the observation does not say itself its specimen or report may say."""
    specimen = record.resolve(one(resource, "specimen"), resource) or {}
    collection = one(specimen, "collection")
    kind = concept_text(one(specimen, "type")) or text_of(one(resource, "specimen"), "display")
    moments = [_effective(resource), moment_of(collection, "collectedDateTime"),
               period_of(collection, "collectedPeriod")[0], *(_effective(parent) for parent in above)]
    issued = [moment_of(item, "issued") for item in (resource, *above)]
    panels = [concept_text(one(parent, "code")) for parent in above]
    return Value(panel=next(filter(None, panels), None), specimen=kind,
                 collected_at=next(filter(None, moments), None), issued_at=next(filter(None, issued), None))


def _effective(resource: Resource) -> str | None:
    return moment_of_resource({name: value for name, value in resource.items() if name.startswith("effective")})


def _is_laboratory(resource: Resource, above: Sequence[Resource]) -> bool:
    """By its category; without one by its specimen or its report, else as a quantity whose LOINC codes all are of the
    laboratory table (a pulse oximetry carries an arterial code beside its own)."""
    own = code_words(resource, "category")
    if own:
        return bool(own & LABORATORY)
    if one(resource, "specimen") or any(code_words(parent, "category") & LABORATORY for parent in above):
        return True
    codes = {code.code for code in concept_codes(one(resource, "code")) if code.system == LOINC}
    return bool(codes) and codes <= known_codes() and number_of(one(resource, "valueQuantity"), "value") is not None


def _value(part: Resource) -> tuple[str, Value] | None:
    """The element that holds the value, and the value; None when there is none."""
    quantity = one(part, "valueQuantity")
    if (number := number_of(quantity, "value")) is not None:
        return "valueQuantity", _quantity(part, quantity, *number)
    if (number := number_of(part, "valueInteger")) is not None:
        return "valueInteger", Value(number=number[0])
    said = _worded(part)
    if said is None:
        return None
    element, text = said
    return element, Value(text=text, flag=_flag(part), range_text=_range_text(part))


def _worded(part: Resource) -> tuple[str, str] | None:
    truth = flag_of(part, "valueBoolean")
    said = {
        "valueCodeableConcept": concept_text(one(part, "valueCodeableConcept")),
        "valueString": text_of(part, "valueString"),
        "valueBoolean": None if truth is None else "yes" if truth else "no",
        "valueDateTime": moment_of(part, "valueDateTime"),
        "valueTime": text_of(part, "valueTime"),
        "valueRange": _between(one(part, "valueRange")),
        "valueRatio": _ratio(one(part, "valueRatio")),
    }
    return next(((element, text) for element, text in said.items() if text), None)


def _quantity(part: Resource, quantity: Resource, number: float, written: str) -> Value:
    comparator = text_of(quantity, "comparator")
    comparator = comparator if comparator in COMPARATORS else None
    code = text_of(quantity, "code") if text_of(quantity, "system") == UCUM else None
    unit = text_of(quantity, "unit") or code
    low, high = _limits(part, unit)
    short = len(written) <= LONGEST_WRITTEN and "e" not in written.casefold()
    return Value(number=number, text=f"{comparator or ''}{written}" if short else None, comparator=comparator,
                 unit=unit, ucum=code or (ucum_of(unit) if unit else None), low=low, high=high,
                 range_text=_range_text(part), flag=_flag(part),
                 flag_computed=computed_flag(number, comparator, Range("", low, high)))


def _ranges(part: Resource) -> list[Resource]:
    """The reference ranges that stand for normal: those without a type, or of the type normal."""
    return [item for item in many(part, "referenceRange")
            if not one(item, "type") or code_words(item, "type") & {"normal"}]


def _limits(part: Resource, unit: str | None) -> tuple[float | None, float | None]:
    """Limits of the one range that applies, in the value's unit; none where several could apply."""
    ranges = _ranges(part)
    if len(ranges) != 1:
        return None, None
    ends = [one(ranges[0], "low"), one(ranges[0], "high")]
    units = {text_of(end, name) for end in ends for name in ("unit", "code") if text_of(end, name)}
    if units and unit not in units:
        return None, None
    low, high = (number_of(end, "value") for end in ends)
    return (low[0] if low else None), (high[0] if high else None)


def _range_text(part: Resource) -> str | None:
    """The ranges as worded; several without words are written out from their limits."""
    ranges = _ranges(part)
    worded = [text_of(item, "text") or (_between(item) if len(ranges) > 1 else None) for item in ranges]
    return clean("; ".join(text for text in worded if text)) or None


def _flag(part: Resource) -> str | None:
    """The interpretation as its code (`H`, `L`, `N` ...), else as worded."""
    concept = one(part, "interpretation")
    codes = [text_of(coding, "code") for coding in many(concept, "coding")]
    return next(filter(None, codes), None) or concept_text(concept)


def _between(node: Resource) -> str | None:
    low, high = (_written(one(node, end)) for end in ("low", "high"))
    if low and high:
        return f"{low}–{high}"
    return f"≥{low}" if low else f"≤{high}" if high else None


def _ratio(node: Resource) -> str | None:
    above, below = (_written(one(node, part)) for part in ("numerator", "denominator"))
    return f"{above}:{below}" if above and below else None


def _written(quantity: Resource) -> str | None:
    number, unit = number_of(quantity, "value"), text_of(quantity, "unit")
    return None if number is None else f"{number[1]} {unit}" if unit else number[1]
