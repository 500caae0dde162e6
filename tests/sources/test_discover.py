"""Every file is told by its content, and nothing that a file holds escapes as an exception."""

from __future__ import annotations

import gzip
import json
import os
import random
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from caseloom.core.case import CaseFile, FileKind
from caseloom.core.errors import NothingUsable
from caseloom.core.refusal import RefusalCode
from caseloom.core.settings import Limits
from caseloom.sources.discover import Found, discover, with_companions
from caseloom.sources.grouping import studies_in
from caseloom.sources.identify import Reading, identify, is_dicom
from caseloom.sources.manifest import Manifest

MakeDicom = Callable[..., Path]


@pytest.fixture
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    return Reading(Limits(), tmp_path_factory.mktemp("cache"))


def look(path: Path, reading: Reading) -> Found:
    (found,) = discover(path.parent, reading, only=[path])
    return found


@pytest.mark.parametrize(("modality", "kind", "code"), [
    ("CT", FileKind.CT, None), ("MR", FileKind.MR, None), ("DX", FileKind.FILM, None), ("CR", FileKind.FILM, None),
    ("US", FileKind.ULTRASOUND, RefusalCode.UNSUPPORTED),
    ("SR", FileKind.STRUCTURED_REPORT, RefusalCode.DERIVED_OBJECT),
    ("PR", FileKind.DICOM_OTHER, RefusalCode.DERIVED_OBJECT), ("KO", FileKind.DICOM_OTHER, RefusalCode.DERIVED_OBJECT),
    ("RTSTRUCT", FileKind.DICOM_OTHER, RefusalCode.DERIVED_OBJECT),
    ("SEG", FileKind.SEGMENTATION, RefusalCode.DERIVED_OBJECT), ("DOC", FileKind.DICOM_OTHER, RefusalCode.UNSUPPORTED),
    ("PT", FileKind.DICOM_OTHER, RefusalCode.UNSUPPORTED), ("OT", FileKind.DICOM_OTHER, RefusalCode.UNSUPPORTED),
])
def test_dicom_objects_are_told_by_their_class(make_dicom: MakeDicom, tmp_path: Path, reading: Reading, modality: str,
                                               kind: FileKind, code: RefusalCode | None) -> None:
    found = look(make_dicom(tmp_path / "IM0001", modality), reading)

    assert found.file.kind is kind
    assert (found.why and found.why[0]) is code
    assert found.file.identities[0].ids == ("P-1",)
    assert found.date == "2025-03-04"


@pytest.mark.parametrize("form", ["no preamble", "implicit without preamble", "big endian", "deflated", "wrong suffix"])
def test_unusual_dicom_forms_are_normal(make_dicom: MakeDicom, tmp_path: Path, reading: Reading, form: str) -> None:
    path = tmp_path / ("scan.txt" if form == "wrong suffix" else "IM1")
    if form == "no preamble":
        make_dicom(path, raw=True)
    elif form == "implicit without preamble":
        make_dicom(path, raw=True, syntax="1.2.840.10008.1.2")
    else:
        make_dicom(path, syntax={"big endian": ExplicitVRBigEndian, "deflated": DeflatedExplicitVRLittleEndian}.get(
            form, "1.2.840.10008.1.2.1"))

    found = look(path, reading)

    assert (found.file.kind, found.why) == (FileKind.CT, None)
    assert found.header is not None
    assert found.header.shape == (8, 8)


def test_pixels_cut_short_are_said_with_numbers(make_dicom: MakeDicom, tmp_path: Path, reading: Reading) -> None:
    whole = make_dicom(tmp_path / "whole").read_bytes()
    for lost in (1, 50, 128, 140):
        (tmp_path / "cut").write_bytes(whole[:-lost])
        found = look(tmp_path / "cut", reading)
        assert found.why is not None
        assert found.why[0] is RefusalCode.TRUNCATED, lost
    (tmp_path / "cut").write_bytes(whole[:-50])
    why = look(tmp_path / "cut", reading).why
    assert why is not None
    assert "128 bytes" in why[1]
    assert "78 are there" in why[1]


