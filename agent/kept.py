"""The kept copies of decided reports, held against their signatures and the audit trail."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ..core.errors import StoreError
from ..core.ids import digest
from ..core.report import Addendum, Report, ReportStatus, Signature
from ..memory.audit import Entry
from ..memory.home import Home
from .nodes import content_digest

DECIDED = (ReportStatus.SIGNED, ReportStatus.REJECTED)
_UNBOUND = ("status", "signature", "addenda")
"""What a signature's digest leaves out, see `content_digest`."""


def check_kept(home: Home, entries: Sequence[Entry], case: str | None = None) -> None:
    """Every decision on the trail has its copy as it was decided, and every copy its entry.

    Args:
        home: the opened state folder.
        entries: all of the trail, which holds.
        case: only this case's; all without one.

    Raises:
        StoreError: a copy was changed or is gone, or the trail knows nothing of it; the message names the first one.
    """
    latest = {_folder(home, entry.case, entry.action, entry.about["content_sha256"]): entry
              for entry in entries if entry.action in DECIDED and case in (None, entry.case)}
    for folder, entry in latest.items():
        kept, content = _read(home, folder), entry.about["content_sha256"]
        who = (kept.signature.content_sha256, kept.signature.name, kept.signature.account)
        if (kept.status, kept.content, *who) != (entry.action, content, content, entry.about["name"], entry.account):
            raise StoreError(f"{_named(home, folder)} is not what was {entry.action}: it was changed since")
    added = {entry.about["content_sha256"] for entry in entries if entry.action == "addendum"}
    signed = {folder: entry.about["content_sha256"] for folder, entry in latest.items()}
    older = {name: sha for entry in entries if entry.action == "restarted"
             for name, sha in entry.about["kept"].items() if case in (None, Path(name).parts[1])}
    for name, sha in older.items():
        if (folder := (home.path / name).parent) not in signed:
            kept = _older(home, folder, sha)
            added |= {one.content_sha256 for one in kept.addenda}
            signed[folder] = kept.content
    for file in _copies(home, case):
        if _named(home, file.parent) not in older:
            _check_entry(home, file.parent, signed, added)


def copies(home: Home) -> dict[str, str]:
    """The SHA-256 of each kept copy of a decided report, by its path in the state folder."""
    return {_named(home, file.parent): sha256(file.read_bytes()).hexdigest() for file in _copies(home, None)}


def _copies(home: Home, case: str | None) -> list[Path]:
    return [file for file in sorted(home.path.glob(f"runs/{case or '*'}/*/*/report.json"))
            if file.parents[1].name in DECIDED]


def _older(home: Home, folder: Path, sha: str) -> _Kept:
    """A copy from before the trail was begun anew; it is what it was then, and its signature is its own."""
    kept = _read(home, folder)
    same = sha256((folder / "report.json").read_bytes()).hexdigest() == sha
    if not same or kept.content != kept.signature.content_sha256 or not _bound(kept):
        raise StoreError(f"{_named(home, folder)} is not what was {kept.status}: it was changed before or since the "
                         "audit trail was begun anew")
    return kept


def check_signed(home: Home, report: Report) -> None:
    """A signed report and its copies are still what was signed.

    Raises:
        StoreError: one of them was changed, or is gone.
    """
    signed = report.signature.content_sha256 if report.signature else ""
    if content_digest(report) != signed:
        raise StoreError("the report is not what was signed: it was changed since")
    base = _folder(home, report.case.id, ReportStatus.SIGNED, signed)
    numbered = (base.with_name(f"{base.name}-addendum-{n}") for n in range(1, len(report.addenda) + 1))
    for folder in (base, *numbered):
        kept = _read(home, folder)
        if (kept.status, kept.content, kept.signature) != (ReportStatus.SIGNED, signed, report.signature) \
                or not _bound(kept):
            raise StoreError(f"{_named(home, folder)} is not what was signed: it was changed since")


def addendum_digest(signed: str, before: Iterable[str], text: str) -> str:
    """What an addendum is bound to: the signed content, the addenda before it, its own text."""
    return digest([signed, list(before), text])


def _check_entry(home: Home, folder: Path, signed: Mapping[Path, str], added: set[str]) -> None:
    base, _, addendum = folder.name.partition("-addendum-")
    content = signed.get(folder.with_name(base))
    if content is None:
        raise StoreError(f"{_named(home, folder)} is kept as {folder.parent.name}, but the audit trail has no entry of "
                         "that: it was removed or moved away (`caseloom audit --restart` takes such "
                         "copies over), or the program was stopped while it wrote the entry")
    if addendum:
        kept = _read(home, folder)
        known = {one.content_sha256 for one in kept.addenda} <= added
        if kept.content != content or not _bound(kept) or not known:
            raise StoreError(f"{_named(home, folder)} is not what was signed and added: it was changed since")


class _Kept(BaseModel):
    """What is asked of a copy; the rest is in its digest alone, whatever version of the program wrote it."""

    model_config = ConfigDict(extra="ignore")

    status: ReportStatus
    signature: Signature
    addenda: tuple[Addendum, ...]
    content: str = ""
    """Digest of what the file holds now."""


def _bound(kept: _Kept) -> bool:
    texts = [one.text for one in kept.addenda]
    return all(one.content_sha256 == addendum_digest(kept.signature.content_sha256, texts[:n], one.text)
               for n, one in enumerate(kept.addenda))


def _read(home: Home, folder: Path) -> _Kept:
    try:
        raw = json.loads((folder / "report.json").read_bytes())
        kept = _Kept.model_validate(raw)
    except OSError as error:
        raise StoreError(f"{_named(home, folder)} is gone or cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise StoreError(f"{_named(home, folder)} is no decided report any more: it was changed since") from error
    content = digest({key: value for key, value in raw.items() if key not in _UNBOUND})
    return kept.model_copy(update={"content": content})


def _folder(home: Home, case: str, action: str, content: str) -> Path:
    return home.run_folder(case) / action / content[:16]


def _named(home: Home, folder: Path) -> str:
    return str((folder / "report.json").relative_to(home.path))
