"""What opens one untrusted document, in a process of its own and under limits that the system enforces.

Request: {"task": "read" | "render", "path", "folder", "page" and "dpi" (render only), "seconds", "memory_bytes",
"max_pages", "max_pixels", "max_file_bytes"}. Answer: {"pages": [...]} or {"error": [code, reason]}, in the folder as
`answer.json`; pictures lie beside it as NumPy files. Nothing here prints what a document says.
"""

from __future__ import annotations

import importlib
import json
import math
import re
import traceback
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pdf_words import library, words_of

ANSWER = "answer.json"
OCR_DPI = 200.0
"""Where a page has no picture that tells a better one."""
LEAST_DPI, MOST_DPI = 100.0, 300.0
FEW_WORDS = 25
"""A page that is a picture and has fewer words than these is read by OCR: the words are a stamp or a fax header."""
PICTURE_SHARE = 0.6
"""Share of the page that a picture must cover for it to be called a scan."""
_MEMORY = re.compile(r"malloc|calloc|out of memory|cannot allocate", re.IGNORECASE)
"""What MuPDF says when it gets no memory."""
UNREADABLE = 0.2
"""Share of characters without a Unicode value above which a text layer is useless."""



class Refused(Exception):
    """The document cannot be read: (code, reason)."""


def limit_process(seconds: float, memory_bytes: int, file_bytes: int) -> None:
    """Bound this process's memory, processor time and written files, where the system can (not on Windows)."""
    try:
        import resource
    except ImportError:
        return
    for kind, amount in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CPU, math.ceil(seconds)),
                         (resource.RLIMIT_FSIZE, file_bytes), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(kind)[1]
        wanted = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(kind, (wanted, wanted))


def answer_request(request: dict[str, Any]) -> None:
    """Answer one request; the limits hold for the whole process from here on."""
    read = read_pdf if is_pdf(Path(request["path"])) else read_picture
    importlib.import_module("pymupdf" if read is read_pdf else "PIL.Image")  # before memory is short
    limit_process(request["seconds"], request["memory_bytes"], request["max_file_bytes"])
    try:
        answer = read(request)
    except Refused as refused:
        answer = {"error": list(refused.args)}
    except MemoryError:
        answer = {"error": ["too_large", "reading it needs more memory than one document may use"]}
    Path(request["folder"], ANSWER).write_text(json.dumps(answer), encoding="utf-8")


def is_pdf(path: Path) -> bool:
    """Whether the file starts like a PDF (the header may follow up to 1024 bytes of something else)."""
    with path.open("rb") as stream:
        return b"%PDF-" in stream.read(1024)


def read_pdf(request: dict[str, Any]) -> dict[str, Any]:
    """Words of every page, and a picture of each page that needs OCR."""
    pymupdf = library()
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    broken = (pymupdf.FileDataError, pymupdf.EmptyFileError, pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError)
    try:
        with pymupdf.open(request["path"], filetype="pdf") as document:
            if document.needs_pass:
                raise Refused("encrypted", "the document is protected by a password; save it without one")
            pages = pages_wanted(document.page_count, request)
            if request["task"] == "render":
                return {"pages": [picture_of(document[n], request, request["dpi"], colour=True) for n in pages]}
            mended = {"repaired": bool(document.is_repaired)}
            return {"pages": [read_page(document[n], request) | mended for n in pages]}
    except broken as error:
        if not raised_in("pymupdf", error):
            raise
        if _MEMORY.search(str(error)):
            raise MemoryError from error
        raise Refused("corrupt", "the document is damaged and cannot be opened; export it again") from error