def test_impossible_sizes_are_refused_before_anything_is_decoded(make_dicom: MakeDicom, tmp_path: Path,
                                                                 reading: Reading) -> None:
    found = look(make_dicom(tmp_path / "bomb", Rows=65_000, Columns=65_000, NumberOfFrames=60_000), reading)

    assert found.why is not None
    assert found.why[0] is RefusalCode.TOO_LARGE


def test_a_secondary_capture_is_a_film_only_when_it_says_so(make_dicom: MakeDicom, tmp_path: Path,
                                                            reading: Reading) -> None:
    assert look(make_dicom(tmp_path / "a", "OT", ViewPosition="PA"), reading).file.kind is FileKind.FILM
    assert look(make_dicom(tmp_path / "b", "OT"), reading).why is not None


def page(size: tuple[int, int] = (850, 1100), paper: int = 255) -> Image.Image:
    picture = Image.new("L", size, paper)
    draw = ImageDraw.Draw(picture)
    for line in range(40):
        draw.text((60, 40 + 25 * line), f"Haemoglobin {line} 13.5 g/dL reference 12.0 - 16.0 collected", fill=20)
    return picture


def radiograph(side: int = 512) -> Image.Image:
    y, x = np.mgrid[-1:1:side * 1j, -1:1:side * 1j]
    chest = 60 + 140 * np.exp(-(x ** 2) * 6) + 20 * np.cos(12 * y)
    noise = np.random.default_rng(0).normal(0, 4, chest.shape)
    return Image.fromarray(np.clip(chest + noise, 0, 255).astype(np.uint8))


def photograph(side: int = 300) -> Image.Image:
    y, x = np.mgrid[0:1:side * 1j, 0:1:side * 1j]
    return Image.fromarray((np.stack([x, y, 1 - x], -1) * 255).astype(np.uint8))


def test_pictures_are_told_by_what_they_show(tmp_path: Path, reading: Reading) -> None:
    radiograph().save(tmp_path / "a.jpg")
    photograph().save(tmp_path / "b.png")
    Image.fromarray(np.kron(np.eye(2, dtype=np.uint8), np.full((200, 200), 255, np.uint8))).save(tmp_path / "c.png")
    radiograph().save(tmp_path / "d.bmp")
    radiograph().save(tmp_path / "e.tif")
    Image.new("L", (20, 20), 90).save(tmp_path / "f.png")

    found = {item.file.path: item for item in discover(tmp_path, reading)}

    assert [found[name].file.kind for name in ("a.jpg", "b.png", "c.png", "d.bmp", "e.tif")] == [
        FileKind.FILM, FileKind.UNKNOWN, FileKind.SEGMENTATION, FileKind.FILM, FileKind.FILM]
    assert found["b.png"].why is not None
    assert found["b.png"].why[0] is RefusalCode.UNSUPPORTED
    assert found["f.png"].why is not None


@pytest.mark.parametrize("paper", [255, 235, 190])
def test_a_picture_of_a_printed_page_is_no_film(paper: int) -> None:
    from caseloom.sources.picture_kind import is_page

    assert is_page(np.asarray(page(paper=paper)))
    assert is_page(np.asarray(page(paper=paper).rotate(90, expand=True)))
    assert not is_page(np.asarray(radiograph()))
    assert not is_page(np.asarray(Image.eval(radiograph(), lambda value: 255 - value)))


def test_real_pictures_are_told_apart(shared_data: Path) -> None:
    from caseloom.sources.picture_kind import picture_kind

    films = [*(shared_data / "cxr_longitudinal/images").iterdir(), *(shared_data / "cxr_findings/images").iterdir(),
             *(shared_data / "cxr_nih").glob("*.png")]
    scans = [shared_data / "lab_series" / name for name in ("dev-08.png", "dev-11.jpg", "dev-19.jpg")]
    scans += [shared_data / "lab_reports" / name for name in (
        "aws_medical-notes.png", "aws_patient_intake_form_sample.jpg", "fhir_r4_101_cbc_scan.jpg")]
    masks = list((shared_data / "cxr_longitudinal/lung_masks").iterdir())[:5]

    assert {picture_kind(path, Limits())[0] for path in films} == {FileKind.FILM}
    assert {picture_kind(path, Limits())[0] for path in scans} == {FileKind.DOCUMENT}
    assert {picture_kind(path, Limits())[0] for path in masks} == {FileKind.SEGMENTATION}


