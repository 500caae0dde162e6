"""The resolution levels of a DICOM slide, picked out of a series."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset

from ..core.case import CaseFile, Series
from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .dicom_file import read_dicom

LINK = "{:05d}.dcm"
"""Name of a staged level; number 0 is the finest."""

_ENCAPSULATED_PIXELS = b"\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff"
_JFIF_START = b"\xff\xd8\xff\xe0"


@dataclass(frozen=True)
class StagedLevels:
    """What `stage_levels` linked.

    Args:
        finest: the file that holds level 0.
        left_out: how many levels were left out because their colours cannot be trusted.
    """

    finest: CaseFile
    left_out: int


def stage_levels(series: Series, root: Path, folder: Path, limits: Limits) -> StagedLevels:
    """Link the resolution levels of a series into one empty folder.

    OpenSlide looks through the folder of the file it is given, but in an export the levels of one slide may lie in
    several folders, beside other series. Label and overview instances are left out here and so cannot be read.

    Raises:
        RefusedFile: NOT_AN_IMAGE when there is no level, UNSUPPORTED when the finest's colours cannot be trusted, and
            what `read_dicom` raises.
    """
    levels: dict[CaseFile, Dataset] = {}
    for file in series.files:
        header = read_dicom(root / file.path, limits, header_only=True)
        if "VOLUME" in (header.get("ImageType") or []):
            levels[file] = header
    if not levels:
        raise RefusedFile(RefusalCode.NOT_AN_IMAGE, "the series holds a label or an overview, but no slide image")
    finest_first = sorted(levels, key=lambda file: (-int(levels[file].get("TotalPixelMatrixColumns") or 0), file.path))
    sound = [file for file in finest_first if not _is_mislabelled(root / file.path, levels[file])]
    if finest_first[0] not in sound:
        raise RefusedFile(RefusalCode.UNSUPPORTED, "the slide's header says RGB, but its tiles are stored as YCbCr: "
                          "its colours would be wrong; convert it again")
    for number, file in enumerate(sound):
        (folder / LINK.format(number)).symlink_to((root / file.path).resolve())
    return StagedLevels(sound[0], len(finest_first) - len(sound))


def _is_mislabelled(path: Path, header: Dataset) -> bool:
    """Whether the header says RGB while the first tile is a JFIF file, whose colours are YCbCr (ITU-T T.871, 6.1).

    Some converters write such levels; OpenSlide believes the header and would show false colours.
    """
    if header.get("PhotometricInterpretation") != "RGB" or header.get("SamplesPerPixel") != 3:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        offset_table = view.find(_ENCAPSULATED_PIXELS) + len(_ENCAPSULATED_PIXELS)
        if offset_table < len(_ENCAPSULATED_PIXELS):
            return False
        first_tile = offset_table + 8 + int.from_bytes(view[offset_table + 4:offset_table + 8], "little") + 8
        return view[first_tile:first_tile + 4] == _JFIF_START and view[first_tile + 6:first_tile + 10] == b"JFIF"
