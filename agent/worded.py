"""Sections in a model's words: asked for from the findings alone, checked, and joined with the templates' sentences.

What the model leaves out keeps its template sentence; a section whose words do not hold keeps all of them, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..core.case import Identity
from ..core.errors import ReaderFailed
from ..core.finding import Finding
from ..core.report import LeftOut, Outcome, Report, Section, Sentence, SentenceKind
from ..readers.counts import estimated_prompt
from ..readers.protocol import Reader
from ..readers.reading import Reading
from ..readers.recipes.prose import TaggedSentence, finding_words, prose_request
from ..readers.request import Request
from ..report.wording import plain
from ..tools.blanking import blank_text
from .phrases import cited, counts_only, fill, grouped, limitation
from .state import Prose
from .verify import Verified, verified

KINDS = {"Comparison": SentenceKind.COMPARISON, "Impression": SentenceKind.IMPRESSION}
"""What a sentence of a section is; in all others it tells findings."""
KEPT_AS_THEY_ARE = frozenset({"Context", "What was reviewed", "Limits"})
MOST_GIVEN = 40
"""Findings of one section that a model is given, in the order of the templates; the others keep their templates."""
LEAST_SHARE = 0.5
"""Of a section's sentences that must stand as they were written, for any of them to be used."""


def write_prose(report: Report, reader: Reader, people: Sequence[Identity]) -> tuple[Prose, ...]:
    """The model's sentences for each section that states findings, unchecked.

    Args:
        report: composed of templates.
        reader: interprets.
        people: whose names, numbers and birth dates are blanked.

    Returns:
        One for each section that was asked for, with its sentences or with the problem.
    """
    given = {section.title: told_findings(section, report) for section in report.sections
             if section.title not in KEPT_AS_THEY_ARE}
    asked, unfit = {}, []
    for title, twins in given.items():
        if twins:
            request = _request(title, [group[0] for group in twins], report.case.patient, people)
            too_long = reader.context is not None and estimated_prompt(request) + request.max_tokens > reader.context
            if too_long:
                unfit.append(Prose(section=title, problem="the findings are more than the model can hold"))
            else:
                asked[title] = request
    if not asked:
        return tuple(unfit)
    try:
        readings = reader.read(list(asked.values()))
    except ReaderFailed as error:
        return (*unfit, *(Prose(section=title, problem=f"it did not answer: {plain(str(error))}") for title in asked))
    return (*unfit, *(_prose(title, given[title], reading, reader.identity.name)
                      for title, reading in zip(asked, readings, strict=True)))


def told_findings(section: Section, report: Report) -> list[list[Finding]]:
    """The findings that a section names, each with those that say the same in other sources."""
    known = {item.id: item for item in report.findings}
    ids = dict.fromkeys(key for sentence in section.sentences if not counts_only(sentence) for key in sentence.findings)
    twins = grouped((known[key] for key in ids), lambda item: (finding_words(item), item.reader))
    return list(twins.values())[:MOST_GIVEN]


def _request(title: str, findings: Sequence[Finding], scope: str, people: Sequence[Identity]
             ) -> Request[list[TaggedSentence]]:
    request = prose_request(title, findings, scope=scope)
    return replace(request, parts=tuple(blank_text(part, people) if isinstance(part, str) else part
                                        for part in request.parts))


def _prose(title: str, twins: Sequence[Sequence[Finding]], reading: Reading[list[TaggedSentence]], name: str) -> Prose:
    if reading.value is None:
        return Prose(section=title, problem=f"it gave no usable answer: {reading.problem}", notes=reading.notes)
    return Prose(section=title, notes=reading.notes, sentences=sentences_of(title, twins, reading.value, name))


def sentences_of(title: str, twins: Sequence[Sequence[Finding]], told: Sequence[TaggedSentence], name: str
                 ) -> tuple[Sentence, ...]:
    """A model's tagged sentences with the citations of their findings, unchecked.

    Args:
        title: of the section.
        twins: the findings that the model was given, each with those that say the same.
        told: what it wrote.
        name: of the model.
    """
    by_id = {group[0].id: group for group in twins}
    kind = KINDS.get(title, SentenceKind.FINDING)
    sentences = [cited(plain(said.text), [item for key in dict.fromkeys(said.findings) for item in by_id[key]], kind)
                 for said in told]
    return tuple(item.model_copy(update={"worded_by": name}) for item in sentences)


