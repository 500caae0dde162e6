"""One tool on files or folders, without a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..core.case import FileKind, Study
from ..core.errors import UsageError
from ..core.ids import digest, normalise_identifier, opaque_patient
from ..core.numbering import number_result
from ..core.refusal import Refusal, RefusalCode
from ..core.result import Answer, AnswerStatus, ToolResult
from ..core.settings import Settings
from ..memory.home import Home
from ..memory.patch_index import PatchIndex
from ..readers.image_text import ImageTextModel
from ..readers.measure import MeasureReader
from ..readers.noted import NotedReader
from ..readers.protocol import Reader
from ..sources.discover import Found
from ..sources.grouping import studies_in, tool_for
from ..sources.open import Intake, open_files, refusals
from ..tools.asked import Said, answer_from
from ..tools.base import Tool, ToolContext
from ..tools.catalogue import Toolbox, toolbox
from ..tools.checked import sound
from ..tools.comparison import ComparisonTool, StudyReading
from ..tools.pathology import PathologyTool
from ..tools.records.questions import answer_question
from ..tools.slide_search import SlideSearch
from .answers import merged

NO_QUESTIONS = ("The comparison tool answers no questions; it says what changed. Put the question to one of the two "
                "studies with its own tool, or to the whole case with review.")
ONE_PERSON = ("The files are of several people; put the question to the files of one of them, or review the case with "
              "--patient.")


@dataclass(frozen=True)
class Wish:
    """What `run_tool` was asked for.

    Args:
        question: for tools that answer one.
        query: what to look for on slides, in words.
        like: a place on a slide to find others like, (x, y, width, height) in level-0 pixels.
        embedder: folder of an image-text model.
        box: the tools.
    """

    question: str | None = None
    query: str | None = None
    like: tuple[int, int, int, int] | None = None
    embedder: Path | None = None
    box: Toolbox = field(default_factory=toolbox)

    @property
    def is_no_search(self) -> bool:
        """Whether nothing is looked for on slides."""
        return self.query is None and self.like is None and self.embedder is None


def run_on_paths(name: str, paths: Sequence[Path], *, wish: Wish, reader: Reader, settings: Settings,
                 out: Path | None) -> ToolResult:
    """See `door.run_tool`."""
    question = wish.question
    search = _search(name, wish, settings)
    known = sorted([*wish.box.tools, ComparisonTool.name])
    if name not in known:
        raise UsageError(f"there is no tool {name!r}; choose one of {', '.join(known)}")
    if not paths or (name == ComparisonTool.name and len(paths) != 2):
        raise UsageError("comparison takes two paths, PRIOR and CURRENT" if paths else "name a file or folder to read")
    intake = open_files(paths, settings=settings, as_slides=name == PathologyTool.name)
    if wish.like is not None:
        _one_slide(intake)
    noted = NotedReader(reader)
    unasked = NO_QUESTIONS if name == ComparisonTool.name else ONE_PERSON if len(intake.people) > 1 else None
    context = replace(_context(intake, settings, noted, None if unasked else question, out), search=search)
    if name == ComparisonTool.name:
        result = _compared(intake, paths, wish.box, context)
    else:
        studies = studies_in(intake.found, intake.manifest)
        results = [read.result for read in _read(wish.box.tools[name], studies, context)]
        result = _merged(name, results, refusals(intake.found), reader.identity.name)
    answer = _answer(question, unasked, result) if question is not None else result.answer
    return number_result(result.model_copy(update={"model_answered": noted.outcome, "answer": answer}))


def _answer(question: str, unasked: str | None, result: ToolResult) -> Answer:
    """The tool's answer where it has one, else what rules make of the findings, else why there is none.

    Args:
        question: as the user put it.
        unasked: why nobody was asked, None where the tool was.
        result: of the tool.
    """
    if unasked is not None:
        return answer_from([Said(unasked)], result.tool, question)
    if result.answer is not None and result.answer.status is AnswerStatus.ANSWERED:
        return result.answer
    if result.answer is not None and any("query" in step.arguments or "like" in step.arguments
                                         for step in result.answer.steps):
        return result.answer
    by_rules = answer_question(question, [item for item in result.findings if not item.is_read], result.evidence)
    return by_rules if by_rules.status is AnswerStatus.ANSWERED else result.answer or by_rules


def _context(intake: Intake, settings: Settings, reader: Reader, question: str | None,
             out: Path | None) -> ToolContext:
    """Nobody's case: the opaque patient follows from the files, so that nothing links two runs."""
    home = Home(settings.home)
    pictures = None
    if out is not None:
        pictures = out / "overlays"
        pictures.mkdir(parents=True, exist_ok=True)
    files = digest(sorted(item.file.sha256 for item in intake.found))
    return ToolContext(root=intake.root, patient=None, opaque_patient=opaque_patient(home.key(), f"files|{files}"),
                       reader=reader, pictures=pictures, cache=home.cache, question=question, limits=settings.limits,
                       exports=out)


