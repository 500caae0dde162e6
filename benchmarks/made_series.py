"""A made CT series to measure with: a body with noise, as a scanner would store it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, JPEGLSLossless

SIDE = 512


def write_made_series(folder: Path, count: int, *, compressed: bool) -> Path:
    """Write `count` slices of 512 x 512, one file each, from head to feet; the same every time.

    Args:
        folder: is made.
        count: number of slices, 1 mm apart.
        compressed: as JPEG-LS, else as they are.
    """
    folder.mkdir(parents=True)
    y, x = np.ogrid[-1:1:SIDE * 1j, -1:1:SIDE * 1j]
    noise = np.random.default_rng(0)
    for number in range(count):
        width = 0.6 + 0.2 * np.sin(number / 40)
        inside = (x / (width + 0.15)) ** 2 + (y / width) ** 2 < 1
        hu = np.where(inside, 40.0, -1000.0) + noise.normal(0, 12, (SIDE, SIDE))
        _slice(number, np.clip(hu + 1024, 0, 4095).astype(np.uint16), compressed).save_as(
            folder / f"{number:05d}.dcm", enforce_file_format=True)
    return folder


def _slice(number: int, pixels: np.ndarray, compressed: bool) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"2.25.9{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality, ds.PatientID = "2.25.1", "2.25.2", "CT", "MADE"
    ds.ImageType, ds.InstanceNumber, ds.SliceThickness = ["ORIGINAL", "PRIMARY", "AXIAL"], number + 1, 1
    ds.PixelSpacing, ds.ImageOrientationPatient = [0.7, 0.7], [1, 0, 0, 0, 1, 0]
    ds.ImagePositionPatient = [-180, -180, -float(number)]
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = SIDE, SIDE, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
    ds.PixelData = pixels.tobytes()
    if compressed:
        ds.compress(JPEGLSLossless, generate_instance_uid=False)
    return ds
