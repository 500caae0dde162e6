"""What a person does with a draft: change it, sign it, reject it, add to it; each leaves a line in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ..core.errors import UsageError
from ..core.report import Addendum, Report, ReportStatus, Signature, Support
from ..memory.audit import AuditTrail, Entry, access_trail, account
from ..memory.home import Home
from .changed import changed_files
from .kept import addendum_digest, check_kept, check_signed, copies
from .nodes import content_digest
from .opened import AnyPath, latest_run, settings_here
from .run import ReviewRun
from .state import Change, Verdict

MOST_NAMED = 5
"""Files that an error names."""


def sign_case(case: AnyPath, *, name: str, patient: str | None = None, content_sha256: str | None = None) -> Report:
    """Sign the latest draft of a reviewed case; the account of the caller is recorded beside the name.

    Args:
        case: a folder or a .zip that was reviewed.
        name: of the person, as the report shall show it.
        patient: whose case it is, where the files name several people.
        content_sha256: digest of what was looked at.

    Raises:
        UsageError: the name is empty, the case has no draft that waits for a decision, it is not what was looked at,
            or a file that it cites is no longer what was reviewed.
    """
    with latest_run(case, patient) as run:
        _as_seen(run, content_sha256)
        signature = _signature(run, name)
        if changed := changed_files(run.state()["case"], run.report()):
            others = " and others" if len(changed) > MOST_NAMED else ""
            raise UsageError(f"{', '.join(changed[:MOST_NAMED])}{others}: not what was reviewed (changed or gone "
                             "since); review the case again, then sign")
        report = run.decide(Verdict(approve=True, signature=signature))
        _record(run, "signed", signature, content_sha256=signature.content_sha256)
    return report


def unsupported(report: Report) -> int:
    """How many sentences stand in the report though their findings do not support them."""
    return sum(sentence.support is Support.UNSUPPORTED for section in report.sections for sentence in section.sentences)


def reject_case(case: AnyPath, *, name: str, reason: str, patient: str | None = None,
                content_sha256: str | None = None) -> Report:
    """Reject the latest draft of a reviewed case; it stays on record with the reason.

    Raises:
        UsageError: name or reason is empty, or the case has no draft that waits for a decision.
    """
    if not reason.strip():
        raise UsageError("a rejection needs a reason: give it with --reject")
    with latest_run(case, patient) as run:
        _as_seen(run, content_sha256)
        signature = _signature(run, name).model_copy(update={"reason": reason.strip()})
        report = run.decide(Verdict(approve=False, signature=signature))
        _record(run, "rejected", signature, content_sha256=signature.content_sha256)
    return report


def edit_case(case: AnyPath, changes: Mapping[str, str | None], *, name: str, patient: str | None = None,
              content_sha256: str | None = None) -> Report:
    """Change sentences of the latest draft. New words are checked against the findings that the sentence cites; what
    they do not support stays, marked. The draft is then another version, and waits for a decision as before.

    Args:
        case: a folder or a .zip that was reviewed.
        changes: new words by place (`s-2-3`: third sentence of the second section); None takes the sentence out.
        name: of the person, as the report shall show it.
        patient: whose case it is, where the files name several people.
        content_sha256: digest of the draft that the places are of; without it, of the draft as it stands.

    Raises:
        UsageError: there is no such sentence, no words, no name, no draft, or the draft is another by now.
    """
    with latest_run(case, patient) as run:
        _as_seen(run, content_sha256)
        who = _signature(run, name)
        wanted = tuple(Change(at=place, text=text) for place, text in changes.items())
        if not wanted:
            raise UsageError("nothing is to be changed: name a sentence with --at")
        report = run.decide(Verdict(approve=False, signature=who, changes=wanted))
        _record(run, "edited", who, before=who.content_sha256, content_sha256=content_digest(report),
                places=sorted(changes))
    return report


def add_addendum(case: AnyPath, text: str, *, name: str, patient: str | None = None) -> Report:
    """Add to a signed report; what was signed stays as it is.

    Raises:
        UsageError: text or name is empty, or the report is not signed.
        StoreError: the report or its kept copy is no longer what was signed.
    """
    if not text.strip():
        raise UsageError("an addendum needs words: give them with --addendum")
    with latest_run(case, patient) as run:
        report = run.report()
        if report.status is not ReportStatus.SIGNED or report.signature is None:
            raise UsageError("only a signed report gets addenda; edit the draft, or sign it first")
        who = _signature(run, name)
        check_signed(run.review.home, report)
        bound = addendum_digest(report.signature.content_sha256, (one.text for one in report.addenda), text.strip())
        addendum = Addendum(text=text.strip(), name=who.name, account=who.account, added_at=who.signed_at,
                            content_sha256=bound)
        report = run.add(addendum)
        _record(run, "addendum", who, signed=report.signature and report.signature.content_sha256,
                content_sha256=addendum.content_sha256)
    return report


def audit_trail(case: AnyPath | None = None, *, patient: str | None = None) -> list[Entry]:
    """Who did what to which report, oldest first, once the whole trail was found to hold.

    Args:
        case: only entries of this case; all without one.
        patient: whose case it is, where the files name several people.

    Raises:
        StoreError: an entry was changed, taken out or put in; the message names the first one.
    """
    home = Home(settings_here().home)
    if case is None:
        return AuditTrail(home).entries()
    with latest_run(case, patient) as run:
        return AuditTrail(home).entries(run.report().case.id)


def verify_trail(case: AnyPath | None = None, *, patient: str | None = None) -> list[Entry]:
    """The entries of `audit_trail`, once the kept copies of what was decided were found to be what the trail says, and
    the trail of accesses to hold.

    Raises:
        StoreError: an entry or a copy was changed, taken out or put in; the message names the first one.
    """
    home, shown = Home(settings_here().home), audit_trail(case, patient=patient)
    every = AuditTrail(home).entries()
    access_trail(home).entries()
    if case is None:
        check_kept(home, every)
    else:
        with latest_run(case, patient) as run:
            check_kept(home, every, run.report().case.id)
    return shown


def restart_trail() -> Entry:
    """Begin another audit trail where the one there does not hold: that one is set aside, and the copies of what was
    decided before are taken over as they are."""
    home = Home(settings_here().home)
    if not access_trail(home).holds():
        access_trail(home).restart(account(), {})
    return AuditTrail(home).restart(account(), copies(home))


def record_export(run: ReviewRun, forms: list[str], folder: Path) -> None:
    """Note in the audit trail that a report left, in which forms; where to is named by its last folder alone."""
    AuditTrail(run.review.home).record("exported", run.report().case.id, account(), forms=forms, folder=folder.name,
                                       content_sha256=content_digest(run.report()))


def _as_seen(run: ReviewRun, content_sha256: str | None) -> None:
    """Raises UsageError where the report is another than what was looked at."""
    if content_sha256 not in (None, content_digest(run.report())):
        raise UsageError("the report is not the one that was looked at; look at it again, then decide")


def _signature(run: ReviewRun, name: str) -> Signature:
    """Who decides, bound to the report as it stands.

    Raises:
        UsageError: the name is empty.
        StoreError: the audit trail does not hold, so nothing can be decided.
    """
    if not name.strip():
        raise UsageError("a signature needs a name: give yours with --name")
    AuditTrail(run.review.home).entries()
    return Signature(name=name.strip(), account=account(), signed_at=datetime.now(UTC).isoformat(timespec="seconds"),
                     content_sha256=content_digest(run.report()))


def _record(run: ReviewRun, action: str, who: Signature, **about: object) -> None:
    AuditTrail(run.review.home).record(action, run.report().case.id, who.account, name=who.name, **about)
