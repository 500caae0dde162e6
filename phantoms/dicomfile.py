"""What every DICOM file of the phantom carries, written so that the same content gives the same bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGLSLossless

from .ids import make_uid
from .specs import PatientSpec

_IMPLEMENTATION = make_uid(0, "implementation")
MAKER = "Caseloom phantom"
SYNTHETIC = "SYNTHETIC DATA, NOT A REAL PERSON"


@dataclass(frozen=True)
class Study:
    """One imaging study: who, when, and the seed its UIDs come from.

    Attributes:
        patient: whose study it is.
        date: ISO date.
        seed: seed of all UIDs.
        name: key of the study among the case's studies, part of its UIDs.
        description: Study Description.
    """

    patient: PatientSpec
    date: str
    seed: int
    name: str
    description: str

    def uid(self, *parts: str) -> str:
        """Return a UID of this study."""
        return make_uid(self.seed, self.patient.patient_id, self.name, *parts)


def make_header(study: Study, sop_class: str, modality: str, number: int) -> Dataset:
    """Return a dataset with the patient, general study, series and equipment modules (PS3.3 C.7)."""
    day = study.date.replace("-", "")
    age = int(study.date[:4]) - int(study.patient.birth_date[:4])
    age -= study.date[5:] < study.patient.birth_date[5:]
    tags: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": sop_class,
        "SOPInstanceUID": study.uid(modality, "instance", str(number)),
        "StudyDate": day, "SeriesDate": day, "AcquisitionDate": day, "ContentDate": day,
        "StudyTime": "101500", "SeriesTime": "101500", "AcquisitionTime": "101530", "ContentTime": "101530",
        "AccessionNumber": f"{modality}{day}",
        "Modality": modality,
        "Manufacturer": MAKER, "ManufacturerModelName": "chest 1", "InstitutionName": "Caseloom Phantom Hospital",
        "ReferringPhysicianName": "",
        "StudyDescription": f"{study.description} (SYNTHETIC)",
        "PatientName": study.patient.dicom_name,
        "PatientID": study.patient.patient_id,
        "IssuerOfPatientID": "CASELOOM-PHANTOM",
        "PatientBirthDate": study.patient.birth_date.replace("-", ""),
        "PatientSex": study.patient.sex[0].upper(),
        "PatientAge": f"{age:03d}Y",
        "PatientComments": SYNTHETIC,
        "BodyPartExamined": "CHEST",
        "StudyInstanceUID": study.uid("study"),
        "SeriesInstanceUID": study.uid(modality, "series"),
        "StudyID": day, "SeriesNumber": 1, "InstanceNumber": number,
    }  # fmt: skip
    return with_tags(Dataset(), tags)


def with_tags(dataset: Dataset, tags: Mapping[str, Any]) -> Dataset:
    """Set tags by keyword and return the dataset."""
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return dataset


def write_image(dataset: Dataset, pixels: np.ndarray, bits: int, path: Path, compress: bool) -> None:
    """Write `pixels` (rows, columns, uint16) with `bits` used bits as one DICOM file.

    Args:
        dataset: header; the image pixel module is set here.
        pixels: stored values.
        bits: Bits Stored.
        path: where to write; missing folders are made.
        compress: JPEG-LS lossless when true, else Explicit VR Little Endian.
    """
    with_tags(dataset, {
        "SamplesPerPixel": 1, "Rows": pixels.shape[0], "Columns": pixels.shape[1],
        "BitsAllocated": 16, "BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": 0,
    })  # fmt: skip
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(_IMPLEMENTATION)
    meta.ImplementationVersionName = "CASELOOM"
    dataset.file_meta = meta
    dataset.PixelData = np.ascontiguousarray(pixels, dtype="<u2").tobytes()
    if compress:
        dataset.compress(JPEGLSLossless, encoding_plugin="pyjpegls", generate_instance_uid=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