def nifti(values: np.ndarray) -> bytes:
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *values.shape[::-1], 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<fff", header, 108, 352, 1, 0)
    header[344:348] = b"n+1\0"
    return bytes(header) + values.astype("<i2").tobytes()


def test_volumes_without_a_modality_are_told_by_their_values(tmp_path: Path, reading: Reading) -> None:
    rng = np.random.default_rng(1)
    air = np.where(rng.random((20, 30, 30)) < 0.5, rng.integers(-1010, -990, (20, 30, 30)),
                   rng.integers(-50, 80, (20, 30, 30)))
    labels = np.kron(rng.integers(0, 5, (4, 5, 3)), np.ones((5, 6, 10), int))
    (tmp_path / "ct_2025-03-04").write_bytes(gzip.compress(nifti(air)))
    (tmp_path / "labels.nii").write_bytes(nifti(labels))
    (tmp_path / "mr.nii").write_bytes(nifti(rng.integers(0, 900, (20, 30, 30))))
    (tmp_path / "short.nii").write_bytes(nifti(air)[:5000])

    found = {item.file.path: item for item in discover(tmp_path, reading)}

    assert found["ct_2025-03-04"].file.kind is FileKind.CT
    assert found["ct_2025-03-04"].date == "2025-03-04"
    assert "taken for CT" in found["ct_2025-03-04"].warnings[0]
    assert found["labels.nii"].why is not None
    assert found["labels.nii"].why[0] is RefusalCode.DERIVED_OBJECT
    assert found["mr.nii"].file.kind is FileKind.VOLUME
    assert found["short.nii"].why is not None
    assert found["short.nii"].why[0] is RefusalCode.TRUNCATED


def test_text_and_what_only_looks_like_it(tmp_path: Path, reading: Reading) -> None:
    contents = {
        "note": b"Name: Alex Sample\nMRN: 4711\nSeen today.", "other.json": b'{"a": 1}',
        "patient.txt": json.dumps({"resourceType": "Patient", "id": "p", "name": [{"family": "Roe"}]}).encode(),
        "x.xml": b"<?xml version='1.0'?><note/>", "cda.xml": b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>",
        "index.htm": b"<!DOCTYPE html><html><body>Viewer</body></html>", "start.js": b"var a = 1;",
        "u16.txt": "Name: Alex Sample\n".encode("utf-16"), "latin.txt": "Befund: Lungenödem\n".encode("cp1252"),
        "zeros": bytes(500), "blank.txt": b"  \n\n ", "empty": b"", "[note].md": b"[addendum] nothing new",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)

    found = {item.file.path: item for item in discover(tmp_path, reading)}

    kinds = {name: found[name].file.kind for name in contents}
    codes = {name: item.why[0] for name, item in found.items() if item.why}
    assert [name for name, kind in kinds.items() if kind is FileKind.NOTE and name not in codes] == [
        "note", "u16.txt", "latin.txt", "[note].md"]
    assert kinds["patient.txt"] is FileKind.RECORD
    assert found["note"].file.identities[0].ids == ("4711",)
    assert found["u16.txt"].file.identities[0].names == ("Alex Sample",)
    assert codes == {"other.json": RefusalCode.UNKNOWN_FORMAT, "x.xml": RefusalCode.UNKNOWN_FORMAT,
                     "cda.xml": RefusalCode.UNSUPPORTED, "index.htm": RefusalCode.SYSTEM_FILE,
                     "start.js": RefusalCode.SYSTEM_FILE, "zeros": RefusalCode.UNKNOWN_FORMAT,
                     "blank.txt": RefusalCode.EMPTY, "empty": RefusalCode.EMPTY}


