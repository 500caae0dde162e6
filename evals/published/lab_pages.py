"""Laboratory reports to rows: macro F1 over documents and micro F1 over all fields.

A folder of documents (PDF, PNG, JPEG, TIFF), each with its truth beside it as NAME.truth.json: `results`, a list of
tests with name, result (or value_text), unit, specimen, method, sample_collection_time (or collected_at) and, where
known, loinc; `previous_results` likewise for what the page repeats of earlier dates. Mendeley's Clinical Laboratory
Test Reports (doi 10.17632/bygfmk4rx9.2) are 260 pages without truth: whoever uses them writes it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from ...core.errors import InputError, NothingUsable
from ...core.finding import Finding, Value
from ...core.refusal import RefusalCode
from ...core.settings import Limits
from ...readers.recipes.lab_page import LabRow, lab_page_request
from ...readers.request import Request
from ...sources.document import read_document
from ...tools.blanking import people_of
from ...tools.labs.read import shown_page
from ..labs import SUFFIXES, read_labs
from .files import folder, nothing, read_json, typed
from .items import Case, Loaded, Question, ReadBy
from .items import Value as Answer
from .lab_rows import FIELDS, LabTest, field_marks, pairs_of, row_f1, without_earlier
from .marks import Metric, Scores, Sums, mean_of, micro_f1
from .names import LAB_EXTRACTION, layout_of
from .task import Source, Task, always

ENDING = ".truth.json"
_WITHOUT_TESTS = frozenset({RefusalCode.NOT_A_LAB_REPORT, RefusalCode.NO_RESULTS, RefusalCode.NO_TEXT})
"""Refusals of documents that were read and hold no test as far as the tool can tell: an answer too."""
_TIME = re.compile(r"\d{4}(?:-\d{2}){0,2}(?:[T ]|$)|\d{2}-\d{2}-\d{4}(?: |$)")
_COUNTS = tuple(f"{kind}:{field}" for kind in ("tp", "fp", "fn") for field in FIELDS)


class Truth(BaseModel):
    """A truth file; other keys are not used."""

    results: list[LabTest]
    previous_results: list[LabTest] = Field(default_factory=list)
    kind: str = "document"
    """Such as native or scan: the class of its document."""


@dataclass(frozen=True)
class Document(Case):
    """One document and the tests on it.

    Args:
        id: its name.
        unit: itself.
        questions: one; truth is {results, earlier}.
        sources: the document.
        cache: for the words of its pages.
    """

    id: str
    unit: str
    questions: tuple[Question, ...]
    sources: tuple[Path, ...]
    cache: Path

    def requests(self, questions: Sequence[Question], by: ReadBy) -> list[tuple[Request[Any], ...]]:
        """One request a page (Technical Report, Table 11), names, numbers and birth dates painted over."""
        path = self.sources[0]
        document = read_document(path, hashlib.sha256(path.read_bytes()).hexdigest(), self.cache, Limits())
        people = people_of(None, document.identities())
        pages = tuple(lab_page_request(shown_page(path, page, people, Limits()), scope=by.scope)
                      for page in document.pages)
        return [pages for _ in questions]

    def value(self, question: Question, parsed: Sequence[Any]) -> Answer:
        """The tests of all pages whose answer could be used; None where no page's could."""
        pages: list[list[LabRow]] = [rows for rows in parsed if rows is not None]
        return [_said(row) for rows in pages for row in rows] if pages else None

    def measured(self, questions: Sequence[Question]) -> list[Answer]:
        """The tests that our own tool reads from the page's words."""
        result = read_labs(self.sources[0], self.cache)
        if any(refusal.code not in _WITHOUT_TESTS for refusal in result.refused):
            raise InputError(result.refused[0].reason)
        return [[_found(finding) for finding in result.findings] for _ in questions]


def _said(row: LabRow) -> dict[str, Any]:
    return {"name": row.name, "result": row.result, "unit": row.unit, "specimen": row.specimen, "method": row.method,
            "collected": row.sample_collection_time}


