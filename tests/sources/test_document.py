"""Documents: read in a limited process, words where they are, hostile files without harm."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image

from caseloom.core.errors import RefusedFile
from caseloom.core.refusal import RefusalCode
from caseloom.core.settings import Limits, Settings
from caseloom.sources.document import Document, read_document, render_page
from caseloom.sources.document_kind import DocumentKind
from caseloom.sources.open import open_case
from caseloom.sources.pdf_child import raised_in
from caseloom.sources.pdf_process import ended_badly

LINES = ("Laboratory Report", "Patient: SAMPLE, ALEX   MRN: 12345", "Collected: 18.01.2024 08:14",
         "Glucose   142   mg/dL   70 - 99", "Sodium   139   mmol/L   135 - 145", "Potassium   4.1   mmol/L   3.5 - 5.1")


def page_with(document: pymupdf.Document, lines: tuple[str, ...] = LINES, rotate: int = 0) -> None:
    page = document.new_page(width=600, height=800)
    for number, line in enumerate(lines):
        page.insert_text((50, 100 + 20 * number), line, fontsize=10)
    page.set_rotation(rotate)


def written(folder: Path, document: pymupdf.Document, **options: object) -> Path:
    path = folder / "document.pdf"
    document.save(path, **options)
    return path


def read(path: Path, cache: Path, **limits: float) -> Document:
    return read_document(path, hashlib.sha256(path.read_bytes()).hexdigest(), cache, Limits(**limits))


def test_words_stand_where_they_were_printed(tmp_path: Path) -> None:
    with pymupdf.open() as made:
        page_with(made)
        document = read(written(tmp_path, made), tmp_path)
    page = document.pages[0]
    glucose = next(word for word in page.words if word.text == "Glucose")
    assert (page.width, page.height, page.unit, page.origin) == (600, 800, "pt", "text layer")
    assert glucose.box[0] == pytest.approx(50, abs=1)
    assert glucose.box[1] < 160 < glucose.box[3]
    assert glucose.confidence is None
    assert [word.text for word in page.lines[3]] == ["Glucose", "142", "mg/dL", "70", "-", "99"]
    assert document.kind is DocumentKind.LAB_REPORT
    assert document.date == "2024-01-18T08:14"
    assert [(who.ids, who.names) for who in document.identities()] == [(("12345",), ("SAMPLE, ALEX",))]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_rotated_page_keeps_boxes_on_the_unrotated_page(tmp_path: Path, rotation: int) -> None:
    with pymupdf.open() as made:
        page_with(made, rotate=rotation)
        document = read(written(tmp_path, made), tmp_path)
    page = document.pages[0]
    glucose = next(word for word in page.words if word.text == "Glucose")
    assert page.rotation == rotation
    assert (page.width, page.height) == (600, 800)
    assert glucose.box[0] == pytest.approx(50, abs=1)


def test_text_that_runs_up_the_page_is_read_upright(tmp_path: Path) -> None:
    with pymupdf.open() as made:
        page = made.new_page(width=600, height=800)
        for number, line in enumerate(LINES):
            page.insert_text((100 + 20 * number, 700), line, fontsize=10, rotate=90)
        document = read(written(tmp_path, made), tmp_path)
    upright = document.pages[0]
    glucose = next(word for word in upright.words if word.text == "Glucose")
    assert [word.text for word in upright.lines[3]] == ["Glucose", "142", "mg/dL", "70", "-", "99"]
    assert glucose.box[3] - glucose.box[1] > glucose.box[2] - glucose.box[0], "on the unrotated page it stands"
    assert glucose.place[2] - glucose.place[0] > glucose.place[3] - glucose.place[1], "upright it lies"


def test_what_was_read_once_comes_from_the_cache(tmp_path: Path) -> None:
    with pymupdf.open() as made:
        page_with(made)
        path = written(tmp_path, made)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    first = read_document(path, digest, tmp_path, Limits())
    path.unlink()
    assert read_document(path, digest, tmp_path, Limits()) == first


def test_a_damaged_cache_is_read_again(tmp_path: Path) -> None:
    with pymupdf.open() as made:
        page_with(made)
        path = written(tmp_path, made)
    first = read(path, tmp_path)
    kept = next((tmp_path / "documents").iterdir())
    kept.write_bytes(kept.read_bytes()[:100])
    assert read(path, tmp_path) == first


def refusal_of(path: Path, cache: Path, **limits: float) -> RefusedFile:
    with pytest.raises(RefusedFile) as caught:
        read(path, cache, **limits)
    return caught.value


def test_a_document_that_was_cut_off_and_put_together_again_says_so(tmp_path: Path) -> None:
    with pymupdf.open() as made:
        page_with(made)
        page_with(made)
        folder = tmp_path / "case"
        folder.mkdir()
        path = written(folder, made)
    assert not any(page.repaired for page in read(path, tmp_path).pages)
    whole = path.read_bytes()
    path.write_bytes(whole[:whole.rindex(b"xref")])
    assert all(page.repaired for page in read(path, tmp_path).pages)
    case = open_case(folder, settings=Settings(home=tmp_path / "home"), key=b"k" * 32)
    assert case.warnings[0].startswith("document.pdf: the document is damaged")


def test_a_protected_document_says_so(tmp_path: Path) -> None:
    with pymupdf.open() as made:
        page_with(made)
        path = written(tmp_path, made, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="secret", owner_pw="secret")
    assert refusal_of(path, tmp_path).code is RefusalCode.ENCRYPTED


def test_too_many_pages_are_refused(tmp_path: Path) -> None:
    with pymupdf.open() as made:
        for _ in range(3):
            page_with(made)
        path = written(tmp_path, made)
    assert refusal_of(path, tmp_path, max_document_pages=2).code is RefusalCode.TOO_LARGE


def test_a_document_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    with pymupdf.open() as made:
        page_with(made)
        path = written(tmp_path, made)
    assert refusal_of(path, tmp_path, document_seconds=0.0005).code is RefusalCode.TIMED_OUT


def test_documents_are_read_after_one_that_was_given_up_and_side_by_side(tmp_path: Path) -> None:
    paths = []
    for number in range(4):
        with pymupdf.open() as made:
            page_with(made, (f"Number {number}",))
            (tmp_path / str(number)).mkdir()
            paths.append(written(tmp_path / str(number), made))
    refusal_of(paths[0], tmp_path, document_seconds=0.0005)
    with ThreadPoolExecutor(3) as pool:
        documents = list(pool.map(lambda path: read(path, tmp_path), paths))
    assert [document.text for document in documents] == ["Number 0", "Number 1", "Number 2", "Number 3"]


def test_a_document_that_wants_too_much_memory_is_given_up(tmp_path: Path) -> None:
    Image.new("L", (6000, 6000)).save(tmp_path / "large.png")
    error = refusal_of(tmp_path / "large.png", tmp_path, document_memory_bytes=20 * 1024 * 1024)
    assert error.code is RefusalCode.TOO_LARGE


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    Image.new("1", (9000, 9000)).save(tmp_path / "bomb.png")
    assert refusal_of(tmp_path / "bomb.png", tmp_path).code is RefusalCode.TOO_LARGE


def test_a_cut_off_picture_is_damaged(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (300, 300), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "cut.png")
    whole = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:len(whole) // 2])
    assert refusal_of(tmp_path / "cut.png", tmp_path).code is RefusalCode.CORRUPT


def test_a_blank_page_has_no_text(tmp_path: Path) -> None:
    with pymupdf.open() as made:
        made.new_page()
        path = written(tmp_path, made)
    assert refusal_of(path, tmp_path).code is RefusalCode.NO_TEXT


def test_a_file_that_is_no_document_is_refused_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "secret-name.pdf").write_bytes(b"not a document at all")
    error = refusal_of(tmp_path / "secret-name.pdf", tmp_path)
    assert error.code is RefusalCode.UNKNOWN_FORMAT
    assert "secret-name" not in str(error)


def test_hostile_documents_do_no_harm(tmp_path: Path, shared_data: Path) -> None:
    paths = sorted((shared_data / "hostile_pdf").glob("*.pdf"))
    assert len(paths) >= 9
    for path in paths:
        try:
            document = read(path, tmp_path, document_seconds=30.0)
        except RefusedFile as error:
            assert path.stem not in str(error)
        else:
            assert sum(len(page.words) for page in document.pages) < 1000


def test_a_page_is_drawn_unrotated_within_the_limit(tmp_path: Path) -> None:
    with pymupdf.open() as made:
        page_with(made, rotate=90)
        path = written(tmp_path, made)
    pixels = render_page(path, 1, 72.0, Limits())
    assert pixels.shape == (800, 600, 3)
    small = render_page(path, 1, 300.0, Limits(max_page_pixels=1_000_000))
    assert small.shape[0] * small.shape[1] <= 1_010_000


@pytest.mark.parametrize(("name", "kind"), [
    ("lab_series/dev-23.pdf", DocumentKind.LETTER), ("lab_series/dev-12.pdf", DocumentKind.LAB_REPORT),
    ("lab_series/dev-22.pdf", DocumentKind.LAB_REPORT)])
def test_kinds_of_real_documents(tmp_path: Path, shared_data: Path, name: str, kind: DocumentKind) -> None:
    assert read(shared_data / name, tmp_path).kind is kind


@pytest.mark.parametrize(("last", "code"), [
    ("MemoryError", RefusalCode.TOO_LARGE), ("MemoryError: out of it", RefusalCode.TOO_LARGE),
    ("numpy._core._exceptions._ArrayMemoryError: Unable to allocate 9.1 GiB", RefusalCode.TOO_LARGE)])
def test_a_process_that_gets_no_memory_is_the_documents_fault(last: str, code: RefusalCode) -> None:
    assert ended_badly(1, f"Traceback (most recent call last):\n  somewhere\n{last}\n", Limits()).code is code


def test_a_bug_that_only_speaks_of_memory_is_no_damaged_document() -> None:
    with pytest.raises(RuntimeError, match="KeyError"):
        ended_badly(1, 'Traceback\n    limit_process(request["memory_bytes"])\nKeyError: \'memory_bytes\'\n', Limits())


def test_only_errors_out_of_the_library_are_the_documents_fault(tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    with pytest.raises(Exception, match=r".") as theirs:
        pymupdf.open(tmp_path / "broken.pdf")
    with pytest.raises(ValueError, match="ours") as ours:
        raise ValueError("ours")
    assert raised_in("pymupdf", theirs.value)
    assert not raised_in("pymupdf", ours.value)