def settled(sections: Sequence[Section], prose: Sequence[Prose], report: Report) -> Verified:
    """The sections with the model's words where they hold.

    Args:
        sections: of templates, verified.
        prose: what the model wrote.
        report: whose findings and evidence they cite; its reader is named.

    Returns:
        Sections in which every finding that the templates name is still named; what of the model's words was left
        out; a warning for each sentence that does not stand as written and for each section whose words were not used.
    """
    by_title = {item.section: item for item in prose}
    made, left_out, warnings, used, unused = [], list[LeftOut](), list[str](), list[str](), list[tuple[str, str]]()
    for section in sections:
        told = by_title.get(section.title)
        if told is None:
            made.append(section)
            continue
        warnings += [f"{report.reader.name}, “{section.title}”: {note}" for note in told.notes]
        done, problem = _checked(told, report)
        left_out += done.left_out
        if problem:
            made.append(section)
            unused.append((section.title, problem))
            left_out += [_unused(section.title, item) for part in done.sections for item in part.sentences]
            continue
        made.append(_joined(section, done.sections[0].sentences, report))
        used.append(section.title)
        warnings += done.warnings
    warnings += [f"{title}: the words of {report.reader.name} were not used: {why}." for title, why in unused]
    return Verified(_said(made, used, unused, report.reader.name), tuple(left_out), warnings)


def _checked(told: Prose, report: Report) -> tuple[Verified, str]:
    """The section's sentences after the check, and why none of them may be used; an empty reason where they may."""
    if told.problem:
        return Verified((), (), []), told.problem
    once = {item.text.casefold(): item for item in reversed(told.sentences)}
    fresh = tuple(item for item in told.sentences if once[item.text.casefold()] is item)
    repeated = [item for item in told.sentences if once[item.text.casefold()] is not item]
    done = verified([Section(title=told.section, sentences=fresh)], report.findings, report.evidence)
    left_out = (*done.left_out, *(_unused(told.section, item, "it says again what was said") for item in repeated))
    standing = [item for part in done.sections for item in part.sentences if item.written is None]
    count, wrong = len(told.sentences), len(told.sentences) - len(standing) - len(repeated)
    problem = ""
    if not standing or len(standing) + len(repeated) < LEAST_SHARE * count:
        problem = f"{wrong} of its {count} sentences {'was' if wrong == 1 else 'were'} not borne out by the findings"
    return Verified(done.sections, left_out, done.warnings), problem


def _unused(title: str, sentence: Sentence, why: str = "the section's other words do not hold") -> LeftOut:
    return LeftOut(section=title, text=sentence.written or sentence.text, findings=sentence.findings,
                   evidence=sentence.evidence, kind=sentence.kind, reason=sentence.reason or why)


def _joined(section: Section, worded: Sequence[Sentence], report: Report) -> Section:
    """The model's sentences and the templates' for what these do not state, in the order of the templates."""
    stated = {key for item in worded for key in item.findings}
    rest = [item for item in section.sentences if not item.findings or not set(item.findings) <= stated]
    order: Mapping[str, int] = {key: place for place, sentence in reversed(list(enumerate(section.sentences)))
                                for key in sentence.findings}
    fresh = [item if item.outcome is not Outcome.CORRECTED or item.written is None
             else item.model_copy(update={"worded_by": None}) for item in worded]

    def place(item: Sentence) -> int:
        return min((order[key] for key in item.findings if key in order), default=len(section.sentences))

    return Section(title=section.title, sentences=tuple(sorted([*fresh, *rest], key=place)))


def _said(sections: Sequence[Section], used: Sequence[str], unused: Sequence[tuple[str, str]], reader: str
          ) -> tuple[Section, ...]:
    """The sections, the last of which says which of them a model worded and which it did not."""
    told = [fill("limit_prose", reader=reader, sections=", ".join(used))] if used else []
    told += [fill("limit_prose_unused", section=title, reader=reader, reason=why) for title, why in unused]
    if not told:
        return tuple(sections)
    more = tuple(limitation(plain(text)) for text in told)
    return tuple(section.model_copy(update={"sentences": (*section.sentences, *more)})
                 if section.title == "Limits" else section for section in sections)
