"""Texts of radiology reports against the true ones: statements, ROUGE-L and, where wanted, RadGraph F1.

`pairs.jsonl` has one pair a line: id, patient, reference (the report), candidate (the text that is scored).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import Field

from ...core.errors import NothingUsable, UsageError
from ...core.report import ReaderIdentity
from ...core.words import Word
from ...readers.request import Request
from .files import find, nothing, read_lines
from .items import Case, Loaded, Question, ReadBy, Value
from .kept import Given
from .marks import Marks, Metric, macro_f1, mean_of, micro_f1
from .names import REPORT_TEXT, layout_of
from .radgraph_score import radgraph_f1
from .result import Result
from .scoring import Answers, score
from .statements import FIELDS, statement_marks
from .task import Baseline, Source, Task, always
from .text_scores import rouge_l
from .written import write_items, write_result

LIST = "pairs.jsonl"
WHOLE = "whole report"
TEXTS = ReaderIdentity(name="texts", interprets=True)
Scorer = Callable[..., Sequence[float]]
"""As `radgraph_f1`."""


class Pair(Word):
    """A report and the text that is scored against it."""

    id: str = Field(min_length=1)
    patient: str | None = None
    """Whose it is; reports of one patient are drawn together. None for a patient of its own."""
    reference: str = Field(min_length=1)
    candidate: str


@dataclass(frozen=True)
class Text(Case):
    """One pair; nobody is asked.

    Args:
        id: of the list.
        unit: the patient.
        questions: one; truth is the report.
        sources: none.
        candidate: the text that is scored.
    """

    id: str
    unit: str
    questions: tuple[Question, ...]
    sources: tuple[Path, ...]
    candidate: str

    def requests(self, questions: Sequence[Question], by: ReadBy) -> list[tuple[Request[Any], ...]]:
        """Nothing is asked: the texts are there."""
        raise UsageError("texts are scored as they are; no reader is asked")


def load(source: Source) -> Loaded:
    """The pairs of a list.

    Raises:
        UsageError: there is no such file or folder.
        NothingUsable: no list, none in it, a line that is not as expected, or two of one id.
    """
    return Loaded(tuple(_texts(source.data)))


def _texts(data: Path) -> list[Text]:
    layout = layout_of(REPORT_TEXT)
    if not data.exists():
        raise UsageError(f"there is no {data}; expected is {layout}")
    path = data if data.is_file() else find(data, [LIST], layout)
    texts = [Text(pair.id, pair.patient or pair.id, (Question(pair.id, WHOLE, "", pair.reference),), (), pair.candidate)
             for pair in read_lines(path, Pair)]
    if not texts:
        raise nothing(data, layout)
    if len({text.id for text in texts}) < len(texts):
        raise NothingUsable(f"{path.name} has two pairs of one id")
    return texts


def score_texts(data: Path, cache: Path, *, radgraph: bool = False, download: bool = False,
                out: Path | None = None, scorer: Scorer = radgraph_f1) -> Result:
    """Score the texts of a list.

    Args:
        data: the list, or a folder that holds it.
        cache: folder for RadGraph's model.
        radgraph: also by RadGraph F1.
        download: allow its model to be fetched.
        out: folder for the result, every item and a Markdown section.
        scorer: computes RadGraph F1.

    Raises:
        UsageError, NothingUsable: see `load`; or the folder for results cannot be used.
        ReaderUnavailable: RadGraph cannot be used.
    """
    texts = _texts(data)
    given = {text.questions[0].id: Given(value=text.candidate) for text in texts}
    task, notes = _task_of(texts), ["RadGraph F1 was not computed: --radgraph does, with a model that is downloaded."]
    if radgraph:
        scores = scorer([text.questions[0].truth for text in texts], [text.candidate for text in texts], cache,
                        download=download)
        task, notes = _with_radgraph(task, texts, scores), []
    answers = Answers(texts, given, None)
    result = score(task, TEXTS, answers, notes)
    if out is not None:
        write_items(out, task, answers)
        write_result(out, result)
    return result


def _parts(question: Question, value: Value) -> Mapping[str, Marks]:
    """Marks of the whole report, and of each finding that either text names."""
    said = value or ""
    return {WHOLE: {"reports": 1.0, "rouge_l": rouge_l(question.truth, said)}, **statement_marks(question.truth, said)}


def _task_of(texts: Sequence[Text]) -> Task:
    """The task with the baseline of somebody else's report, where the list has somebody else."""
    if len({text.unit for text in texts}) < 2:
        return TASK
    another = Baseline("another", "the report of another patient", lambda questions: _of_others(texts))
    return replace(TASK, baselines=(*TASK.baselines, another))


def _of_others(texts: Sequence[Text]) -> dict[str, Value]:
    """For each text the next report of another patient: the right style, and nothing of the patient."""
    answers: dict[str, Value] = {}
    following = other = texts[0]
    for text in reversed([*texts, *texts]):  # twice, since behind the last comes the first
        other = following if following.unit != text.unit else other
        answers[text.id] = other.questions[0].truth
        following = text
    return answers


def _with_radgraph(task: Task, texts: Sequence[Text], scores: Sequence[float]) -> Task:
    """The task with RadGraph F1 of the texts; of other answers, such as the baselines', it is not computed."""
    scored = {(text.id, text.candidate): one for text, one in zip(texts, scores, strict=True)}

    def parts(question: Question, value: Value) -> Mapping[str, Marks]:
        told = dict(_parts(question, value))
        if (question.id, value) in scored:
            told[WHOLE] = {**told[WHOLE], "radgraph": scored[question.id, value], "radgraphed": 1.0}
        return told

    metric = Metric("radgraph_f1", "RadGraph F1", "Entities, with whether they have a relation, that a model finds in "
                    "both texts (package radgraph, level partial), mean over reports.",
                    mean_of("radgraph", "radgraphed"))
    return replace(task, parts=parts, metrics=(*task.metrics, metric))


def _share(key: str, title: str, words: str, part: str, whole: str) -> Metric:
    return Metric(key, title, words, mean_of(part, whole), detail=True)


TASK = Task(
    name=REPORT_TEXT, load=load, prompts=(), marks=lambda question, value: {}, parts=_parts, group="finding",
    unit="patient", fields=(*FIELDS, "rouge_l", "radgraph", "radgraphed"),
    metrics=(
        Metric("statement_f1", "Statements, F1", "F1 over whole statements of known findings: finding, status, side "
               "and sizes all the same (ours; see evals/published/statements.py).", micro_f1),
        Metric("statement_macro_f1", "Statements, macro F1", "The same for each finding, then the mean over findings.",
               macro_f1),
        Metric("rouge_l", "ROUGE-L", "F1 of the longest common subsequence of words, mean over reports (Lin 2004), "
               "words not stemmed.", mean_of("rouge_l", "reports")),
        Metric("named_f1", "Findings named, F1", "F1 over findings that are named at all, whatever is said of them.",
               lambda sums: micro_f1({kind: sums[f"named_{kind}"] for kind in ("tp", "fp", "fn")}), detail=True),
        _share("status", "Status right", "Of findings that both name, those of the same status.", "same_status",
               "both"),
        _share("contradicted", "Contradicted", "Of findings that both name, those that one affirms and the other "
               "denies.", "contradicted", "both"),
        _share("side", "Side right", "Of findings that both name and one gives a side, those with the same.",
               "same_side", "sided"),
        _share("size", "Sizes right", "Of findings that both name and one gives a size, those with the same.",
               "same_size", "sized")),
    baselines=(always("", "an empty text"),), blind=None)
