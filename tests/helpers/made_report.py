"""A whole report made by hand, with pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from made_case import MEASURE, made_case
from PIL import Image

from caseloom.agent.compose import compose
from caseloom.agent.verify import verify
from caseloom.core.report import CaseIdentity, Conflict, Report, make_event
from caseloom.core.result import Answer, AnswerStatus, CitedSentence

MISSING = "film_2024-03-02.png"


def made_report() -> Report:
    """The report of the case in `made_case`."""
    made = made_case()
    sections, warnings = verify(compose(made.case, made.findings, made.evidence, MEASURE), made.findings, made.evidence)
    timeline = tuple(make_event(kind=item.category.value, text=item.name, occurred_at=item.date, evidence=item.evidence)
                     for item in made.findings)
    answer = Answer(text="The nodule candidate is larger.", status=AnswerStatus.ANSWERED, sentences=(
        CitedSentence(text="The nodule candidate measures 11.2 mm.", evidence=("E37",)),))
    conflict = Conflict(text="Sources disagree on Sodium.", findings=("F11",), evidence=("E22", "E25"))
    return Report(
        case=CaseIdentity(id="c0ffee" * 8, patient=made.case.opaque_patient),
        question=made.case.question, answer=answer,
        reader=MEASURE, sections=sections, findings=made.findings, evidence=made.evidence, timeline=timeline,
        not_read=made.case.not_read, conflicts=(conflict,), warnings=(*made.case.warnings, *warnings),
        provenance={"versions": {"caseloom": "0"}, "inputs": {file.path: file.sha256 for file in made.case.files}})


def draw_pictures(report: Report, folder: Path) -> None:
    """A small PNG for each overlay that the report names, but for one that is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, name in enumerate(sorted({Path(item.picture).name for item in report.evidence if item.picture})):
        if name != MISSING:
            Image.fromarray(np.full((40, 60), 20 * n, dtype=np.uint8)).save(folder / name)