def _found(finding: Finding) -> dict[str, Any]:
    value = finding.value or Value()
    comparator, text = value.comparator or "", value.text or ""
    return {"name": finding.name, "result": text if text.startswith(comparator) else comparator + text,
            "unit": value.unit, "ucum": value.ucum, "specimen": value.specimen, "method": None,
            "collected": value.collected_at, "codes": [finding.code.code] if finding.code else []}


def load(source: Source) -> Loaded:
    """The documents with a truth file.

    Raises:
        UsageError: there is no such folder.
        NothingUsable: no document with its truth, or a truth file that is not as expected.
    """
    layout = layout_of(LAB_EXTRACTION)
    root = folder(source.data, layout)
    cache = source.private()
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    cases = [_case(root, path, path.with_name(path.stem + ENDING), cache)
             for path in paths if path.with_name(path.stem + ENDING).is_file()]
    if not cases:
        raise nothing(root, layout)
    missing = len(paths) - len(cases)
    note = f"{missing} of {len(paths)} documents have no truth beside them and are left out"
    return Loaded(tuple(cases), (note,) if missing else ())


def _case(root: Path, path: Path, truth_file: Path, cache: Path) -> Document:
    truth = typed(Truth, read_json(truth_file), truth_file.name)
    for test in truth.results:
        if test.collected and not _TIME.match(test.collected):
            raise NothingUsable(f"{truth_file.name} has the time {test.collected!r} of {test.name}; expected is ISO "
                                "8601 or DD-MM-YYYY HH:MM:SS")
    name = path.relative_to(root).as_posix()
    held = {"results": [test.model_dump(mode="json") for test in truth.results],
            "earlier": [test.model_dump(mode="json") for test in truth.previous_results]}
    return Document(name, name, (Question(name, truth.kind, "", held),), (path,), cache)


def _tests(items: Sequence[Mapping[str, Any]]) -> list[LabTest]:
    return [LabTest.model_validate(item) for item in items]


def _marks(question: Question, value: Answer) -> dict[str, float]:
    truth, earlier, read = (_tests(items) for items in (
        question.truth["results"], question.truth["earlier"], value or ()))
    read = without_earlier(read, pairs_of(truth, read), earlier)
    counts = field_marks(truth, read)
    tp, fp, fn = (sum(counts[f"{kind}:{field}"] for field in FIELDS) for kind in ("tp", "fp", "fn"))
    scored = float(bool(truth or read))
    return {"n": scored, "doc_f1": 2 * tp / (2 * tp + fp + fn) if tp else 0.0, "row_f1": scored * row_f1(truth, read),
            "tp": tp, "fp": fp, "fn": fn, **counts}


def _of_field(field: str) -> Metric:
    def score(sums: Sums) -> Scores:
        return micro_f1({kind: sums[f"{kind}:{field}"] for kind in ("tp", "fp", "fn")})

    return Metric(f"{field}_f1", f"Micro F1 of {field}", "F1 of this field alone.", score, detail=True)


TASK = Task(
    name=LAB_EXTRACTION, load=load, prompts=("lab_page",), group="kind", unit="document", marks=_marks, measures=True,
    fields=("n", "doc_f1", "row_f1", "tp", "fp", "fn", *_COUNTS),
    metrics=(
        Metric("macro_f1", "Macro F1", "F1 over the six scored fields of each document, then the mean over documents "
               "(model card: average over per-document F1); a document without a test on it or read from it is left "
               "out.", mean_of("doc_f1")),
        Metric("micro_f1", "Micro F1", "F1 across all extracted fields of all documents (model card).", micro_f1),
        Metric("row_f1", "Whole tests", "F1 of tests whose name (or code), result and unit are all right, mean over "
               "documents; ours, and stricter.", mean_of("row_f1")),
        *map(_of_field, FIELDS)),
    baselines=(always(None, "no test"),), blind_words="the same prompt with the page black")
