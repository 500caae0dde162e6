"""Pictures that files hold as they are: single DICOM images, photographs, slides, and printed pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.pixels.processing import apply_color_lut

from ..core.errors import RefusedFile
from ..core.settings import Limits
from ..phantoms.labs import DEMO_LABS, make_lab_pdf
from ..phantoms.letter import make_letter_pdf
from ..phantoms.specs import PatientSpec
from ..sources.dicom_pixels import decode_pixels
from .picture_volumes import shown
from .pictures import File, Grey, Picture, found, luma, shrunk

_TWO_DATES = {"A002304": True, "A027284": False, "A046441": True, "A048383": False, "A056642": True}
IMAGES = (
    *(File(f"ct_two_dates/{patient}_*.dcm", "ct", held) for patient, held in _TWO_DATES.items()),
    File("ct_torso_with_segmentation/example_ct_dicom/*5[0-9][05].dcm", "ct", held_out=False),
    File("dicom_single/eCT_Supplemental.dcm", "ct_map", held_out=True),
    File("dicom_single/MR2_UNCR.dcm", "mr", held_out=True),
    File("dicom_single/US1_J2KR.dcm", "ultrasound", held_out=False),
    File("data/test_files/693_J2KI.dcm", "ct", held_out=True, package="pydicom"),
    File("data/test_files/CT_small.dcm", "ct", held_out=False, package="pydicom"),
    File("data/test_files/J2K_pixelrep_mismatch.dcm", "ct", held_out=True, package="pydicom"),
    File("data/test_files/MR_small.dcm", "mr", held_out=False, package="pydicom"),
    File("data/test_files/examples_overlay.dcm", "mr", held_out=False, package="pydicom"),
    File("data/test_files/JPEG2000.dcm", "bone_scan", held_out=True, package="pydicom"),
    File("data/test_files/examples_palette.dcm", "ultrasound", held_out=True, package="pydicom"),
    File("data/test_files/examples_rgb_color.dcm", "ultrasound", held_out=False, package="pydicom"),
    File("data/test_files/examples_ybr_color.dcm", "ultrasound", held_out=True, package="pydicom"),
    File("data/RG3_UNCR.dcm", "radiograph_ankle", held_out=True, package="data_store"),
    File("data/JPGLosslessP14SV1_1s_1f_8b.dcm", "ultrasound", held_out=False, package="data_store"),
    File("data/OBXXXX1A.dcm", "ultrasound", held_out=True, package="data_store"),
    File("data/color3d_jpeg_baseline.dcm", "ultrasound", held_out=True, package="data_store"),
    File("data/gdcm-US-ALOKA-16.dcm", "ultrasound", held_out=True, package="data_store"),
    File("data/MR-SIEMENS-DICOM-WithOverlays.dcm", "mr", held_out=False, package="data_store"),
    File("data/bad_sequence.dcm", "ct", held_out=True, package="data_store"),
    File("data/explicit_VR-UN.dcm", "ct", held_out=False, package="data_store"),
)
"""`data_store` is what the package pydicom-data installs; its RG3 is a film of another body part. Files that hold the
same picture are in the same half."""

_GREY_PHOTOS = ("camera.png", "brick.png", "grass.png", "gravel.png", "coins.png", "moon.png", "clock_motion.png",
                "cell.png", "page.png", "text.png", "phantom.png", "horse.png")
_COLOUR_PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "hubble_deep_field.jpg", "color.png",
                  "motorcycle_left.png", "retina.jpg", "logo.png")
PHOTOS = (
    *(File(f"data/{name}", "photograph", number % 2 == 1, "skimage")
      for number, name in enumerate((*_GREY_PHOTOS, *_COLOUR_PHOTOS))),
    File("data/ihc.png", "slide", held_out=False, package="skimage"),
    File("datasets/images/china.jpg", "photograph", held_out=False, package="sklearn"),
    File("datasets/images/flower.jpg", "photograph", held_out=True, package="sklearn"),
    File("mpl-data/sample_data/grace_hopper.jpg", "photograph", held_out=True, package="matplotlib"),
    File("mpl-data/sample_data/Minduka_Present_Blue_Pack.png", "photograph", held_out=False, package="matplotlib"),
    File("lab_reports/aws_medical-notes.png", "page", held_out=False),
    File("lab_reports/aws_patient_intake_form_sample.jpg", "page", held_out=True),
    File("lab_reports/fhir_r4_101_cbc_scan.jpg", "page", held_out=True),
    File("lab_series/dev-08.png", "page", held_out=False),
    File("lab_series/dev-11.jpg", "page", held_out=True),
    File("lab_series/dev-19.jpg", "page", held_out=False),
)
DOCUMENTS = (File("lab_reports/fhir_r4_101_cbc.pdf", "page", held_out=True),
             *(File(f"lab_series/dev-{number:02}.pdf", "page", number % 2 == 1) for number in range(1, 25)
               if number not in (8, 11, 19)))
SLIDE = File("wsi/CMU-1-Small-Region.svs", "slide", held_out=True)
_PAGE_DPI, _PATCH = 60, 512


def file_pictures(data: Path) -> Iterator[Picture]:
    """Every picture of the files that are there."""
    for file in IMAGES:
        for path in found(file, data):
            yield from _image(file, path)
    for file in PHOTOS:
        for path in found(file, data):
            with Image.open(path) as picture:
                grey = luma(np.asarray(picture.convert("RGB")))
            yield from (_pages(file.name, file.held_out, grey) if file.kind == "page"
                        else [Picture(file.name, file.kind, shrunk(grey), file.held_out)])
    for file in DOCUMENTS:
        for path in found(file, data):
            yield from _pages(file.name, file.held_out, _rendered(path.read_bytes()))
    patient = PatientSpec()
    yield from _pages("phantom letter", False, _rendered(make_letter_pdf(patient)))
    yield from _pages("phantom lab report", True, _rendered(make_lab_pdf(patient, DEMO_LABS[0], 1)))
    for path in found(SLIDE, data):
        yield from _slide(path)


def unreadable(data: Path) -> list[str]:
    """DICOM images that are there but cannot be decoded, and why."""
    refused = []
    for file in IMAGES:
        for path in found(file, data):
            try:
                decode_pixels(path, Limits(), frame=None)
            except RefusedFile as error:
                refused.append(f"{file.name}: {error.reason}")
    return refused


def _image(file: File, path: Path) -> Iterator[Picture]:
    grey: Grey
    try:
        stored, header = decode_pixels(path, Limits())
    except RefusedFile:
        return
    if "PALETTE" in header.PhotometricInterpretation:
        stored = np.asarray(apply_color_lut(stored, header))
        stored = (stored >> 8 if stored.dtype.itemsize > 1 else stored).astype(np.uint8)
    if stored.ndim == 4 or (stored.ndim == 3 and stored.shape[-1] > 4):
        stored = stored[0]
    if stored.ndim == 3:
        yield Picture(f"{file.name}/{path.name}", file.kind, shrunk(luma(stored)), file.held_out)
        return
    values = stored * float(header.get("RescaleSlope", 1)) + float(header.get("RescaleIntercept", 0))
    kind = f"{file.kind}_axial" if file.kind == "ct" else "mr_other" if file.kind == "mr" else file.kind
    for window, grey in shown(file.kind, values):
        upright = 1 - grey if header.PhotometricInterpretation == "MONOCHROME1" else grey
        yield Picture(f"{file.name}/{path.name}, {window}", kind, shrunk(upright), file.held_out)


def _rendered(pdf: bytes) -> Grey:
    """The first page of a PDF that this project or its sample data wrote."""
    import pymupdf

    with pymupdf.open(stream=pdf, filetype="pdf") as document:  # type: ignore[no-untyped-call]  # not annotated
        page = document[0].get_pixmap(dpi=_PAGE_DPI, colorspace=pymupdf.csGRAY)
        return luma(np.frombuffer(page.samples, np.uint8).reshape(page.height, page.width))


def _pages(name: str, held_out: bool, page: Grey) -> Iterator[Picture]:
    """A page as printed, turned, askew, its upper half, and noisy."""
    page = shrunk(page)
    rng = np.random.default_rng(len(name))
    askew = Image.fromarray(page).rotate(rng.uniform(2, 6), Image.Resampling.BILINEAR, fillcolor=1.0)
    noisy = np.clip(0.15 + 0.7 * page + rng.normal(0, 0.06, page.shape), 0, 1).astype(np.float32)
    ways = {"upright": page, "on its side": np.rot90(page).copy(), "upside down": page[::-1, ::-1].copy(),
            "askew": np.asarray(askew, np.float32), "upper half": page[:page.shape[0] // 2], "noisy": noisy}
    for way, pixels in ways.items():
        yield Picture(f"{name}, {way}", "page" if way == "upright" else f"page_{way.replace(' ', '_')}", pixels,
                      held_out)


def _slide(path: Path) -> Iterator[Picture]:
    """The slide as a whole and patches of three magnifications."""
    import openslide

    with openslide.OpenSlide(str(path)) as slide:
        columns, rows = slide.dimensions
        yield Picture(f"{SLIDE.name}, whole", "slide", shrunk(_rgb(slide.get_thumbnail((512, 512)))), SLIDE.held_out)
        for side in (_PATCH // 2, _PATCH, _PATCH * 2):
            for number, corner in enumerate(((0.1, 0.1), (0.5, 0.2), (0.2, 0.5), (0.6, 0.6))):
                at = (int(corner[0] * (columns - side)), int(corner[1] * (rows - side)))
                patch = _rgb(slide.read_region(at, 0, (side, side)))
                yield Picture(f"{SLIDE.name}, {side} {number}", "slide", shrunk(patch, 512), SLIDE.held_out)


def _rgb(picture: Any) -> NDArray[np.float32]:
    return luma(np.asarray(picture.convert("RGB")))
