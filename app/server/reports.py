"""The reports of a server's cases: read where a review wrote them, changed and signed in a user's name."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

from ...agent.decide import add_addendum, edit_case, reject_case, sign_case
from ...agent.edit import worded_anew
from ...agent.handover import export_case
from ...agent.nodes import content_digest
from ...agent.talk import found_in
from ...core.forms import Form
from ...core.report import Report, Sentence
from ...memory.audit import AuditTrail, Entry
from ...memory.home import Home
from .draft_words import Approval, Edits, Rejection
from .problems import Problem
from .recent import Recent
from .registry import CaseEntry
from .turns import Turns
from .users import User
from .words import TimelineAsked, TimelineHit, TimelinePage

MOST_REPORTS = 32
"""Reports that are kept at hand."""
MOST_WRITTEN = 8
"""Files of reports that are kept at hand; a printed one has some ten megabytes."""
NOT_REVIEWED = "the case was not reviewed yet; start a review"
WRITTEN = {Form.JSON: "report.json", Form.MARKDOWN: "report.md", Form.HTML: "report.html", Form.PDF: "report.pdf",
           Form.FHIR: "fhir.json"}
"""Forms that a review writes itself, and their files."""
Stamp = tuple[int, int]
"""Changes whenever a report is written anew."""


@dataclass(frozen=True)
class Written:
    """A report in one form.

    Args:
        content: of its file.
        sha256: of that content.
        digest: of what the report says, which a decision names.
        stamp: of the report it is.
    """

    content: bytes = field(repr=False)
    sha256: str
    digest: str
    stamp: Stamp


class Reports:
    """Reads and changes reports.

    Args:
        home: the opened state folder.
        turns: when work on a case may begin.
    """

    def __init__(self, home: Home, turns: Turns) -> None:
        self._home, self._turns = home, turns
        self._read: Recent[tuple[Stamp, Report]] = Recent(MOST_REPORTS)
        self._written: Recent[Written] = Recent(MOST_WRITTEN)

    def folder(self, entry: CaseEntry) -> Path:
        """Where the latest report of a case lies.

        Raises:
            Problem: 404 before the first review.
        """
        folder = self._home.run_folder(entry.report) if entry.report else None
        if folder is None or not (folder / "report.json").is_file():
            raise Problem(404, NOT_REVIEWED)
        return folder

    def stamp(self, entry: CaseEntry) -> Stamp:
        """Changes whenever the case's report is written anew.

        Raises:
            Problem: 404 before the first review.
        """
        state = (self.folder(entry) / "report.json").stat()
        return state.st_mtime_ns, state.st_size

    def of(self, entry: CaseEntry) -> Report:
        """The report as it stands; read again only when it was written anew.

        Raises:
            Problem: 404 before the first review.
        """
        folder, stamp = self.folder(entry), self.stamp(entry)
        known = self._read.get(folder.name)
        if known is None or known[0] != stamp:
            known = self._read.put(folder.name, (
                stamp, Report.model_validate_json((folder / "report.json").read_bytes())))
        return known[1]

    def if_any(self, entry: CaseEntry) -> Report | None:
        """The report as it stands, None before the first review."""
        there = entry.report and (self._home.run_folder(entry.report) / "report.json").is_file()
        return self.of(entry) if there else None

    def exported(self, user: User, entry: CaseEntry, form: Form, into: Path) -> Path:
        """The report in a form that other systems read; several files come as one .zip.

        Args:
            user: whose export the audit trail notes.
            entry: the case.
            form: which.
            into: a folder that the caller removes.

        Raises:
            Problem: 409 where the report holds nothing that this form can.
        """
        self.folder(entry)
        with TemporaryDirectory(dir=into) as made:
            done = self._turns.alone(user, entry, lambda: export_case(entry.path, [form], made, patient=entry.patient))
            if not done.files:
                why = "; ".join(line.removeprefix(f"{form}: ") for line in done.left_out) or "no such content"
                raise Problem(409, f"the report has nothing for {form}: {why}")
            if len(done.files) == 1:
                return done.files[0].rename(into / done.files[0].name)
            with ZipFile(into / f"{form}.zip", "w", ZIP_DEFLATED) as packed:
                for file in done.files:
                    packed.write(file, file.relative_to(made))
        return into / f"{form}.zip"

    def checked(self, entry: CaseEntry, at: str, text: str) -> Sentence:
        """How new words for a sentence would stand; nothing is changed."""
        return worded_anew(self.of(entry), at, text)

    def written(self, entry: CaseEntry, form: Form) -> Written:
        """The report as it stands, in a form that a review writes itself.

        Raises:
            Problem: 404 before the first review.
        """
        while True:
            folder, stamp = self.folder(entry), self.stamp(entry)
            known = self._written.get((folder.name, form))
            if known is not None and known.stamp == stamp:
                return known
            content = (folder / WRITTEN[form]).read_bytes()
            made = Written(content, sha256(content).hexdigest(), content_digest(self.of(entry)), stamp)
            if self.stamp(entry) == stamp:  # else somebody wrote it anew in between
                return self._written.put((folder.name, form), made)

    def edit(self, user: User, entry: CaseEntry, given: Edits) -> Report:
        """Change sentences of the draft.

        Raises:
            UsageError: it is not what was looked at, or cannot be changed so.
        """
        return self._turns.alone(user, entry, lambda: edit_case(
            entry.path, given.changes, name=given.name, patient=entry.patient, content_sha256=given.content_sha256))

    def sign(self, user: User, entry: CaseEntry, given: Approval) -> Report:
        """Sign the draft.

        Raises:
            UsageError: it is not what was looked at, or waits for no decision.
        """
        return self._turns.alone(user, entry, lambda: sign_case(
            entry.path, name=given.name, patient=entry.patient, content_sha256=given.content_sha256))

    def reject(self, user: User, entry: CaseEntry, given: Rejection) -> Report:
        """Reject the draft.

        Raises:
            UsageError: it is not what was looked at, or waits for no decision.
        """
        return self._turns.alone(user, entry, lambda: reject_case(
            entry.path, name=given.name, reason=given.reason, patient=entry.patient,
            content_sha256=given.content_sha256))

    def add_to(self, user: User, entry: CaseEntry, name: str, text: str) -> Report:
        """Add to the signed report."""
        return self._turns.alone(user, entry, lambda: add_addendum(entry.path, text, name=name, patient=entry.patient))

    def timeline(self, entry: CaseEntry, asked: TimelineAsked) -> TimelinePage:
        """The timeline of this case: what the patient's other cases tell is not shown, since the user may not see them.

        Raises:
            Problem: 404 before the first review.
        """
        report = self.of(entry)
        own = {event.id for event in report.timeline}
        found = self._turns.heavy(lambda: found_in(report, asked.search, asked.query), entry)
        hits = [hit for hit in found.hits if hit.event.id in own]
        none = "" if hits else f"This case has no such event; it has {len(own)}."
        return TimelinePage(none=none, events=tuple(
            TimelineHit(event=hit.event, match=hit.match.value if hit.match is not None else None) for hit in hits))

    def decisions(self, entry: CaseEntry) -> list[Entry]:
        """Who did what to the report, oldest first.

        Raises:
            StoreError: the audit trail does not hold.
        """
        return AuditTrail(self._home).entries(entry.report) if entry.report else []