def test_junk_of_an_export_is_named_as_such(tmp_path: Path, reading: Reading) -> None:
    for name, content in {"Thumbs.db": b"\xd0\xcf\x11\xe0", ".DS_Store": b"x", "AUTORUN.INF": b"[autorun]",
                          "__MACOSX/._scan": b"\0\5\x16\7", "viewer.exe": b"MZ\x90\0", "lib/x.dll": b"MZ\x90\0",
                          "desktop.ini": b"[.ShellClassInfo]", "run": b"#!/bin/sh\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "inner.zip").write_bytes(b"PK\x03\x04" + bytes(60))
    (tmp_path / "letter.docx").write_bytes(b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml")
    (tmp_path / "list.csv.gz").write_bytes(gzip.compress(b"a,b\n"))
    (tmp_path / "broken.nii.gz").write_bytes(gzip.compress(b"a" * 999)[:12])

    found = {item.file.path: item for item in discover(tmp_path, reading)}

    system = {name for name, item in found.items() if item.file.kind is FileKind.SYSTEM_FILE}
    assert system == set(found) - {"inner.zip", "letter.docx", "list.csv.gz", "broken.nii.gz"}
    assert {name: found[name].why[0] for name in set(found) - system if found[name].why} == {  # type: ignore[index]
        "inner.zip": RefusalCode.UNSUPPORTED, "letter.docx": RefusalCode.UNSUPPORTED,
        "list.csv.gz": RefusalCode.UNSUPPORTED, "broken.nii.gz": RefusalCode.CORRUPT}


def test_nothing_outside_the_case_is_read(make_dicom: MakeDicom, tmp_path: Path, reading: Reading) -> None:
    secret = make_dicom(tmp_path / "elsewhere" / "secret.dcm")
    case = tmp_path / "case"
    make_dicom(case / "a" / "own.dcm")
    (case / "linked.dcm").symlink_to(secret)
    (case / "folder").symlink_to(secret.parent)
    (case / "inside").symlink_to(case / "a")
    (case / "nowhere").symlink_to(case / "missing")
    (case / "loop").symlink_to(case / "loop")
    os.mkfifo(case / "pipe")

    found = {item.file.path: item for item in discover(case, reading)}

    codes = {name: item.why[0] for name, item in found.items() if item.why}
    assert codes == {"linked.dcm": RefusalCode.UNSAFE_PATH, "folder": RefusalCode.UNSAFE_PATH,
                     "inside": RefusalCode.DUPLICATE, "nowhere": RefusalCode.UNSAFE_PATH,
                     "loop": RefusalCode.UNSAFE_PATH, "pipe": RefusalCode.UNSAFE_PATH}
    assert found["linked.dcm"].file.sha256 == ""
    assert found["a/own.dcm"].why is None


def test_equal_content_is_read_once(make_dicom: MakeDicom, tmp_path: Path, reading: Reading) -> None:
    first = make_dicom(tmp_path / "a.dcm")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "copy.dcm").write_bytes(first.read_bytes())

    kept, copy = discover(tmp_path, reading)

    assert kept.why is None
    assert copy.why is not None
    assert copy.why[0] is RefusalCode.DUPLICATE
    assert "a.dcm" in copy.why[1]


def test_too_many_files_are_refused_as_a_whole(tmp_path: Path, reading: Reading) -> None:
    for number in range(12):
        (tmp_path / f"{number}.txt").write_text("x")

    with pytest.raises(NothingUsable, match="more than 10 files"):
        discover(tmp_path, Reading(Limits(max_files=10), reading.cache))


def test_an_index_of_an_export_is_set_aside_and_its_files_are_read(make_dicom: MakeDicom, tmp_path: Path,
                                                                   reading: Reading) -> None:
    make_dicom(tmp_path / "export" / "DICOM" / "IM1")
    index = make_dicom(tmp_path / "export" / "DICOMDIR", "SR", patient="", SOPClassUID="1.2.840.10008.1.3.10",
                       Modality=None, StudyDate=None)
    assert index.read_bytes()[128:132] == b"DICM"

    found = {item.file.kind: item for item in discover(tmp_path / "export", reading)}

    assert set(found) == {FileKind.DICOMDIR, FileKind.CT}
    assert found[FileKind.DICOMDIR].why is not None
    assert "index" in found[FileKind.DICOMDIR].why[1]


def test_the_pixel_files_of_a_slide_belong_to_it(tmp_path: Path) -> None:
    def item(name: str, kind: FileKind, why: tuple[RefusalCode, str] | None = None) -> Found:
        return Found(CaseFile(path=name, sha256=name, size=1, kind=kind), why)

    unknown = RefusalCode.UNKNOWN_FORMAT, "?"
    found = with_companions([item("a/s.mrxs", FileKind.SLIDE), item("a/s/Data0000.dat", FileKind.UNKNOWN, unknown),
                             item("a/s/Slidedat.ini", FileKind.SYSTEM_FILE, unknown),
                             item("a/t/Data0000.dat", FileKind.UNKNOWN, unknown)])

    assert [one.file.kind for one in found] == [FileKind.SLIDE] * 3 + [FileKind.UNKNOWN]
    (study,) = studies_in(found, Manifest())
    assert [file.path for file in study.files] == ["a/s.mrxs", "a/s/Data0000.dat", "a/s/Slidedat.ini"]


def test_a_folder_is_left_as_it_was(make_dicom: MakeDicom, tmp_path: Path, reading: Reading) -> None:
    make_dicom(tmp_path / "case" / "a.dcm")
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))

    discover(tmp_path / "case", reading)

    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


