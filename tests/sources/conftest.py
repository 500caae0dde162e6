"""Small generated inputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from caseloom.core.settings import Settings

CLASSES = {"CT": "1.2.840.10008.5.1.4.1.1.2", "MR": "1.2.840.10008.5.1.4.1.1.4", "DX": "1.2.840.10008.5.1.4.1.1.1.1",
           "CR": "1.2.840.10008.5.1.4.1.1.1", "US": "1.2.840.10008.5.1.4.1.1.6.1",
           "SR": "1.2.840.10008.5.1.4.1.1.88.11",
           "PR": "1.2.840.10008.5.1.4.1.1.11.1", "KO": "1.2.840.10008.5.1.4.1.1.88.59",
           "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3", "SEG": "1.2.840.10008.5.1.4.1.1.66.4",
           "DOC": "1.2.840.10008.5.1.4.1.1.104.1", "PT": "1.2.840.10008.5.1.4.1.1.128",
           "OT": "1.2.840.10008.5.1.4.1.1.7"}
IMAGES = {"CT", "MR", "DX", "CR", "US", "PT", "OT"}

MakeDicom = Callable[..., Path]


def uid(name: str) -> str:
    """A valid UID that depends on the name alone."""
    return str(generate_uid(entropy_srcs=[name]))


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"))


@pytest.fixture
def make_dicom() -> MakeDicom:
    """Writes one small DICOM object; keyword arguments are elements of its header."""
    def make(path: Path, modality: str = "CT", *, patient: str = "P-1", study: str = "study", series: str = "series",
             z: float | None = 0.0, raw: bool = False, syntax: str = ExplicitVRLittleEndian,
             **elements: Any) -> Path:
        dataset = Dataset()
        dataset.SOPClassUID, dataset.Modality = CLASSES[modality], modality
        dataset.SOPInstanceUID = uid(f"{series}{z}{path.name}")
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid(study), uid(series)
        dataset.PatientID, dataset.StudyDate = patient, "20250304"
        if modality in IMAGES:
            _add_image(dataset, modality, z)
        for name, value in elements.items():
            if value is None:
                delattr(dataset, name)
            else:
                setattr(dataset, name, value)
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "")
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        path.parent.mkdir(parents=True, exist_ok=True)
        if raw:
            del dataset.file_meta
            dataset.save_as(path, implicit_vr=syntax == "1.2.840.10008.1.2", little_endian=True,
                            enforce_file_format=False)
        else:
            dataset.save_as(path, enforce_file_format=True)
        return path

    return make


def _add_image(dataset: Dataset, modality: str, z: float | None) -> None:
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 8, 8, 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = np.full((8, 8), int(abs(z or 0)) % 4096, np.uint16).tobytes()
    if modality in ("CT", "MR"):
        dataset.PixelSpacing = [0.5, 0.5]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.ImagePositionPatient = [0, 0, 0 if z is None else z]
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
