"""Films and other single pictures of the data sets, and where MIMIC-CXR-JPG keeps them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.case import FileKind
from ...core.errors import NothingUsable
from ...core.settings import Limits
from ...sources.film import load_film, turned
from ...sources.film_grey import picture_to_grey
from ...sources.film_picture import PICTURE_ERRORS, read_picture
from ...tools.localization.read import shown_grey
from .files import DEPTH, nothing
from .inputs import series_of


def mimic_root(root: Path, layout: str) -> Path:
    """The folder below which MIMIC-CXR-JPG has `files/p10/...`.

    Raises:
        NothingUsable: it is not the folder `files`, nor in the folder or up to three below.
    """
    if next(root.glob("p1*/p1*"), None) is not None and root.name == "files":
        return root.parent
    for depth in range(DEPTH + 1):
        found = sorted(root.glob("/".join(["*"] * depth + ["files", "p1*"])))
        if found:
            return found[0].parent.parent
    raise nothing(root, layout)


def mimic_film(root: Path, subject: str, study: str, film: str) -> Path:
    """A film of MIMIC-CXR-JPG (version 2.0.0 and later): `files/p10/p10000032/s50414267/FILM.jpg`.

    Args:
        root: from `mimic_root`.
        subject: number of the patient.
        study: number of the study.
        film: its DICOM id, or the path `p10/p10000032/s50414267/FILM` as MS-CXR-T has it.
    """
    if "/" in film:
        return root / "files" / f"{film.removesuffix('.jpg')}.jpg"
    return root / "files" / f"p{subject[:2]}" / f"p{subject}" / f"s{study}" / f"{film}.jpg"


def shown_film(path: Path) -> NDArray[np.uint8]:
    """A film as a model is shown it: (rows, columns) uint8.

    Raises:
        InputError: it cannot be read.
    """
    return shown_grey(load_film(series_of(path, FileKind.FILM), path.parent, Limits()))


def shown_picture(path: Path) -> NDArray[np.uint8]:
    """Any picture as it is stored, turned as its EXIF tag says: (rows, columns) grey or (rows, columns, 3) RGB, uint8.

    Raises:
        InputError: it cannot be read.
    """
    values, turn = read_picture(path, Limits())
    if values.dtype != np.uint8:
        values = np.rint(picture_to_grey(values) * 255).astype(np.uint8)
    return np.ascontiguousarray(turned(values, turn))


def picture_size(path: Path) -> tuple[int, int]:
    """(rows, columns) that a picture declares.

    Raises:
        NothingUsable: it is no picture.
    """
    try:
        with Image.open(path) as picture:
            return picture.height, picture.width
    except PICTURE_ERRORS as error:
        raise NothingUsable(f"{path.name} cannot be read as a picture ({type(error).__name__})") from error
