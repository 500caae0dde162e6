"""`case.yaml`: what the files of a case cannot say for themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Annotated

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from ..core.case import FileKind
from ..core.errors import UsageError
from ..core.settings import MIB
from ..core.words import Word
from .dates import iso_day

MANIFEST = "case.yaml"
_LARGEST = MIB
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?)?)?")
_KIND_OF_MODALITY = {
    "CT": FileKind.CT, "MR": FileKind.MR, "SM": FileKind.SLIDE, "DOC": FileKind.DOCUMENT,
    **dict.fromkeys(("CR", "DX", "DR", "RG", "RF", "XA", "MG", "PX"), FileKind.FILM),
}


def _iso(text: str) -> str:
    match = _DATE.fullmatch(text)
    if match is None or iso_day(*(int(part or 1) for part in match.groups())) is None:
        raise ValueError(f"'{text}' is no date such as 2025, 2025-03 or 2025-03-04")
    return text


def _known_modality(text: str) -> str:
    code = {"XR": "DX"}.get(text.upper(), text.upper())
    if code not in _KIND_OF_MODALITY:
        raise ValueError(f"'{text}' is none of {', '.join(sorted(_KIND_OF_MODALITY))}")
    return code


def _named(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


Said = Annotated[str, Field(min_length=1)]


class NamedPatient(Word):
    """Whose case it is."""

    id: Said
    aliases: tuple[Said, ...] = ()


class FileEntry(Word):
    """What is said about one file, or about all files of a folder."""

    date: Annotated[str, AfterValidator(_iso)] | None = None
    modality: Annotated[str, AfterValidator(_known_modality)] | None = None
    view: Said | None = None
    body_part: Said | None = None

    @property
    def kind(self) -> FileKind | None:
        """The kind that the modality stands for."""
        return _KIND_OF_MODALITY[self.modality] if self.modality else None


class Manifest(Word):
    """The whole of `case.yaml`; empty when there is none."""

    patient: Annotated[NamedPatient | None, BeforeValidator(_named)] = None
    question: Said | None = None
    files: dict[str, FileEntry] = Field(default_factory=dict)
    """By path relative to the folder that case.yaml lies in, forward slashes; a folder's entry holds for its files."""

    def entry(self, name: str) -> FileEntry:
        """What is said about a file: its own entry completed by those of the folders above, the nearest first."""
        path = PurePosixPath(name)
        said = [self.files[key] for key in (str(path), *map(str, path.parents)) if key in self.files]
        merged: dict[str, str] = {}
        for entry in reversed(said):
            merged |= entry.model_dump(exclude_none=True)
        return FileEntry.model_validate(merged)

    def unknown_paths(self, names: Iterable[str]) -> list[str]:
        """Entries that are neither one of these files nor a folder above one."""
        known = {str(part) for name in names for part in (PurePosixPath(name), *PurePosixPath(name).parents)}
        return sorted(set(self.files) - known)


def manifest_in(root: Path) -> str | None:
    """Where the case.yaml of a case lies, relative to its root: at the top, or in the only folder at the top."""
    if (root / MANIFEST).is_file():
        return MANIFEST
    folders = [entry for entry in sorted(root.iterdir()) if entry.name != "__MACOSX"]
    if len(folders) == 1 and folders[0].is_dir() and not folders[0].is_symlink() and (folders[0] / MANIFEST).is_file():
        return f"{folders[0].name}/{MANIFEST}"
    return None


def read_manifest(path: Path) -> Manifest:
    """Read a case.yaml.

    Scalars stay text: `patient: 00151152` is not a number, and dates are not parsed twice.

    Raises:
        UsageError: not YAML, an unknown key or an impossible value; one line says where.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{MANIFEST} is larger than 1 MiB")
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)  # noqa: S506 - text only
        manifest = Manifest.model_validate(_without_empty(content) or {})
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{MANIFEST} cannot be read ({type(error).__name__})") from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark else ""
        raise UsageError(f"{MANIFEST} is not valid YAML{place}: {getattr(error, 'problem', None) or 'cannot be parsed'}"
                         ) from error
    except ValidationError as error:
        raise UsageError(f"{MANIFEST}: {_first_problem(error)}") from error
    return _moved(manifest)


def _without_empty(value: object) -> object:
    """The content without keys that have no value (`question:` alone), which is how YAML writes null."""
    if isinstance(value, dict):
        return {key: _without_empty(item) for key, item in value.items() if item not in ("", "~", "null")}
    return value


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    place = " > ".join(str(part) for part in problem["loc"] if "(" not in str(part))
    if problem["type"] == "extra_forbidden":
        return f"unknown key '{place}'"
    return f"{place or 'the top'}: {problem['msg'].removeprefix('Value error, ')}"


def _moved(manifest: Manifest) -> Manifest:
    """The manifest with its paths in forward slashes, without `./`."""
    return manifest.model_copy(update={"files": {
        str(PurePosixPath(key.replace("\\", "/"))): entry for key, entry in manifest.files.items()}})


def in_folder(manifest: Manifest, folder: str) -> Manifest:
    """The manifest with its paths relative to the case's root, when case.yaml lies in a folder of it."""
    return manifest.model_copy(update={"files": {
        str(PurePosixPath(folder) / key): entry for key, entry in manifest.files.items()}})
