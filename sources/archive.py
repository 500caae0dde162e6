"""Zipped cases: unpacked once, under limits, into the state folder."""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..core.errors import NothingUsable, StoreError
from ..core.refusal import Refusal, RefusalCode
from ..core.settings import MIB, Limits, Settings
from .digests import file_digest

_ZIP_ERRORS = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
               ValueError, OSError, MemoryError)
"""Everything that zipfile was seen to raise on damaged archives."""
_RATIO_FROM = 10 * MIB
_CHUNK = MIB


@dataclass(frozen=True)
class Unpacked:
    """An unpacked case.

    Args:
        root: the folder with its files, in the state folder.
        refused: members that were not unpacked, and why.
    """

    root: Path
    refused: tuple[Refusal, ...]


def is_zip(path: Path) -> bool:
    """Whether a file is a zip archive, told from its content."""
    return path.is_file() and zipfile.is_zipfile(path)


def unpack(archive: Path, settings: Settings) -> Unpacked:
    """Unpack a zipped case into `home/cases/<sha256>`; one that was unpacked before is used again.

    Members that lead outside, are links, are encrypted or expand beyond the limits are left out and named.

    Raises:
        NothingUsable: the archive is damaged, or as a whole larger than allowed.
        StoreError: the state folder cannot be written, or has no room.
    """
    limits = settings.limits
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [info for info in opened.infolist() if not info.is_dir()]
            _check_whole(members, limits)
            refused, wanted = _sorted_out(members, limits)
            root = settings.home / "cases" / file_digest(archive)
            if not root.is_dir():
                _extract(opened, wanted, root)
    except _ZIP_ERRORS as error:
        raise NothingUsable(f"{archive.name} is not a readable zip archive ({type(error).__name__}); pack it again, or "
                            "give the folder") from error
    return Unpacked(root, tuple(sorted((*refused, *_missing(wanted, root)), key=lambda refusal: refusal.file)))


def _check_whole(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(members) > limits.max_files:
        raise NothingUsable(f"the archive holds {len(members)} files, more than the allowed {limits.max_files}")
    size = sum(info.file_size for info in members)
    if size > limits.max_zip_bytes:
        raise NothingUsable(f"the archive unpacks to {size / MIB:.0f} MiB, more than the allowed "
                            f"{limits.max_zip_bytes / MIB:.0f} MiB")


def _sorted_out(members: list[zipfile.ZipInfo], limits: Limits
                ) -> tuple[list[Refusal], dict[str, zipfile.ZipInfo]]:
    """What is refused, and what is wanted by its safe relative path."""
    refused: list[Refusal] = []
    wanted: dict[str, zipfile.ZipInfo] = {}
    for info in members:
        name = str(PurePosixPath(info.filename.replace("\\", "/")))
        why = _why_not(info, name, limits)
        if why is None and name in wanted:
            why = RefusalCode.DUPLICATE, "two entries of the archive have this name; the first is used"
        if why is None:
            wanted[name] = info
        else:
            refused.append(Refusal(file=name, code=why[0], reason=why[1]))
    return refused, wanted


def _why_not(info: zipfile.ZipInfo, name: str, limits: Limits) -> tuple[RefusalCode, str] | None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or ":" in (path.parts or ("",))[0] or not name.isprintable():
        return RefusalCode.UNSAFE_PATH, "the archive's entry leads outside of the case, or has no usable name"
    if stat.S_ISLNK(info.external_attr >> 16):
        return RefusalCode.UNSAFE_PATH, "a link inside an archive is not followed; pack the file itself"
    if info.flag_bits & 0x1:
        return RefusalCode.ENCRYPTED, "the archive's entry is encrypted; unpack it and give the folder"
    too_dense = info.file_size > _RATIO_FROM and info.file_size > limits.max_zip_ratio * max(info.compress_size, 1)
    if info.file_size > limits.max_file_bytes or too_dense:
        return RefusalCode.TOO_LARGE, (f"the archive's entry would unpack to {info.file_size / MIB:.0f} MiB, more than "
                                       "is plausible for its packed size")
    return None


def _extract(opened: zipfile.ZipFile, wanted: dict[str, zipfile.ZipInfo], root: Path) -> None:
    """Unpack into a folder beside `root`, then rename it: `root` is never half there."""
    cases = root.parent
    try:
        cases.mkdir(parents=True, exist_ok=True, mode=0o700)
        room = shutil.disk_usage(cases).free
    except OSError as error:
        raise StoreError(f"the state folder cannot be written ({type(error).__name__}); set CASELOOM_HOME to another"
                         ) from error
    needed = sum(info.file_size for info in wanted.values())
    if needed > room:
        raise StoreError(f"unpacking needs {needed / MIB:.0f} MiB and the state folder has {room / MIB:.0f} MiB left")
    partial = Path(tempfile.mkdtemp(prefix="unpacking-", dir=cases))
    try:
        for name, info in wanted.items():
            _extract_one(opened, info, partial / name)
        try:
            partial.rename(root)
        except OSError:
            if not root.is_dir():  # else another process has just unpacked the same archive
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _extract_one(opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    """Unpack one member; one that is damaged or holds more than it declares is left out."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(info) as packed, target.open("xb") as file:
            written = 0
            while chunk := packed.read(_CHUNK):
                written += len(chunk)
                if written > info.file_size:
                    raise zipfile.BadZipFile("the entry is longer than it declares")
                file.write(chunk)
    except _ZIP_ERRORS:
        if target.is_file():
            target.unlink()


def _missing(wanted: dict[str, zipfile.ZipInfo], root: Path) -> Iterator[Refusal]:
    for name in wanted:
        if not (root / name).is_file():
            yield Refusal(file=name, code=RefusalCode.CORRUPT, reason="the archive's entry is damaged and could not be "
                          "unpacked; pack it again")
