"""Mechanical errors put into true sentences: every number, and words exchanged for what says something else.

    python -m caseloom.evals.verifier_mutations

They are cruder than the hand-written ones and many more. What survives is printed, since some still say what is true:
a nodule called indeterminate stays so without the word "candidate".
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .verifier_accuracy import stands
from .verifier_suite import SUITES, TRUE, Told, read_suite

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
EXCHANGES = (
    ("right", "left"), ("left", "right"), ("increased", "decreased"), ("increase", "decrease"), ("fell", "rose"),
    ("rose", "fell"), ("dropped", "increased"), ("low", "high"), ("high", "low"), ("below", "above"),
    ("above", "below"), ("larger", "smaller"), ("smaller", "larger"), ("stable", "increased"), ("unchanged", "worse"),
    ("worsened", "improved"), ("improved", "worsened"), ("No", "A"), ("no", "a"), ("possible", "definite"),
    ("Possible", "Definite"), ("indeterminate", "benign"), ("candidate", ""), ("mL", "L"), ("mm", "cm"),
    ("g/dL", "g/L"), ("mg/L", "g/L"), ("mg/dL", "g/dL"), ("ng/mL", "mg/mL"), ("mmol/L", "µmol/L"), ("HU", "mm"),
    ("µm²", "mm²"), ("mm²", "cm²"), ("%", "mL"), ("March", "April"), ("November", "October"), ("June", "July"),
    ("August", "May"), ("September", "December"), ("prior", "next"), ("previously", "now"), ("normal", "abnormal"),
    ("within", "outside"), ("negative", "positive"), ("is", "is not"), ("are", "are not"), ("former", "current"),
    ("Former", "Current"), ("History of", "Current"), ("allergic", "not allergic"))


def numbers_mutated(text: str) -> Iterator[str]:
    """The text with one number turned round, one more (or another last digit), or without its point."""
    for found in _NUMBER.finditer(text):
        digits = found.group()
        other = str(int(digits) + 1) if digits.isdigit() else f"{digits[:-1]}{(int(digits[-1]) + 3) % 10}"
        for new in {digits[::-1], other, digits.replace(".", "")} - {digits}:
            yield f"{text[:found.start()]}{new}{text[found.end():]}"


def words_mutated(text: str) -> Iterator[str]:
    """The text with one word exchanged."""
    for old, new in EXCHANGES:
        end = r"(?![A-Za-z])" if old[-1].isalpha() else ""
        for found in re.finditer(rf"(?<![A-Za-z]){re.escape(old)}{end}", text):
            yield f"{text[:found.start()]}{new}{text[found.end():]}"


def mutations(suite: Sequence[Told]) -> Iterator[Told]:
    """Every mutation of every true sentence that stands."""
    for told in suite:
        if told.kind == TRUE and stands(told):
            for text in sorted({*numbers_mutated(told.text), *words_mutated(told.text)}):
                yield replace(told, text=text, kind="mechanical")


def main() -> None:
    """Print what survives of both suites, and how many of how many."""
    made = [told for name in SUITES.values() for told in mutations(read_suite(name))]
    left = [told.text for told in made if stands(told)]
    sys.stdout.write("\n".join([*left, f"{len(left)} of {len(made)} mutations stand", ""]))


if __name__ == "__main__":
    main()