def _search(name: str, wish: Wish, settings: Settings) -> SlideSearch | None:
    """What the pathology tool is given to search by.

    Raises:
        UsageError: another tool, both ways to search at once, an empty query, or an embedder without a search.
    """
    if wish.is_no_search:
        return None
    if name != PathologyTool.name:
        raise UsageError("--query, --like and --embedder search slides: they go with the tool pathology")
    if (wish.query is None) == (wish.like is None):
        raise UsageError("a slide is searched by --query TEXT or by --like X,Y,WIDTH,HEIGHT: give one of the two")
    if wish.query is not None and not wish.query.strip():
        raise UsageError("--query is empty; say what to look for, such as 'dense nuclei'")
    home = Home(settings.home)
    embedder = ImageTextModel(wish.embedder) if wish.embedder is not None else None
    return SlideSearch(wish.query, wish.like, embedder, lambda slide, made_by: PatchIndex(home, slide, made_by))


def _one_slide(intake: Intake) -> None:
    """Raises UsageError where an example could lie on several slides."""
    slides = [study for study in studies_in(intake.found, intake.manifest) if study.kind is FileKind.SLIDE]
    if sum(len(study.series) for study in slides) > 1:
        raise UsageError("--like names a place on one slide; give that slide alone")


def _read(tool: Tool, studies: Iterable[Study], context: ToolContext) -> list[StudyReading]:
    """Run a tool on every study that its gate lets in; the others are refused, file by file."""
    readings = []
    for study in studies:
        refusal = tool.gate(study)
        if refusal is None:
            result = sound(tool.name, tool.run(study, context))
        else:
            result = ToolResult(tool=tool.name, reader=context.reader.identity.name, refused=tuple(
                refusal.model_copy(update={"file": file.path}) for file in study.files))
        readings.append(StudyReading(study, result))
    return readings


def _merged(name: str, results: Sequence[ToolResult], refused: Sequence[Refusal], reader: str) -> ToolResult:
    """One result for all studies of a call; what was refused before any tool ran comes first."""
    return ToolResult(
        tool=name, reader=reader,
        findings=tuple(item for result in results for item in result.findings),
        evidence=tuple(item for result in results for item in result.evidence),
        refused=(*refused, *(item for result in results for item in result.refused)),
        answer=merged(result.answer for result in results),
        warnings=tuple(dict.fromkeys(warning for result in results for warning in result.warnings))
        or (() if results or refused else ("there is no file to read",)),
        seconds=round(sum(result.seconds for result in results), 3))


def _compared(intake: Intake, paths: Sequence[Path], box: Toolbox, context: ToolContext) -> ToolResult:
    """Both sides read by their tools, and of each the study with most findings compared; the others are refused.

    Raises:
        UsageError: the first study is the later one.
    """
    # A side is only measured here: what a model says of both together is asked once they are paired.
    alone = replace(context, reader=MeasureReader(), question=None)
    sides = [_read_by_kind(_below(intake, path), intake, box.tools, alone) for path in paths]
    prior, current = (_fullest(side) for side in sides)
    pair = (prior, current) if prior is not None and current is not None else ()
    if pair and _strangers(*(reading.study for reading in pair)):
        refused = tuple(Refusal(file=file.path, code=RefusalCode.OTHER_PATIENT,
                                reason="the two studies name different patients; studies of one person are compared")
                        for reading in pair for file in reading.study.files)
        return _merged(ComparisonTool.name, [], (*refusals(intake.found), *refused), context.reader.identity.name)
    results = [_set_aside(reading, any(reading is one for one in pair)) for side in sides for reading in side]
    if pair:
        _in_order(*(reading.study for reading in pair))
        results.insert(0, box.comparison.compare(*pair, context))
    return _merged(ComparisonTool.name, results, refusals(intake.found), context.reader.identity.name)


def _below(intake: Intake, path: Path) -> list[Found]:
    """The files of one of the two paths."""
    start = path.resolve()
    return [item for item in intake.found if (intake.root / item.file.path).is_relative_to(start)]


def _read_by_kind(found: Sequence[Found], intake: Intake, tools: Mapping[str, Tool],
                  context: ToolContext) -> list[StudyReading]:
    readings = []
    for study in studies_in(found, intake.manifest):
        name = tool_for(study.kind, study.series[0].document_kind)
        readings += _read(tools[name], [study], context) if name is not None and name in tools else []
    return readings


def _fullest(readings: Sequence[StudyReading]) -> StudyReading | None:
    """The reading with the most findings, the first of equals; None when no study gave any."""
    useful = [reading for reading in readings if reading.result.findings]
    return max(useful, key=lambda reading: len(reading.result.findings), default=None)


def _set_aside(reading: StudyReading, compared: bool) -> ToolResult:
    """What remains to be said of a study beside the comparison: refusals, warnings, and that it was not compared."""
    refused = list(reading.result.refused)
    if reading.result.findings and not compared:
        refused += [Refusal(file=file.path, code=RefusalCode.NOT_CHOSEN,
                            reason="read, but another study was compared, or there was none to compare it with")
                    for file in reading.study.files]
    return reading.result.model_copy(update={"findings": (), "evidence": (), "answer": None,
                                             "refused": tuple(refused)})


def _strangers(prior: Study, current: Study) -> bool:
    """Whether both studies say who they are of, and nobody is named by both."""
    named = [{normalise_identifier(number) for file in study.files for who in file.identities for number in who.ids}
             for study in (prior, current)]
    return all(named) and not named[0] & named[1]


def _in_order(prior: Study, current: Study) -> None:
    if prior.date and current.date and prior.date[:10] > current.date[:10]:
        raise UsageError(f"the first study ({prior.date}) is later than the second ({current.date}); "
                         "give PRIOR before CURRENT")