def test_a_thousand_slices_take_seconds(make_dicom: MakeDicom, tmp_path: Path, reading: Reading) -> None:
    whole = make_dicom(tmp_path / "case" / "0").read_bytes()
    mark = whole.index(b"\x10\x00\x20\x00")
    for number in range(1, 1000):
        changed = whole[mark:].replace(b"P-1 ", b"P%03d" % number, 1)
        (tmp_path / "case" / str(number)).write_bytes(whole[:mark] + changed)

    start = time.perf_counter()
    found = discover(tmp_path / "case", reading)

    assert sum(item.file.kind is FileKind.CT for item in found) == 1000
    assert time.perf_counter() - start < 20


def test_a_preamble_is_not_needed_to_tell_dicom_from_text() -> None:
    assert is_dicom(b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100")
    assert is_dicom(b"\x20\x08\x00\x05\x00CS\x0a\x00")
    assert not is_dicom(b"Name: Alex Sample\n")
    assert not is_dicom(b"\x08\x00")


SOURCES = ("dicom_single/MR2_UNCR.dcm", "dicom_single/eCT_Supplemental.dcm", "dicom_single/liver.dcm",
           "dicom_single/RG1_J2KI.dcm", "hostile_dicom/badVR.dcm", "hostile_dicom/ExplVR_BigEndNoMeta.dcm",
           "ct_two_dates/A002304_19001231-076.dcm", "mr/brain1_label.nrrd", "cxr_nih/00000001_000.png",
           "ct_torso_with_segmentation/example_seg_fast.nii.gz", "wsi/CMU-1-Small-Region.svs",
           "fhir_r4_examples/Bundle-f202.json", "cxr_findings/images/X-ray_of_cyst_in_pneumocystis_pneumonia_1.jpg")


@pytest.mark.parametrize("source", SOURCES)
def test_damaged_files_never_raise(shared_data: Path, tmp_path: Path, reading: Reading, source: str) -> None:
    whole = (shared_data / source).read_bytes()
    rng = random.Random(source)  # noqa: S311 - a fixed sequence is wanted
    for turn in range(30):
        data = bytearray(whole)
        if turn % 3:
            for _ in range(rng.choice((1, 8, 200))):
                data[rng.randrange(min(len(data), 6000))] = rng.randrange(256)
        if turn % 3 != 1:
            del data[rng.randrange(len(data)):]
        path = tmp_path / "damaged"
        path.write_bytes(data)
        start = time.perf_counter()
        sighting = identify(path, "damaged", zlib.crc32(data).to_bytes(4, "big").hex(), reading)
        assert time.perf_counter() - start < 10
        assert sighting.why is None or "\n" not in sighting.why[1]


def test_hostile_files_are_refused_with_a_reason(shared_data: Path, reading: Reading) -> None:
    found = {item.file.path: item for item in discover(shared_data / "hostile_dicom", reading)}

    assert found["MR_truncated.dcm"].why is not None
    assert found["MR_truncated.dcm"].why[0] is RefusalCode.TRUNCATED
    assert all(item.why is not None for name, item in found.items() if name.endswith(".dcm"))
