"""A file of a data set as our own loaders and tools take it: as a series without a digest, since nothing is cited.

Documents are none of these: their words are kept by digest.
"""

from __future__ import annotations

from pathlib import Path

from ...core.case import CaseFile, FileKind, Series, Study
from ...core.errors import InputError
from ...core.result import ToolResult
from ...core.settings import Limits
from ...readers.measure import MeasureReader
from ...tools.base import Tool, ToolContext

_MODALITIES = {FileKind.CT: "CT", FileKind.MR: "MR", FileKind.FILM: "DX", FileKind.SLIDE: "SM", FileKind.RECORD: "OT"}


def files_of(path: Path) -> tuple[Path, ...]:
    """The files of a volume or slide: itself, or all files directly in a folder of DICOM."""
    return tuple(sorted(one for one in path.iterdir() if one.is_file())) if path.is_dir() else (path,)


def root_of(path: Path) -> Path:
    """The folder that the files of a series are named from."""
    return path if path.is_dir() else path.parent


def series_of(path: Path, kind: FileKind) -> Series:
    """A file, or the files directly in a folder, as a series.

    Raises:
        InputError: the folder holds no file.
    """
    files = tuple(CaseFile(path=one.name, sha256="", size=one.stat().st_size, kind=kind) for one in files_of(path))
    if not files:
        raise InputError("the folder holds no file")
    return Series(uid=path.name, kind=kind, modality=_MODALITIES[kind], files=files)


def run_tool(tool: Tool, path: Path, kind: FileKind, cache: Path) -> ToolResult:
    """What one of our own tools finds in a file.

    Args:
        tool: to run.
        path: of the file.
        kind: of the file.
        cache: folder for what is costly to read again.

    Raises:
        InputError: the tool refuses the file and finds nothing in it.
    """
    series = series_of(path, kind)
    study = Study(id="S1", uid=series.uid, kind=kind, modality=series.modality, date=None, series=(series,))
    result = tool.run(study, ToolContext(root=root_of(path), patient=None, opaque_patient="P", reader=MeasureReader(),
                                         pictures=None, cache=cache, limits=Limits()))
    if result.refused and not result.findings:
        raise InputError(result.refused[0].reason)
    return result
