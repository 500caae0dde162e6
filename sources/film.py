"""Projection radiographs, from DICOM or plain pictures: upright, grey, bright where dense."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.multival import MultiValue

from ..core.boxes import Box
from ..core.case import Series
from ..core.errors import RefusedFile
from ..core.refusal import RefusalCode
from ..core.settings import Limits
from .dicom_file import PARSER_ERRORS, read_dicom
from .dicom_pixels import decode_pixels
from .film_grey import Grey, dicom_to_grey, picture_to_grey
from .film_picture import is_picture, read_picture
from .quiet import quiet_parsers

INVERTED = "the lungs are bright and the heart dark: the picture was inverted before it was measured"

_RADIOGRAPHS = frozenset({"CR", "DX", "DR", "RG", "RF", "XA", "OT", "SC"})

# What an EXIF orientation does to the stored array (CIPA DC-008 4.6.5, tag 274): transpose, then flip rows, columns.
_TURNS = {1: (False, False, False), 2: (False, False, True), 3: (False, True, True), 4: (False, True, False),
          5: (True, False, False), 6: (True, False, True), 7: (True, True, True), 8: (True, True, False)}

# The turn that brings the head up and the patient's left to the right of the picture, by Patient Orientation
# (PS3.3 C.7.6.1.1.1: direction of the rows to the right, direction of the columns downwards).
_TURN_OF_ORIENTATION = {("L", "F"): 1, ("R", "F"): 2, ("R", "H"): 3, ("L", "H"): 4,
                        ("F", "L"): 5, ("F", "R"): 6, ("H", "R"): 7, ("H", "L"): 8}


@dataclass(frozen=True)
class Film:
    """A film as a radiologist hangs it.

    Args:
        pixels: (rows, columns), 0..1, bright = dense; the head up and the patient's left at the right of the picture
            where the file names the orientation, else as the file displays.
        stored_shape: (rows, columns) of the image in the file.
        turn: EXIF orientation code (1..8) that leads from the stored image to `pixels`.
        spacing_mm: distance of neighbouring (rows, columns) of `pixels`, None when the file does not say.
        view: ViewPosition (PA, AP, LL ...) as written or case.yaml's, upper case.
        body_part: BodyPartExamined as written or case.yaml's, upper case.
        modality: DICOM modality, None for a plain picture.
        patient_orientation: PatientOrientation as written, None when it is not given.
        sides_known: the file says where the patient's left is.
        supine: the file says that the patient lay.
        notes: what was assumed while reading, for a person.
    """

    pixels: Grey
    stored_shape: tuple[int, int]
    turn: int = 1
    spacing_mm: tuple[float, float] | None = None
    view: str | None = None
    body_part: str | None = None
    modality: str | None = None
    patient_orientation: tuple[str, ...] | None = None
    sides_known: bool = False
    supine: bool = False
    notes: tuple[str, ...] = ()

    def to_stored(self, box: Box) -> Box:
        """A box in `pixels` as a box in the stored image, both [x0, y0, x1, y1], half-open."""
        transposed, flipped_rows, flipped_columns = _TURNS[self.turn]
        rows, columns = self.pixels.shape
        x0, y0, x1, y1 = box
        if flipped_columns:
            x0, x1 = columns - x1, columns - x0
        if flipped_rows:
            y0, y1 = rows - y1, rows - y0
        return (y0, x0, y1, x1) if transposed else (x0, y0, x1, y1)

    def to_shown(self, box: Box) -> Box:
        """A box in the stored image as a box in `pixels`: the other way round."""
        transposed, flipped_rows, flipped_columns = _TURNS[self.turn]
        rows, columns = self.pixels.shape
        x0, y0, x1, y1 = (box[1], box[0], box[3], box[2]) if transposed else box
        if flipped_columns:
            x0, x1 = columns - x1, columns - x0
        if flipped_rows:
            y0, y1 = rows - y1, rows - y0
        return x0, y0, x1, y1

    def inverted(self) -> Film:
        """The same film with black and white exchanged."""
        return replace(self, pixels=1 - self.pixels, notes=(*self.notes, INVERTED))

    def mirrored(self) -> Film:
        """The same film with left and right of the picture exchanged."""
        transposed, flipped_rows, flipped_columns = _TURNS[self.turn]
        turn = next(code for code, how in _TURNS.items() if how == (transposed, flipped_rows, not flipped_columns))
        return replace(self, pixels=np.ascontiguousarray(self.pixels[:, ::-1]), turn=turn)


def load_film(series: Series, root: Path, limits: Limits) -> Film:
    """Read the first file of a film series.

    Args:
        series: its view, body part and spacing stand in where the file is silent.
        root: folder that the file's path is relative to.
        limits: what one image may hold; declared sizes are checked before anything is decoded.

    Raises:
        RefusedFile: TRUNCATED, CORRUPT, TOO_LARGE, UNSUPPORTED, NOT_AN_IMAGE, EMPTY or UNKNOWN_FORMAT, and
            WRONG_MODALITY for a colour picture and for DICOM objects that are no radiograph.
    """
    path = root / series.files[0].path
    return _from_picture(path, series, limits) if is_picture(path) else _from_dicom(path, series, limits)


def turned(stored: NDArray[Any], turn: int) -> NDArray[Any]:
    """The image (rows, columns, ...) after the EXIF orientation `turn` was applied."""
    transposed, flipped_rows, flipped_columns = _TURNS[turn]
    image = stored.swapaxes(0, 1) if transposed else stored
    return np.ascontiguousarray(image[::-1 if flipped_rows else 1, ::-1 if flipped_columns else 1])


def stored(image: NDArray[Any], turn: int) -> NDArray[Any]:
    """What `turned` made of a stored image, as it was stored."""
    transposed, flipped_rows, flipped_columns = _TURNS[turn]
    image = image[::-1 if flipped_rows else 1, ::-1 if flipped_columns else 1]
    return np.ascontiguousarray(image.swapaxes(0, 1) if transposed else image)


def _from_picture(path: Path, series: Series, limits: Limits) -> Film:
    values, turn = read_picture(path, limits)
    grey = picture_to_grey(values)
    return Film(pixels=turned(grey, turn), stored_shape=(grey.shape[0], grey.shape[1]), turn=turn,
                spacing_mm=_swapped(series.spacing_mm, turn), view=_upper(series.view),
                body_part=_upper(series.body_part), supine="SUPINE" in (_upper(series.view) or ""))


def _from_dicom(path: Path, series: Series, limits: Limits) -> Film:
    modality = _upper(read_dicom(path, limits, header_only=True).get("Modality"))
    if modality is not None and modality not in _RADIOGRAPHS:
        raise RefusedFile(RefusalCode.WRONG_MODALITY, f"the header says {modality}: this is no projection radiograph")
    stored, header = decode_pixels(path, limits)
    if int(header.get("NumberOfFrames") or 1) > 1:
        raise RefusedFile(RefusalCode.UNSUPPORTED, "a film of several frames is not read; export the frame to be read")
    try:
        with quiet_parsers():
            grey, notes = dicom_to_grey(stored, header)
            return _assemble(grey, header, series, tuple(notes))
    except PARSER_ERRORS as error:
        raise RefusedFile(RefusalCode.CORRUPT, f"the film's header cannot be used ({type(error).__name__}); export "
                          "the film again") from error


def _assemble(grey: Grey, header: pydicom.Dataset, series: Series, notes: tuple[str, ...]) -> Film:
    orientation = _texts(header, "PatientOrientation")
    turn = _TURN_OF_ORIENTATION.get(tuple(text[:1] for text in orientation[:2]))  # type: ignore[arg-type]
    spacing, about_spacing = _spacing(header)
    view = _upper(header.get("ViewPosition")) or _upper(series.view)
    posture = " ".join((*_texts(header, "PatientPosition"), view or ""))
    return Film(
        pixels=turned(grey, turn or 1), stored_shape=(grey.shape[0], grey.shape[1]), turn=turn or 1,
        spacing_mm=_swapped(spacing or series.spacing_mm, turn or 1), view=view,
        body_part=_upper(header.get("BodyPartExamined")) or _upper(series.body_part),
        modality=_upper(header.get("Modality")), patient_orientation=orientation or None,
        sides_known=turn is not None, supine="SUPINE" in posture or posture.startswith(("HFS", "FFS")),
        notes=notes + about_spacing)


def _spacing(header: pydicom.Dataset) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """Pixel Spacing, else Imager Pixel Spacing (PS3.3 10.7.1); zero means not known."""
    for name in ("PixelSpacing", "ImagerPixelSpacing"):
        values = header.get(name)
        if not isinstance(values, MultiValue) or len(values) < 2:
            continue
        rows, columns = float(values[0]), float(values[1])
        if 0 < rows < 100 and 0 < columns < 100:
            note = ("distances are measured at the detector: the body is magnified",)
            return (rows, columns), note if name == "ImagerPixelSpacing" else ()
    return None, ()


def _swapped(spacing: tuple[float, float] | None, turn: int) -> tuple[float, float] | None:
    return (spacing[1], spacing[0]) if spacing is not None and _TURNS[turn][0] else spacing


def _texts(header: pydicom.Dataset, name: str) -> tuple[str, ...]:
    value = header.get(name)
    parts = value if isinstance(value, (list, tuple, MultiValue)) else str(value or "").split("\\")
    return tuple(text for text in (str(part).strip().upper() for part in parts) if text)


def _upper(value: Any) -> str | None:
    return str(value).strip().upper() or None if value is not None else None
