"""The report's PDF as a DICOM Encapsulated PDF, for archives that keep only DICOM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.errors import RefusedFile
from ...core.report import ReportStatus
from .material import Exported, Material, from_headers, in_dicom

PATIENT_AND_STUDY = (
    "SpecificCharacterSet", "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex",
    "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName",
)


def write_encapsulated_pdf(material: Material, folder: Path) -> Exported:
    """`report.dcm`, in the latest study that came as DICOM.

    Args:
        material: the report, its case and its PDF.
        folder: where to.
    """
    done = Exported()
    image = next((file for study in reversed(material.case.studies) for file in study.files if in_dicom(file)), None)
    pdf = material.folder / "report.pdf"
    if image is None or not pdf.is_file():
        done.left_out.append("the case holds no DICOM file whose patient and study the PDF could take"
                             if image is None else "the report has no PDF; review the case again")
        return done
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.dcm"
    try:
        with from_headers():
            made = encapsulated(material, material.header(image), pdf.read_bytes())
    except RefusedFile as refused:
        done.left_out.append(refused.reason)
        return done
    made.save_as(path, enforce_file_format=True)
    done.files.append(path)
    return done


def encapsulated(material: Material, image: Any, pdf: bytes) -> Any:
    """The dataset (PS3.3 A.45.1).

    Args:
        material: the report.
        image: dataset of an image whose patient and study are taken.
        pdf: the document.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

    made = Dataset()
    for name in PATIENT_AND_STUDY:
        if name in image:
            made[name] = image[name]
        elif name != "IssuerOfPatientID":
            setattr(made, name, "ISO_IR 192" if name == "SpecificCharacterSet" else "")
    made.SOPClassUID, made.SOPInstanceUID = EncapsulatedPDFStorage, material.uid("pdf")
    made.SeriesInstanceUID, made.SeriesNumber, made.InstanceNumber = material.uid("pdf series"), 9200, 1
    made.Modality, made.ConversionType, made.Manufacturer = "DOC", "WSD", "Caseloom"
    made.SoftwareVersions = material.version
    signature = material.report.signature
    made.ContentDate = signature.signed_at[:10].replace("-", "") if signature else ""
    made.ContentTime = signature.signed_at[11:19].replace(":", "") if signature else ""
    made.AcquisitionDateTime = ""
    made.BurnedInAnnotation = "NO"
    made.DocumentTitle = f"Case review by Caseloom, {material.report.status.value}"
    made.VerificationFlag = "VERIFIED" if material.report.status is ReportStatus.SIGNED else "UNVERIFIED"
    made.ConceptNameCodeSequence = []
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    made.EncapsulatedDocumentLength = len(pdf)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made
