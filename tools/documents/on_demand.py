"""Letters, notes and reports quoted when somebody asks what they say."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from pydantic import Field

from ...core.boxes import BoxPt
from ...core.case import CaseFile, FileKind, Identity, Study
from ...core.errors import RefusedFile
from ...core.evidence import DocumentSpan, Evidence, make_evidence
from ...core.refusal import Refusal, RefusalCode
from ...core.result import Answer, AnswerStatus, CitedSentence, ToolResult
from ...readers.recipes.plain import plain
from ...sources.document import read_document
from ...sources.note import read_note
from ...sources.page import PageWord
from ..base import Aids, Arguments, ToolContext, refuse, source_of
from ..blanking import blank_text
from ..blanking.text import people_of_study
from .passages import Passage, paragraphs_of, passages_about, passages_of

MOST = 8
LONGEST_QUOTE = 400
NO_PLACE: BoxPt = (0.0, 0.0, 0.0, 0.0)
TEXTS = (FileKind.DOCUMENT, FileKind.NOTE)


class ReadArguments(Arguments):
    """What to look for."""

    words: str = Field(default="", max_length=120,
                       description="Words that the passage holds, such as 'effusion'; empty for its first sentences.")
    called: str = Field(default="", max_length=40, description="What the document is called, such as 'letter'.")


class ReadDocuments:
    """Sentences of a letter, note or report that hold certain words, word for word, with their place."""

    name = "read_documents"
    arguments = ReadArguments

    def gate(self, study: Study) -> Refusal | None:
        """Refuse a study without a document or note."""
        if any(series.kind in TEXTS for series in study.series):
            return None
        return refuse(study, RefusalCode.WRONG_MODALITY, "only documents and notes are quoted, and this is none")

    def run(self, study: Study, context: ToolContext, given: ReadArguments, aids: Aids) -> ToolResult:
        """See `OnDemand.run`; the quotes are the sentences of `answer`, names and numbers of people blanked."""
        start = time.perf_counter()
        quotes, refused = list[tuple[str, Evidence]](), list[Refusal]()
        people = people_of_study(study, context)
        for file in (file for series in study.series if series.kind in TEXTS for file in series.files):
            try:
                title, passages = _passages(file, context)
            except RefusedFile as error:
                refused.append(Refusal(file=file.path, code=error.code, reason=error.reason))
                continue
            if given.called and not _is_called(given.called, title, passages):
                continue
            quotes += [_quote(one, title, file, study.date, people) for one in
                       passages_about(given.words, passages)]
        return ToolResult(tool=self.name, reader=context.reader.identity.name, refused=tuple(refused),
                          answer=_answer(quotes, given), evidence=tuple(item for _, item in quotes[:MOST]),
                          seconds=time.perf_counter() - start)


def _answer(quotes: Sequence[tuple[str, Evidence]], given: ReadArguments) -> Answer:
    if not quotes:
        what = f" that holds “{plain(given.words)}”" if given.words else ""
        return Answer(text=f"It has no passage{what}.", status=AnswerStatus.NOT_IN_CASE)
    sentences = [CitedSentence(text=text, evidence=(item.id,)) for text, item in quotes[:MOST]]
    if len(quotes) > MOST:
        sentences.append(CitedSentence(text=f"{len(quotes) - MOST} more passages answer to it.",
                                       evidence=(quotes[0][1].id,)))
    text = " ".join(one.text for one in sentences)
    return Answer(text=text, status=AnswerStatus.ANSWERED, sentences=tuple(sentences))


def _passages(file: CaseFile, context: ToolContext) -> tuple[str, list[Passage]]:
    path = context.root / file.path
    if file.kind is FileKind.NOTE:
        return "Note", passages_of(_blocks(read_note(path, context.limits).text), 1)
    document = read_document(path, file.sha256, context.cache, context.limits)
    return document.title, [one for page in document.pages
                            for one in passages_of(paragraphs_of(page.lines), page.number)]


def _blocks(text: str) -> list[list[list[PageWord]]]:
    """Paragraphs of a text file, which has no places: parted by empty lines."""
    return [[[PageWord(text=word, box=NO_PLACE, place=NO_PLACE) for word in line.split()] for line in block.splitlines()
             if line.strip()] for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if block.strip()]


def _is_called(called: str, title: str, passages: Sequence[Passage]) -> bool:
    """Whether a document goes by a name: its kind, or the words of its first lines."""
    head = " ".join([title, *(one.text for one in passages[:3])]).casefold()
    return all(word in head for word in called.casefold().split())


def _quote(passage: Passage, title: str, file: CaseFile, date: str | None, people: Sequence[Identity]
           ) -> tuple[str, Evidence]:
    said = plain(blank_text(passage.quoted, people))
    said = said if len(said) <= LONGEST_QUOTE else f"{said[:LONGEST_QUOTE].rsplit(' ', 1)[0]} …"
    when = f" of {date[:10]}" if date else ""
    item = make_evidence(source_of(file), DocumentSpan(page=passage.page, bbox=passage.box, text=said),
                         caption=f"{title}{when}, quoted", date=date)
    return f"{title}{when}, page {passage.page}: “{said}”", item
