"""Every file of a folder, found, hashed and identified by content."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ..core.case import CaseFile, FileKind
from ..core.errors import NothingUsable
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .dates import date_in_name
from .dicom_header import DicomHeader
from .dicom_kind import Why
from .digests import file_digest
from .identify import Reading, Sighting, identify
from .manifest import MANIFEST, Manifest

THREADS = 2
_NO_FILE_DATE = frozenset({FileKind.MANIFEST, FileKind.SYSTEM_FILE, FileKind.UNKNOWN})


@dataclass(frozen=True)
class Found:
    """One file of the input.

    Args:
        file: what it is, whose, and its digest (empty for what was not opened).
        why: code and reason when it is refused or set aside, else None.
        header: of a DICOM file.
        date: ISO 8601, from the file, else from case.yaml, else from its name.
        description: a title that identifies nobody.
        document_kind: of a document.
        warnings: what a person should know about how it was told.
    """

    file: CaseFile
    why: Why | None = None
    header: DicomHeader | None = None
    date: str | None = None
    description: str = ""
    document_kind: str | None = None
    warnings: tuple[str, ...] = ()

    def refused(self, code: RefusalCode, reason: str) -> Found:
        """The same file, refused."""
        return replace(self, why=(code, reason))


def discover(root: Path, reading: Reading, manifest: Manifest | None = None, *, manifest_name: str | None = None,
             only: Sequence[Path] | None = None) -> tuple[Found, ...]:
    """Find and identify every file below a folder, sorted by path. Nothing is written, nothing outside is followed.

    Args:
        root: the folder.
        reading: limits, and the cache for page words.
        manifest: what case.yaml says.
        manifest_name: where case.yaml lies, relative to `root`.
        only: files and folders below `root` to look at, instead of all.

    Returns:
        One entry per file. Files with the same content as an earlier one are DUPLICATE.

    Raises:
        NothingUsable: more files than allowed.
    """
    root = root.resolve()
    said = manifest or Manifest()
    paths = sorted({path for start in (only or [root]) for path in _files_below(start, reading.limits)},
                   key=lambda path: _name(root, path))
    if len(paths) > reading.limits.max_files:
        raise NothingUsable(f"more than {reading.limits.max_files} files; give a smaller folder")

    def examine(path: Path) -> Found:
        if _name(root, path) == manifest_name:
            return Found(_case_file(_name(root, path), path, file_digest(path), Sighting(FileKind.MANIFEST)))
        return _examine(root, path, reading, said)

    with ThreadPoolExecutor(THREADS) as pool:
        return tuple(_without_duplicates(with_companions(list(pool.map(examine, paths)))))


def _files_below(start: Path, limits: Limits) -> Iterator[Path]:
    """Files, links to folders and folders that cannot be opened, below a folder; the file itself if it is one."""
    if not start.is_dir():
        yield start
        return
    count = 0
    closed: list[Path] = []
    for folder, inner, names in os.walk(start, onerror=lambda error: closed.append(Path(error.filename))):
        linked = [name for name in inner if (Path(folder) / name).is_symlink()]
        for name in (*names, *linked):
            yield Path(folder) / name
            count += 1
            if count > limits.max_files:
                return
    yield from closed


def _name(root: Path, path: Path) -> str:
    """The path relative to the root with forward slashes; bytes that are no text are replaced."""
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", errors="replace")


def _examine(root: Path, path: Path, reading: Reading, manifest: Manifest) -> Found:
    name = _name(root, path)
    unsafe = _why_unsafe(root, path, name)
    if unsafe is not None:
        return Found(_case_file(name, path, "", Sighting(FileKind.UNKNOWN)), unsafe)
    try:
        sha256 = file_digest(path)
    except OSError as error:
        return Found(_case_file(name, path, "", Sighting(FileKind.UNKNOWN)), (
            RefusalCode.CORRUPT, f"the file cannot be opened ({type(error).__name__}); check its permissions"))
    if path.name == MANIFEST:
        return Found(_case_file(name, path, sha256, Sighting(FileKind.MANIFEST)), (
            RefusalCode.UNSUPPORTED, "case.yaml is used at the top of a case only, or in the only folder there"))
    wanted = FileKind.SLIDE if path in reading.slides else manifest.entry(name).kind
    sighting = identify(path, name, sha256, reading, wanted)
    date, warnings = _dated(name, sighting, manifest)
    return Found(_case_file(name, path, sha256, sighting), sighting.why, sighting.header, date, sighting.description,
                 sighting.document_kind, warnings)


def _why_unsafe(root: Path, path: Path, name: str) -> Why | None:
    """Why a path is not opened at all."""
    if "�" in name and os.fsencode(path) != str(path).encode("utf-8", errors="surrogateescape"):
        return RefusalCode.UNSAFE_PATH, "the file's name is not valid text; rename it"
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            target = path.resolve(strict=True)
            if not target.is_relative_to(root):
                return RefusalCode.UNSAFE_PATH, "a link that leads out of the case; copy the file itself into it"
            if target.is_dir():
                return RefusalCode.DUPLICATE, "a link to another folder of the case, which is read where it lies"
            mode = target.stat().st_mode
    except (OSError, RuntimeError) as error:
        return RefusalCode.UNSAFE_PATH, f"the path leads nowhere ({type(error).__name__})"
    if stat.S_ISREG(mode):
        return None
    return ((RefusalCode.CORRUPT, "the folder cannot be opened, so nothing in it was read; check its permissions")
            if stat.S_ISDIR(mode) else
            (RefusalCode.UNSAFE_PATH, "not a regular file (a device, a pipe or a socket)"))


def _case_file(name: str, path: Path, sha256: str, sighting: Sighting) -> CaseFile:
    header = sighting.header
    return CaseFile(
        path=name, sha256=sha256, size=path.lstat().st_size, kind=sighting.kind, identities=sighting.identities,
        study_uid=header.study_uid or None if header else None,
        series_uid=header.series_uid or None if header else None,
        instance_uid=header.instance_uid or None if header else None)


def _dated(name: str, sighting: Sighting, manifest: Manifest) -> tuple[str | None, tuple[str, ...]]:
    """The date of a file and the remarks about it: its own, else case.yaml's, else one in its name."""
    notes = [f"{name}: {sighting.note}"] if sighting.note else []
    said = manifest.entry(name).date
    date = sighting.date
    if date is not None and said is not None and date[:len(said)] != said[:len(date)]:
        notes.append(f"{name}: case.yaml says {said} and the file says {date}; the file's own date is used")
    if sighting.header is None and sighting.kind not in _NO_FILE_DATE:
        date = date or said or date_in_name(name.rpartition("/")[2])
    else:
        date = date or said
    if date is None and sighting.why is None and sighting.kind not in _NO_FILE_DATE and not _dates_itself(sighting):
        notes.append(f"{name}: no date is known; name it in case.yaml")
    return date, tuple(notes)


