"""EHRQA: questions about one patient's health record, accuracy by category.

Google's 19 test patients and their questions are not public, but made by Synthea (first MedGemma report, arXiv
2507.05201, 5.2 and appendix D); questions in the ten published categories are made here from your own bundles by
`evals/ehr_questions.py`. Every JSON file with a Patient in it is a case: Synthea writes `output/fhir/NAME.json`, one
patient a file, and hospitals and practitioners in files of their own, which are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ...core.case import FileKind
from ...core.errors import InputError
from ...core.result import ToolResult
from ...core.settings import Limits
from ...prompts.loader import load_templates
from ...readers.recipes.chart import MOST_TOKENS
from ...readers.recipes.record import condense, record_request
from ...readers.request import Request
from ...sources.fhir import read_record
from ...tools.blanking import blank_text, people_of
from ...tools.records import RecordsTool
from ...tools.records.questions import answer_question
from ...tools.records.read import BESIDE_THE_RECORD
from .. import ehr_questions
from ..ehr_accuracy import is_right
from .ehr_answers import says, spoken, truth_of
from .files import folder, nothing, read_json
from .inputs import run_tool
from .items import Case, Loaded, Question, ReadBy, Value
from .marks import Metric, macro_accuracy, mean_of, right_or_wrong
from .names import EHRQA, layout_of
from .task import Source, Task, always, in_sampling_order, most_frequent

NO_RECORD = "(no entries)"


@dataclass(frozen=True)
class RecordCase(Case):
    """One patient's record and questions about it.

    Args:
        id: name of its file.
        unit: itself.
        questions: truth as in `ehr_answers`.
        sources: the file.
        made: the questions as they were made, by their id.
        cache: for words of documents in the record.
    """

    id: str
    unit: str
    questions: tuple[Question, ...]
    sources: tuple[Path, ...]
    made: Mapping[str, ehr_questions.Question]
    cache: Path

    def requests(self, questions: Sequence[Question], by: ReadBy) -> list[tuple[Request[Any], ...]]:
        """One question a request, all about the same condensed record without the patient's name and numbers."""
        result = self._facts()
        room = MOST_TOKENS if by.context is None else min(MOST_TOKENS, by.context - BESIDE_THE_RECORD)
        people = people_of(None, read_record(self.sources[0], Limits()).identities())
        record = blank_text(condense(result.findings, result.evidence, most_tokens=room), people)
        return [(record_request(record, question.words, scope=by.scope),) for question in questions]

    def measured(self, questions: Sequence[Question]) -> list[Value]:
        """Answers by rules: their words, and whether they say, with evidence, what the record says."""
        result = self._facts()
        answers = [answer_question(question.words, result.findings, result.evidence) for question in questions]
        return [{"text": answer.text, "right": is_right(self.made[question.id], answer)}
                for question, answer in zip(questions, answers, strict=True)]

    def _facts(self) -> ToolResult:
        result = run_tool(RecordsTool(), self.sources[0], FileKind.RECORD, self.cache)
        if not result.findings:
            raise InputError("the record states nothing")
        return result


def load(source: Source) -> Loaded:
    """The bundles with a patient, each with its questions.

    Raises:
        UsageError: there is no such folder.
        NothingUsable: no bundle with a patient, or a file that is no JSON.
    """
    layout = layout_of(EHRQA)
    root = folder(source.data, layout)
    paths = sorted(root.rglob("*.json"))
    ordered = in_sampling_order(paths, lambda path: _name(root, path)) if source.limit else paths
    found = (case for path in ordered if (case := _case(root, path, source.private())) is not None)
    cases = list(islice(found, source.limit))
    if not cases:
        raise nothing(root, layout)
    return Loaded(tuple(sorted(cases, key=lambda case: case.id)))


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _case(root: Path, path: Path, cache: Path) -> RecordCase | None:
    """A bundle as a case; None for a file without a patient."""
    bundle = read_json(path)
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    if not isinstance(entries, list) or not any(_is_patient(entry) for entry in entries):
        return None
    made = ehr_questions.questions_of(bundle)
    name = _name(root, path)
    medicines = sorted({drug for question in made if isinstance(question.expected, frozenset)
                        for drug in question.expected} | _prescribed(made))
    numbered = {f"{name}: {number}": question for number, question in enumerate(made, 1)}
    questions = tuple(Question(key, question.category, question.text, truth_of(question, medicines))
                      for key, question in numbered.items())
    return RecordCase(name, name, questions, (path,), numbered, cache)


def _is_patient(entry: object) -> bool:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    return isinstance(resource, dict) and resource.get("resourceType") == "Patient"


def _prescribed(made: Sequence[ehr_questions.Question]) -> set[str]:
    """Medicines that are asked about and were prescribed."""
    start, end = "Has the patient ever been prescribed ", "?"
    return {question.text[len(start):-len(end)] for question in made
            if question.text.startswith(start) and question.expected == "yes"}


def without_record(request: Request[Any]) -> Request[Any]:
    """The request with an empty record."""
    empty = load_templates("record")["record"].fill(record=NO_RECORD)
    return replace(request, parts=(empty, *request.parts[1:]))


def _marks(question: Question, value: Value) -> dict[str, float]:
    right = value["right"] if isinstance(value, dict) else value is not None and says(question.truth, value)
    return right_or_wrong(True, right or None)


TASK = Task(
    name=EHRQA, load=load, prompts=("record",), group="category", unit="record", marks=_marks, fields=("n", "right"),
    measures=True, blind=without_record, blind_words="the same prompts with an empty record",
    metrics=(
        Metric("macro_accuracy", "Accuracy", "Share of right answers of each category, then the mean over categories "
               "(first report, arXiv 2507.05201, 5.2); no usable answer is wrong.", macro_accuracy),
        Metric("accuracy", "Accuracy over all questions", "Share of right answers over all questions.",
               mean_of("right"), detail=True)),
    baselines=(always("no", 'always "no"'),
               most_frequent("the most frequent answer of each category", lambda question: spoken(question.truth))))
