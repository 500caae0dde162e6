"""Files that come with an export and are no part of the case: told by name or by their first bytes."""

from __future__ import annotations

from pathlib import PurePosixPath

from ..core.refusal import RefusalCode
from .dicom_kind import Why

_SYSTEM_NAMES = frozenset({"thumbs.db", "desktop.ini", ".ds_store", "autorun.inf", "ehthumbs.db", ".directory",
                           ".spotlight-v100", ".trashes", ".fseventsd", ".localized", "icon\r", "ntuser.dat"})
_SYSTEM_FOLDERS = frozenset({"__macosx", ".git", ".svn", "$recycle.bin", "system volume information",
                             ".spotlight-v100", ".trashes", ".fseventsd"})
_PROGRAM_SUFFIXES = (
    ".js .css .html .htm .xhtml .bat .cmd .sh .ps1 .vbs .ini .inf .cfg .conf .config .properties .py .pyc .php .reg "
    ".url .lnk .desktop .plist .svg .xsl .xslt .xsd .dtd .map .ts .jsx .manifest .jar .class .dll .exe .so .dylib .ocx "
    ".ico .cur .ttf .otf .woff .woff2 .eot .swf .chm .hlp .msi .cab")
_PROGRAM_STARTS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"#!")
PROGRAM: Why = RefusalCode.SYSTEM_FILE, "a part of a program or web page, not of the case; it is never run"
_PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_OTHER_STARTS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "a GIF picture is not read; save it as PNG"),
    (8, b"WEBP", "a WebP picture is not read; save it as PNG"),
    (4, b"ftyp", "a video or phone picture is not read; save a picture as PNG or JPEG"),
    (4, b"jP  ", "a bare JPEG 2000 picture is not read; save it as PNG"),
    (0, b"\xff\x4f\xff\x51", "a bare JPEG 2000 picture is not read; save it as PNG"),
    (0, b"RIFF", "sound and video are not read"),
    (0, b"\x1a\x45\xdf\xa3", "video is not read"),
    (0, b"\x00\x00\x01\xba", "video is not read"),
    (0, b"ID3", "sound is not read"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file is not read; save it as PDF"),
    (0, b"{\\rtf", "a rich text file is not read; save it as PDF"),
    (0, b"\x89HDF", "an HDF5 file is not read; convert volumes to NIfTI"),
    (0, b"SIMPLE  =", "a FITS file is not read"),
    (257, b"ustar", "an archive inside the case is not opened; unpack it and give the folder"),
)


def junk_by_name(name: str) -> Why | None:
    """Why a file of this path is no part of a case, if its name tells.

    Args:
        name: path relative to the case, forward slashes.
    """
    path = PurePosixPath(name)
    lowered = [part.casefold() for part in path.parts]
    if lowered[-1] in _SYSTEM_NAMES or lowered[-1].startswith("._") or _SYSTEM_FOLDERS & set(lowered[:-1]):
        return RefusalCode.SYSTEM_FILE, "written by the operating system, not a part of the case"
    return None


def is_program_text(name: str) -> bool:
    """Whether a text file's name says that it is a program's: a script, a style, a setting, a web page."""
    return _is_of_a_program(PurePosixPath(name).suffix.casefold())


def _is_of_a_program(suffix: str) -> bool:
    return bool(suffix) and suffix in _PROGRAM_SUFFIXES.split()


def program_by_content(start: bytes, name: str) -> Why | None:
    """Why a program, a font or an icon is not read, told from its first bytes (and its name, for an icon or font)."""
    suffix = PurePosixPath(name).suffix.casefold()
    if start.startswith(_PROGRAM_STARTS) or (start.startswith(_PACKED) and _is_of_a_program(suffix)):
        return PROGRAM
    if suffix in (".ico", ".cur", ".ttf", ".otf", ".woff", ".woff2", ".eot", ".cab", ".class", ".pyc", ".lnk"):
        return PROGRAM
    return None


def other_by_content(start: bytes) -> Why | None:
    """Why a file of a known format that no tool reads is set aside, told from its first 512 bytes."""
    if start.startswith(_PACKED):
        if b"word/" in start or b"xl/" in start or b"ppt/" in start or b"[Content_Types].xml" in start[:80]:
            return RefusalCode.UNSUPPORTED, "an Office file is not read; save it as PDF"
        return RefusalCode.UNSUPPORTED, ("an archive inside the case is not opened; unpack it and give the folder")
    for place, magic, reason in _OTHER_STARTS:
        if start[place:place + len(magic)] == magic:
            return RefusalCode.UNSUPPORTED, reason
    return None
