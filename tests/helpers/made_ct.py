"""Writes small CT and MR series: a block of tissue in air whose value tells the slice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset

from caseloom.core.case import CaseFile, FileKind, Series, Study

ROWS = COLUMNS = 32
AIR = -1000
FIRST_HU = -20
"""Of the tissue in the slice nearest to the feet; each slice above is one unit denser."""


def block(count: int, *, air: int = AIR) -> np.ndarray:
    """(count, rows, columns) int16, from feet to head, with a denser spot at the patient's right and front."""
    values = np.full((count, ROWS, COLUMNS), air, np.int16)
    values[:, 6:-6, 6:-6] = (FIRST_HU + np.arange(count))[:, None, None]
    values[:, 8:11, 8:11] = 500
    return values


def write_slices(folder: Path, values: np.ndarray, *, modality: str = "CT", numbers: Sequence[int | None] = (),
                 **fields: Any) -> list[Path]:
    """One DICOM file a slice, 4 mm pixels, 5 mm apart, axial; `numbers` are the InstanceNumbers from feet to head."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for k, plane in enumerate(values):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
        meta.MediaStorageSOPInstanceUID = f"2.25.9.{k + 1}"
        item = FileDataset(None, {}, preamble=bytes(128), file_meta=meta)
        item.PatientID, item.Modality, item.SOPInstanceUID = "P", modality, meta.MediaStorageSOPInstanceUID
        item.SOPClassUID, item.StudyInstanceUID, item.SeriesInstanceUID = pydicom.uid.CTImageStorage, "2.25.1", "2.25.5"
        item.Rows, item.Columns, item.PixelSpacing = *plane.shape, [4.0, 4.0]
        item.ImagePositionPatient, item.ImageOrientationPatient = [0.0, 0.0, 5.0 * k], [1, 0, 0, 0, 1, 0]
        item.SamplesPerPixel, item.PhotometricInterpretation = 1, "MONOCHROME2"
        item.BitsAllocated, item.BitsStored, item.HighBit, item.PixelRepresentation = 16, 16, 15, 1
        item.RescaleSlope, item.RescaleIntercept = 1, 0
        if numbers and numbers[k] is not None:
            item.InstanceNumber = numbers[k]
        for name, value in fields.items():
            setattr(item, name, value)
        item.PixelData = plane.astype("<i2").tobytes()
        path = folder / f"slice{k:04d}.dcm"
        item.save_as(path)
        paths.append(path)
    return paths


def write_nifti(path: Path, values: np.ndarray) -> Path:
    """Values (k, j, i) in LPS order as a NIfTI file whose first axis runs to the right and second to the front."""
    nibabel.save(nibabel.Nifti1Image(values.transpose(2, 1, 0)[::-1, ::-1], np.diag([4.0, 4.0, 5.0, 1.0])), path)
    return path


def series_of(root: Path, paths: Iterable[Path], kind: FileKind = FileKind.CT, **fields: Any) -> Series:
    files = tuple(CaseFile(path=path.relative_to(root).as_posix(), size=path.stat().st_size, kind=kind,
                           sha256=hashlib.sha256(path.read_bytes()).hexdigest()) for path in sorted(paths))
    uid = f"sha256:{files[0].sha256}" if files[0].path.endswith(".nii") else "2.25.5"
    return Series(uid=uid, kind=kind, modality=kind.upper(), files=files, **fields)


def study_of(series: Series) -> Study:
    return Study(id="S1", uid="2.25.1", kind=series.kind, modality=series.modality, date="2025-03-04", series=(series,))