def _dates_itself(sighting: Sighting) -> bool:
    return sighting.kind in (FileKind.DOCUMENT, FileKind.RECORD, FileKind.NOTE)


def with_companions(found: Sequence[Found]) -> list[Found]:
    """The files, those that hold the pixels of a MIRAX slide (`NAME/…` beside `NAME.mrxs`) marked as parts of it."""
    folders = {str(PurePosixPath(item.file.path).with_suffix("")) for item in found
               if item.file.kind is FileKind.SLIDE and item.file.path.casefold().endswith(".mrxs")}

    def is_part(item: Found) -> bool:
        return str(PurePosixPath(item.file.path).parent) in folders and bool(item.file.sha256)

    return [replace(item, why=None, file=item.file.model_copy(update={"kind": FileKind.SLIDE}))
            if is_part(item) else item for item in found]


def _without_duplicates(found: Iterable[Found]) -> Iterator[Found]:
    """Files that repeat the content of an earlier, usable file are refused as DUPLICATE."""
    first: dict[str, str] = {}
    for item in found:
        if item.why is None and item.file.sha256 in first:
            yield item.refused(RefusalCode.DUPLICATE, f"the same content as {first[item.file.sha256]}, which is used")
            continue
        if item.why is None and item.file.sha256:
            first[item.file.sha256] = item.file.path
        yield item
