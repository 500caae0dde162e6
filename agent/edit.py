"""A person's changes to a draft: each new sentence is checked like a written one, and what it said before is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.errors import UsageError
from ..core.report import Edit, Report, Section, Sentence, Signature, Support
from .facts import known_facts
from .state import Change
from .verify import objection

_PLACE = re.compile(r"s-(\d+)-(\d+)")


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
    places = [change.at for change in changes]
    if len(set(places)) < len(places):
        raise UsageError("a sentence is changed twice at once; change it once")
    made = {change.at: _edit(report, change, who) for change in changes}
    sections = [Section(title=section.title, sentences=tuple(
        _rewritten(sentence, made.get(f"s-{n}-{m}")) for m, sentence in enumerate(section.sentences, 1)
        if not _is_taken_out(made.get(f"s-{n}-{m}")))) for n, section in enumerate(report.sections, 1)]
    return report.model_copy(update={
        "sections": tuple(section for section in sections if section.sentences), "version": report.version + 1,
        "edits": (*report.edits, *(made[at] for at in places))})


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


def _edit(report: Report, change: Change, who: Signature) -> Edit:
    section, sentence = sentence_at(report, change.at)
    text = change.text.strip() if change.text is not None else None
    if text == "":
        raise UsageError(f"the new words for {change.at} are empty; take the sentence out instead")
    reason = None
    if text is not None:
        written = sentence.model_copy(update={"text": text})
        reason = objection(written, known_facts(report.findings, report.evidence)) or None
    return Edit(at=change.at, section=section.title, before=sentence.text, after=text, objection=reason, name=who.name,
                account=who.account, edited_at=who.signed_at)


def _rewritten(sentence: Sentence, edit: Edit | None) -> Sentence:
    if edit is None or edit.after is None:
        return sentence
    support = Support.UNSUPPORTED if edit.objection else Support.SUPPORTED
    return sentence.model_copy(update={"text": edit.after, "support": support, "worded_by": None})


def _is_taken_out(edit: Edit | None) -> bool:
    return edit is not None and edit.after is None
