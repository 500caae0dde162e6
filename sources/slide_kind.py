"""Whether a file is a whole slide, and when it was scanned."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from pathlib import Path

from .dates import iso_day

_LARGE = 25_000_000
"""Pixels above which a tiled TIFF of one level is a slide rather than a picture."""


def slide_date(path: Path) -> tuple[bool, str | None]:
    """Whether OpenSlide knows the file as a whole slide, and the date of its scan, if it says one.

    A tiled TIFF that no scanner signed counts when it is a pyramid or larger than a picture would be. What is damaged
    but signed by a scanner counts too: opening it says what is wrong.
    """
    from openslide import OpenSlide, OpenSlideError

    vendor = OpenSlide.detect_format(path)
    if vendor is None:
        return _is_ome_pyramid(path), None
    try:
        with OpenSlide(path) as slide:
            width, height = slide.dimensions
            plain = vendor == "generic-tiff" and slide.level_count == 1 and width * height < _LARGE
            return not plain, _date(slide.properties)
    except (OpenSlideError, OSError):
        return vendor != "generic-tiff", None


def _is_ome_pyramid(path: Path) -> bool:
    """Whether the file is an OME-TIFF with several levels, which OpenSlide does not know."""
    from tifffile import TiffFile, TiffFileError

    try:
        with TiffFile(path) as file:
            return file.is_ome and any(len(series.levels) > 1 for series in file.series)
    except (TiffFileError, ValueError, IndexError, KeyError, TypeError, struct.error, OSError):
        return False


def companions_of(path: Path) -> Path | None:
    """The folder that holds the pixels of a MIRAX slide (`NAME.mrxs` beside `NAME/Slidedat.ini`), else None."""
    folder = path.with_suffix("")
    return folder if path.suffix.casefold() == ".mrxs" and (folder / "Slidedat.ini").is_file() else None


def _date(properties: Mapping[str, str]) -> str | None:
    """Aperio writes month/day/year, TIFF writes year:month:day, Philips a DICOM date and time."""
    aperio = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})", properties.get("aperio.Date", "").strip())
    if aperio:
        month, day, year = (int(part) for part in aperio.groups())
        return iso_day(year + 2000 if year < 100 else year, month, day)
    for name in ("tiff.DateTime", "philips.DICOM_ACQUISITION_DATETIME"):
        stamp = re.match(r"(\d{4}):?(\d{2}):?(\d{2})", properties.get(name, ""))
        if stamp:
            return iso_day(*(int(part) for part in stamp.groups()))
    return None