def raised_in(library_name: str, error: Exception) -> bool:
    """Whether an error comes out of a library's own code, so that the document is at fault and not this program."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return str(frames[-1].f_globals.get("__name__", "")).partition(".")[0] == library_name


def pages_wanted(count: int, request: dict[str, Any]) -> range:
    """0-based numbers of the pages to read."""
    if count == 0:
        raise Refused("corrupt", "the document has no pages; export it again")
    if request["task"] == "render":
        return range(request["page"] - 1, min(request["page"], count))
    if count > request["max_pages"]:
        raise Refused("too_large", f"the document has {count} pages, more than the {request['max_pages']} that "
                                   "are read at once; split it")
    return range(count)


def read_page(page: Any, request: dict[str, Any]) -> dict[str, Any]:
    """One page: size, words of its text layer, and a picture where that is not usable."""
    rotation = page.rotation
    page.set_rotation(0)
    words = words_of(page)
    answer = {"width": page.rect.width, "height": page.rect.height, "rotation": rotation, "words": words}
    dpi = scan_dpi(page, [word for word in words if word[-1]])
    if dpi is not None:
        answer |= picture_of(page, request, dpi, colour=False) | {"words": []}
    return answer


def scan_dpi(page: Any, words: list[list[Any]]) -> float | None:
    """Resolution at which the page should be read by OCR; None when its text layer is good or it is blank."""
    letters = "".join(word[0] for word in words)
    unreadable = letters.count("\ufffd") > UNREADABLE * max(1, len(letters))
    if len(words) >= FEW_WORDS and not unreadable:
        return None
    pictures = page.get_image_info()
    whole = max(1.0, abs(page.rect))
    scans = [info for info in pictures if shown_area(info, page) > PICTURE_SHARE * whole]
    if words and not unreadable and not (scans and len(words) < FEW_WORDS):
        return None
    if not words and not pictures and not page.get_cdrawings():
        return None
    widest = max((72.0 * info["width"] / max(1.0, info["bbox"][2] - info["bbox"][0]) for info in scans),
                 default=OCR_DPI)
    return min(MOST_DPI, max(LEAST_DPI, widest))


def shown_area(info: dict[str, Any], page: Any) -> float:
    """Area of a picture that lies on the page, in square points."""
    pymupdf = library()
    return float(abs(pymupdf.Rect(info["bbox"]) & page.rect))


def picture_of(page: Any, request: dict[str, Any], dpi: float, *, colour: bool) -> dict[str, Any]:
    """Render the unrotated page into a NumPy file: uint8 (rows, columns), or with its annotations in colour."""
    pymupdf = library()
    page.set_rotation(0)
    square_inches = max(1e-6, abs(page.rect) / 72.0**2)
    fitting = min(dpi, math.sqrt(request["max_pixels"] / square_inches))
    if fitting < LEAST_DPI / 2:
        raise Refused("too_large", "a page is too large to be drawn in readable size")
    pixmap = page.get_pixmap(dpi=int(fitting), colorspace=pymupdf.csRGB if colour else pymupdf.csGRAY, alpha=False,
                             annots=colour)
    shape = (pixmap.height, pixmap.stride)
    pixels = np.frombuffer(pixmap.samples, dtype=np.uint8).reshape(shape)[:, :pixmap.width * pixmap.n]
    pixels = pixels.reshape(pixmap.height, pixmap.width, 3) if colour else pixels
    return {"picture": save(pixels, request, page.number), "scale": 72.0 / int(fitting)}


def read_picture(request: dict[str, Any]) -> dict[str, Any]:
    """The frames of a PNG, JPEG or TIFF, each as a page in pixels as stored."""
    from PIL import Image, ImageSequence, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # the declared size is checked against this case's own limit below
    colour = request["task"] == "render"
    try:
        with Image.open(request["path"], formats=("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")) as image:
            pages = []
            numbers = pages_wanted(getattr(image, "n_frames", 1), request)
            for number, frame in enumerate(ImageSequence.Iterator(image)):
                if number in numbers:
                    pages.append(frame_of(frame, number, request, colour=colour))
            return {"pages": pages}
    except UnidentifiedImageError as error:
        raise Refused("unknown_format", "neither a PDF nor a picture that can be read") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Refused("corrupt", "the picture is damaged or cut off; export it again") from error


def frame_of(frame: Any, number: int, request: dict[str, Any], *, colour: bool) -> dict[str, Any]:
    """One picture as a page; sizes are checked before decoding."""
    width, height = frame.size
    if width * height > request["max_pixels"]:
        raise Refused("too_large", f"the picture has {width} x {height} pixels, more than are read")
    pixels = np.asarray(frame.convert("RGB" if colour else "L"))
    return {"width": width, "height": height, "rotation": 0, "words": [], "scale": 1.0, "unit": "px",
            "picture": save(pixels, request, number)}


def save(pixels: NDArray[np.uint8], request: dict[str, Any], number: int) -> str:
    """Write pixels into the request's folder and give the file's name."""
    name = f"page{number + 1}.npy"
    np.save(Path(request["folder"]) / name, np.ascontiguousarray(pixels), allow_pickle=False)
    return name

