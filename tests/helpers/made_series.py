"""Writes DICOM series of every kind: one file a slice or one for all, in any transfer syntax."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    CTImageStorage,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    MRImageStorage,
    RLELossless,
)

from caseloom.core.case import CaseFile, FileKind, Series
from caseloom.core.settings import Limits
from caseloom.sources.volume import Volume, load_volume

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SPACING = (0.75, 0.5)
_CLASSES = {("CT", False): CTImageStorage, ("CT", True): EnhancedCTImageStorage,
            ("MR", False): MRImageStorage, ("MR", True): EnhancedMRImageStorage}


def pack(words: NDArray[np.uint16], syntax: UID) -> bytes:
    """One frame of unsigned words in a compressed syntax."""
    if syntax == JPEGLosslessSV1:
        return bytes(imagecodecs.jpeg8_encode(words, lossless=True, bitspersample=16, predictor=1))
    if syntax == JPEGLSLossless:
        return bytes(imagecodecs.jpegls_encode(words))
    if syntax == JPEG2000Lossless:
        return bytes(imagecodecs.jpeg2k_encode(words, level=0, reversible=True))
    if syntax == RLELossless:
        from pydicom.pixels.encoders import RLELosslessEncoder

        return bytes(RLELosslessEncoder.encode(
            words, rows=words.shape[0], columns=words.shape[1], samples_per_pixel=1, number_of_frames=1,
            bits_allocated=16, bits_stored=16, photometric_interpretation="MONOCHROME2", pixel_representation=0))
    raise ValueError(f"no encoder for {syntax}")


def image(pixels: NDArray[Any], syntax: UID = ExplicitVRLittleEndian, *, modality: str = "CT", enhanced: bool = False,
          **fields: Any) -> Dataset:
    """A dataset with one or several 16-bit frames; fields that are None are taken out."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = _CLASSES[modality, enhanced]
    ds.Modality, ds.PatientID, ds.StudyInstanceUID, ds.SeriesInstanceUID = modality, "P-1", "2.25.1", "2.25.5"
    ds.ImageType, ds.SamplesPerPixel, ds.PhotometricInterpretation = ["ORIGINAL", "PRIMARY", "AXIAL"], 1, "MONOCHROME2"
    ds.Rows, ds.Columns = pixels.shape[-2:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, int(pixels.dtype.kind == "i")
    if not enhanced:
        ds.PixelSpacing, ds.ImageOrientationPatient = list(SPACING), list(AXIAL)
        if modality == "CT":
            ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
    if pixels.ndim == 3:
        ds.NumberOfFrames = pixels.shape[0]
    frames = pixels.reshape(-1, *pixels.shape[-2:])
    if syntax.is_encapsulated:
        ds.PixelData = encapsulate([pack(frame.view(np.uint16), syntax) for frame in frames])
        ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    else:
        ds.PixelData = frames.astype(frames.dtype.newbyteorder(">" if syntax == ExplicitVRBigEndian else "<")).tobytes()
        ds["PixelData"].VR = "OW"
    for name, value in fields.items():
        if value is None:
            delattr(ds, name)
        else:
            setattr(ds, name, value)
    return ds


def save(ds: Dataset, path: Path) -> Path:
    """Write a dataset under a UID of its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number = int.from_bytes(hashlib.sha256(str(path).encode()).digest()[:12], "big")
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"2.25.{number}"
    ds.save_as(path, enforce_file_format=True)
    return path


def write_slices(folder: Path, values: NDArray[Any], syntax: UID = ExplicitVRLittleEndian, *, start: int = 1,
                 step: Sequence[float] = (0.0, 0.0, 2.0), **fields: Any) -> list[Path]:
    """One file for each plane of (k, rows, columns), numbered from `start`, `step` mm apart."""
    def placed(k: int) -> dict[str, Any]:
        return {"InstanceNumber": start + k, "ImagePositionPatient": [part * k for part in step], **fields}

    return [save(image(plane, syntax, **placed(k)), folder / f"{(start + k) * 7919 % 10007:05d}.dcm")
            for k, plane in enumerate(values)]


def frame_group(position: Sequence[float], **macros: dict[str, Any]) -> Dataset:
    """A frame's functional groups: its place, and others by the name of their sequence."""
    group = Dataset()
    for name, elements in {"PlanePositionSequence": {"ImagePositionPatient": list(position)}, **macros}.items():
        item = Dataset()
        for key, value in elements.items():
            setattr(item, key, value)
        setattr(group, name, [item])
    return group


def write_enhanced(path: Path, values: NDArray[Any], groups: Sequence[Dataset], syntax: UID = ExplicitVRLittleEndian, *,
                   modality: str = "CT", scale: tuple[float, float] | None = (1, -1024), **fields: Any) -> Path:
    """An enhanced multi-frame file of (frames, rows, columns) with the functional groups of each frame."""
    ds = image(values, syntax, modality=modality, enhanced=True, InstanceNumber=1, **fields)
    shared = frame_group((0, 0, 0), PlaneOrientationSequence={"ImageOrientationPatient": list(AXIAL)},
                         PixelMeasuresSequence={"PixelSpacing": list(SPACING), "SliceThickness": 2})
    del shared.PlanePositionSequence
    if scale is not None:
        item = Dataset()
        item.RescaleSlope, item.RescaleIntercept, item.RescaleType = *scale, "HU" if modality == "CT" else "US"
        shared.PixelValueTransformationSequence = [item]
    ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = [shared], list(groups)
    return save(ds, path)


def series_of(root: Path, modality: str = "CT") -> Series:
    """All files of a folder as one series."""
    kind = FileKind(modality.lower())
    files = tuple(CaseFile(path=path.relative_to(root).as_posix(), size=path.stat().st_size, kind=kind,
                           sha256=hashlib.sha256(path.read_bytes()).hexdigest())
                  for path in sorted(root.rglob("*")) if path.is_file())
    return Series(uid="2.25.5", kind=kind, modality=modality, files=files)


def load(root: Path, modality: str = "CT", limits: Limits | None = None) -> Volume:
    """The volume of all files of a folder."""
    return load_volume(series_of(root, modality), root, limits or Limits())
