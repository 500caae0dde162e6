"""How a CT series was made, as far as its measurements depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom

from ..core.case import Series
from ..core.errors import RefusedFile
from ..core.settings import Limits
from .dicom_file import PARSER_ERRORS, read_dicom
from .quiet import quiet_parsers


@dataclass(frozen=True)
class Technique:
    """What the header of a CT says; None where it says nothing.

    Args:
        thickness_mm: SliceThickness (PS3.3 C.7.6.2.1).
        kernel: ConvolutionKernel (PS3.3 C.8.2.1), as the manufacturer writes it.
        contrast: True when a contrast agent is named; a header without one does not say that none was given.
    """

    thickness_mm: float | None = None
    kernel: str | None = None
    contrast: bool | None = None


def read_technique(series: Series, root: Path, limits: Limits) -> Technique:
    """The technique of a series from the header of its first file; empty for files without a DICOM header.

    Args:
        series: a CT series.
        root: folder that the file's path is relative to.
        limits: how much may be read.
    """
    try:
        header = read_dicom(root / series.files[0].path, limits, header_only=True)
        with quiet_parsers():
            return _technique(header)
    except RefusedFile:
        return Technique()
    except PARSER_ERRORS:
        return Technique()


def _technique(header: pydicom.Dataset) -> Technique:
    places = list(_places(header))
    thickness = next((float(place.SliceThickness) for place in places if place.get("SliceThickness")), None)
    kernel = next((place.ConvolutionKernel for place in places if place.get("ConvolutionKernel")), None)
    agent = any(str(place.get("ContrastBolusAgent") or "").strip() for place in places) or bool(
        header.get("ContrastBolusAgentSequence"))
    text = kernel if isinstance(kernel, str) or kernel is None else "\\".join(kernel)
    return Technique(thickness, text, agent or None)


def _places(header: pydicom.Dataset) -> Iterator[pydicom.Dataset]:
    """The header, and where a multi-frame image keeps the same elements (PS3.3 C.7.6.16)."""
    yield header
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in list(header.get(groups) or [])[:1]:
            for macro in ("PixelMeasuresSequence", "CTReconstructionSequence"):
                yield from list(group.get(macro) or [])[:1]
