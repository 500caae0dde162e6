"""Whether two laboratory results can be one: their amounts in one unit, and their moments as far as both are told."""

from __future__ import annotations

from decimal import Decimal

from .analytes import substance_of
from .finding import Finding, Value
from .moments import moment_key
from .ucum import ratio, unit_of

MINUTE = len("2025-01-01T00:00")
DAY = len("2025-01-01")
NO_UNIT = "1"
PERCENT = "%"


def converted(number: float, value: Value, ucum: str, code: str | None) -> float | None:
    """A number in the unit of `value` as one in another unit; None where they do not convert.

    Args:
        number: in the unit of `value`: its own number, or a limit.
        value: whose unit it is.
        ucum: the wanted unit, as a UCUM code.
        code: LOINC code, by which the molar mass is found.
    """
    factor = factor_between(unit_code(value), ucum, code)
    return None if factor is None else number * factor


def in_unit_of(finding: Finding, other: Finding) -> float | None:
    """A result's number in the unit of another result of its analyte, to six digits where it had to be converted;
    None where it does not convert."""
    if finding.value is None or other.value is None or finding.number is None:
        return None
    return limit_in_unit_of(finding.number, finding, other)


def limit_in_unit_of(number: float, finding: Finding, other: Finding) -> float | None:
    """A number in the unit of a finding as one in that of another; see `in_unit_of`."""
    if finding.value is None or other.value is None:
        return None
    if unit_code(finding.value) == unit_code(other.value):
        return number
    found = converted(number, finding.value, unit_code(other.value), other.code.code if other.code else None)
    return None if found is None else float(f"{found:.6g}")


def factor_between(one: str, other: str, code: str | None) -> float | None:
    """By what a number in the first unit is multiplied; 1 for the same unit, also for one that is not UCUM."""
    if one.casefold() == other.casefold():
        return 1.0
    known = substance_of(code)
    return ratio(one, other, molar_mass=known.molar_mass if known else None, charge=known.charge if known else None)


def unit_code(value: Value) -> str:
    """The unit in UCUM where it is known, else as printed; `1` where there is none."""
    return value.ucum or value.unit or NO_UNIT


def comparable(one: Value, other: Value, code: str | None) -> bool:
    """Whether two numeric values can be brought to one unit; a missing unit fits a share (`0.55` beside `55 %`)."""
    return bool(_factors(one, other, code))


def agree(one: Finding, other: Finding) -> bool:
    """Whether two results of one analyte can both be true as far as they were rounded.

    Numbers agree where what they were rounded from overlaps in one unit, and comparators leave open what they do; words
    agree where one begins with the other; a number and a word, and units that do not convert, are not compared.
    """
    first, second = one.value, other.value
    if first is None or second is None or (first.number is None) is not (second.number is None):
        return True
    if first.number is None:
        short, long = sorted((_folded(first), _folded(second)), key=len)
        return long.startswith(short)
    factors = _factors(first, second, _code(one, other))
    return not factors or any(_overlap(first, second, factor) for factor in factors)


def _factors(one: Value, other: Value, code: str | None) -> list[float]:
    """What the first number may be multiplied by to stand in the unit of the second.

    A number without a unit is taken in the unit of the other one or as a pure number where the other is a share.
    """
    units = unit_code(one), unit_code(other)
    factor = factor_between(units[0], units[1], code)
    found = [] if factor is None else [factor]
    bare = [value.unit is None and value.ucum is None for value in (one, other)]
    if any(bare) and not all(bare):
        named = units[0] if bare[1] else units[1]
        known = unit_of(named)
        if known is not None and not known.dimension:
            found.append(1.0)
    return found


def _overlap(one: Value, other: Value, factor: float) -> bool:
    scale = Decimal(repr(factor))
    (low, high), (other_low, other_high) = span(one), span(other)
    return low * scale < other_high and other_low < high * scale


def span(value: Value) -> tuple[Decimal, Decimal]:
    """What a number stands for: what it was rounded from, or all that a comparator leaves open.

    A whole number may have lost its `.0`, so it stands for no more than a hundredth around it.
    """
    number = Decimal(repr(value.number or 0.0)).normalize()
    if value.comparator in ("<", "<="):
        return Decimal("-Infinity"), number
    if value.comparator in (">", ">="):
        return number, Decimal("Infinity")
    half = Decimal(5).scaleb(int(number.as_tuple().exponent) - 1)
    if number == number.to_integral_value():
        half = max(min(half, abs(number) / 100), Decimal("1e-9"))
    return number - half, number + half


def taken(finding: Finding) -> str | None:
    """When the specimen was taken, or for a result that tells only one moment, that moment; None where the only date
    is that of the report."""
    value = finding.value
    if value is not None and value.collected_at:
        return value.collected_at
    return finding.date if value is None or finding.date != value.issued_at else None


def of_one_moment(one: Finding, other: Finding) -> bool:
    """Whether two results can be of one moment: by collection where both tell it, else by report where both tell it,
    else by the day of the one and of the other."""
    first, second = taken(one), taken(other)
    if first and second:
        return same_moment(first, second)
    issued = [item.value.issued_at if item.value else None for item in (one, other)]
    if issued[0] and issued[1]:
        return same_moment(issued[0], issued[1])
    return bool(one.date and other.date) and same_moment((one.date or "")[:DAY], (other.date or "")[:DAY])


def same_moment(one: str, other: str) -> bool:
    """Whether two ISO 8601 moments agree as far as the less precise one goes, to the minute.

    A time without an offset is compared with one that has one as both are written, and in UTC.
    """
    length = min(len(one), len(other), MINUTE)
    written = one[:length] == other[:length]
    if length < MINUTE and written:
        return True
    keys = [moment_key(one)[:length], moment_key(other)[:length]]
    offsets = [_has_offset(one), _has_offset(other)]
    return keys[0] == keys[1] or (written and not all(offsets))


def _has_offset(moment: str) -> bool:
    return "T" in moment and (moment.endswith("Z") or "+" in moment[DAY:] or "-" in moment[DAY:])


def _code(*findings: Finding) -> str | None:
    return next((item.code.code for item in findings if item.code), None)


def _folded(value: Value) -> str:
    return " ".join((value.text or "").casefold().split())
