"""What hard sentences of notes say of the things they mention, read by rules, against what was written down for them.

    python -m caseloom.evals.note_accuracy [--write docs/accuracy.md] [--errors]
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml

from ..tools.records.mentions import mentions_in
from ..tools.records.notes import passages_of
from .sections import machine, today, write_section

TITLE = "What notes say: denied, doubted, past, to come, or another's"
PARTS = ("first, tuning", "first, held out", "later, tuning", "later, held out")
"""Two sets of sentences, the second written after the rules; of each every other sentence is held out."""
FIRST_RUN = ("103 of 106", "100 of 105", "25 of 42", "40 of 49")
"""What the rules read rightly the first time they met each part."""


@dataclass(frozen=True)
class Said:
    """One thing that one sentence mentions.

    Args:
        part: one of `PARTS`.
        text: the sentence.
        name: the thing.
        expected: what the sentence says of it.
        found: what the rules made of it; None where they did not find it.
    """

    part: str
    text: str
    name: str
    expected: str
    found: str | None

    @property
    def is_right(self) -> bool:
        """Whether the rules read it so."""
        return self.found == self.expected


def sentences() -> list[tuple[str, dict[str, object]]]:
    """The sentences with what they say, each with its part."""
    first, later = (list(yaml.safe_load((files("caseloom.evals") / "data" / name).read_text(encoding="utf-8")))
                    for name in ("note_sentences.yaml", "note_sentences_later.yaml"))
    return [(PARTS[2 * number + place % 2], item) for number, given in enumerate((first, later))
            for place, item in enumerate(given)]


def readings(given: Iterable[tuple[str, dict[str, object]]]) -> list[Said]:
    """Every thing that the sentences speak of, read."""
    told = []
    for part, item in given:
        text, says = str(item["text"]), item["says"]
        found = {mention.name: str(mention.stance) for passage in passages_of(text)
                 for mention in mentions_in(passage.text, passage.section)}
        if isinstance(says, dict):
            told += [Said(part, text, name, expected, found.get(name)) for name, expected in says.items()]
    return told


def table_of(told: Sequence[Said]) -> list[str]:
    """Right of all, by what is said and by part, then the sums."""
    lines = [f"| what the sentence says of it | {' | '.join(PARTS)} |", "|---" * (len(PARTS) + 1) + "|"]
    order = Counter(one.expected for one in told)
    for expected in [name for name, _ in order.most_common()]:
        lines.append(f"| {expected} | {' | '.join(_share(told, part, expected) for part in PARTS)} |")
    return [*lines, f"| sum | {' | '.join(_share(told, part, None) for part in PARTS)} |",
            f"| sum on the first run | {' | '.join(FIRST_RUN)} |"]


def _share(told: Sequence[Said], part: str, expected: str | None) -> str:
    chosen = [one for one in told if one.part == part and expected in (None, one.expected)]
    return f"{sum(one.is_right for one in chosen)} of {len(chosen)}" if chosen else "-"


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description="What notes say.")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--errors", action="store_true", help="list wrong readings of the parts for tuning")
    chosen = parser.parse_args()
    told = readings(sentences())
    if chosen.errors:
        for one in told:
            if one.part in PARTS[::2] and not one.is_right:
                sys.stdout.write(f"{one.text} | {one.name}: {one.expected}, read as {one.found}\n")
    lines = [f"Measured on {today()} by `evals/note_accuracy.py` ({machine()}) on {len(sentences())} hard sentences "
             f"with {len(told)} mentions. The first set was written before the rules, the later one after they read "
             "the first. Of each, every other sentence served for tuning; the others were looked at by the score alone "
             "(in the first set many are of the kind of a neighbour). Since the first run four labels became finer: a "
             "denied family history is no denial of the patient's.", "",
             *table_of(told)]
    sys.stdout.write("\n".join([f"## {TITLE}", "", *lines, ""]))
    if chosen.write:
        write_section(chosen.write, TITLE, lines)


if __name__ == "__main__":
    main()
