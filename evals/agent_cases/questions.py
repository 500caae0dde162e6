"""Questions about a case whose right answers its truth tells."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
_ABSENT = ("troponin", "prolactin", "lipase")
"""Tests that no generated sheet holds."""


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        text: as it is put.
        value: the number that answers it; None where nothing in the case does.
        unit: of the value, as printed.
        day: ISO date of the value.
        tolerance: how far the answer's number may be off.
    """

    text: str
    value: float | None = None
    unit: str | None = None
    day: str | None = None
    tolerance: float = 0.0


def questions_of(truth: Json) -> tuple[Question, ...]:
    """The latest result of two tests, one that was never taken, somebody else's, and the size of a lone nodule."""
    rng = random.Random(f"questions {truth['seed']}")  # noqa: S311 - a seeded drawing, no secret
    asked = [Question(f"What was the latest {rng.choice(_ABSENT)}?")]
    disputed = {item.get("name") for item in truth["conflicts"]}
    if truth["labs"]:
        last = max(truth["labs"], key=lambda lab: lab["collected_at"])
        rows = [row for row in last["results"] if row["name"] not in disputed]
        for row in rng.sample(rows, min(2, len(rows))):
            asked.append(Question(f"What was the latest {row['name']}?", row["value"], row["unit"],
                                  row["collected_at"][:10]))
    for other in truth["others"][:1]:
        name = f"{other['given'].capitalize()} {other['family'].capitalize()}"
        asked.append(Question(f"What was the latest hemoglobin of {name}?"))
    return (*asked, *_nodule(truth))


def _nodule(truth: Json) -> tuple[Question, ...]:
    scans = sorted((item for item in truth["studies"] if item["modality"] == "CT"), key=lambda item: str(item["date"]))
    if not scans or len(scans[-1]["nodules"]) != 1:
        return ()
    nodule, = scans[-1]["nodules"]
    return (Question(f"How large is the nodule in the {nodule['side']} lung?", nodule["diameter_mm"], "mm",
                     scans[-1]["date"], tolerance=2.0),)
