"""A person's changes to a draft: each new sentence is checked like a written one, and what it said before is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.errors import UsageError
from ..core.report import Edit, Outcome, Report, Section, Sentence, Signature, Support
from .reasons import Reason
from .state import Change
from .verify import verified

_PLACE = re.compile(r"s-(\d+)-(\d+)")
_NO_WORDS = "the new words for {place} are empty; take the sentence out instead"


def changed(report: Report, changes: Sequence[Change], who: Signature) -> Report:
    """The next version of a draft.

    A sentence keeps its citations. New words that its findings do not support stay, since a person answers for them,
    and are marked as unsupported with the reason.

    Args:
        report: the draft.
        changes: each of another sentence, placed as the draft stands.
        who: makes them.

    Raises:
        UsageError: a place that the draft does not have, or one that is named twice.
    """
    check_changes(report, changes)
    places = [change.at for change in changes]
    made = {change.at: _edit(report, change, who) for change in changes}
    sections = []
    for n, section in enumerate(report.sections, 1):
        stand = (made[f"s-{n}-{m}"][1] if f"s-{n}-{m}" in made else sentence
                 for m, sentence in enumerate(section.sentences, 1))
        sections.append(Section(title=section.title, sentences=tuple(item for item in stand if item is not None)))
    return report.model_copy(update={
        "sections": tuple(section for section in sections if section.sentences), "version": report.version + 1,
        "edits": (*report.edits, *(made[at][0] for at in places))})


def check_changes(report: Report, changes: Sequence[Change]) -> None:
    """Raises UsageError where a draft cannot be changed so: no such place, one named twice, or no words for it."""
    places = [change.at for change in changes]
    if len(set(places)) < len(places):
        raise UsageError("a sentence is changed twice at once; change it once")
    for change in changes:
        sentence_at(report, change.at)
        if change.text is not None and not change.text.strip():
            raise UsageError(_NO_WORDS.format(place=change.at))


def sentence_at(report: Report, place: str) -> tuple[Section, Sentence]:
    """The sentence at a place such as `s-2-3`, with its section.

    Raises:
        UsageError: the report has none there.
    """
    found = _PLACE.fullmatch(place)
    section, sentence = (int(number) - 1 for number in found.groups()) if found else (-1, -1)
    if not (0 <= section < len(report.sections) and 0 <= sentence < len(report.sections[section].sentences)):
        raise UsageError(f"there is no sentence at {place!r}; s-2-3 is the third sentence of the second section, and "
                         "the report's page names each in its address")
    return report.sections[section], report.sections[section].sentences[sentence]


def worded_anew(report: Report, place: str, text: str) -> Sentence:
    """How new words for a sentence would stand: supported by its findings, or marked with the reason.

    Args:
        report: the draft, which stays as it is.
        place: such as `s-2-3`.
        text: the new words.

    Raises:
        UsageError: there is no such sentence, or there are no words.
    """
    section, sentence = sentence_at(report, place)
    if not text.strip():
        raise UsageError(_NO_WORDS.format(place=place))
    return _held(report, section, sentence, text.strip())


def _edit(report: Report, change: Change, who: Signature) -> tuple[Edit, Sentence | None]:
    """What is noted of a change, and the sentence as it stands then; None where it is taken out."""
    section, sentence = sentence_at(report, change.at)
    fresh = None if change.text is None else worded_anew(report, change.at, change.text)
    text = fresh.text if fresh is not None else None
    reason = fresh.reason if fresh is not None and fresh.outcome is Outcome.MARKED else None
    return Edit(at=change.at, section=section.title, before=sentence.text, after=text, objection=reason, name=who.name,
                account=who.account, edited_at=who.signed_at), fresh


def _held(report: Report, section: Section, sentence: Sentence, text: str) -> Sentence:
    """The sentence with new words, held against its findings; what these do not bear out is marked and stays."""
    written = sentence.model_copy(update={
        "text": text, "support": Support.SUPPORTED, "outcome": Outcome.SUPPORTED, "reason": None, "written": None,
        "read_by": None, "worded_by": None})
    if not sentence.findings:
        return written.model_copy(update={"support": Support.UNSUPPORTED, "outcome": Outcome.MARKED,
                                          "reason": Reason.A_PERSONS_OWN.value})
    done = verified([Section(title=section.title, sentences=(written,))], report.findings, report.evidence, mark=True)
    return done.sections[0].sentences[0]
