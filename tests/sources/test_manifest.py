"""case.yaml: what a person may say, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from caseloom.core.case import FileKind
from caseloom.core.errors import UsageError
from caseloom.sources.manifest import in_folder, manifest_in, read_manifest


def written(folder: Path, text: str) -> Path:
    path = folder / "case.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    manifest = read_manifest(written(tmp_path, """
        patient: {id: 00151152, aliases: [P-1, "Sample, Alex"]}
        question: Has the nodule grown?
        files:
          films/a.png: {date: 2025-03-04, modality: cr, view: PA, body_part: CHEST}
          films: {date: 2024, view: AP}
          .\\win\\b.nii: {modality: MR}
        """))

    assert manifest.patient is not None
    assert manifest.patient.id == "00151152"
    assert manifest.patient.aliases == ("P-1", "Sample, Alex")
    assert manifest.question == "Has the nodule grown?"
    entry = manifest.entry("films/a.png")
    assert (entry.date, entry.modality, entry.kind, entry.view) == ("2025-03-04", "CR", FileKind.FILM, "PA")
    assert (manifest.entry("films/b.png").date, manifest.entry("films/b.png").view) == ("2024", "AP")
    assert manifest.entry("win/b.nii").kind is FileKind.MR
    assert manifest.entry("elsewhere").date is None
    assert manifest.unknown_paths(["films/x.png"]) == ["films/a.png", "win/b.nii"]
    assert in_folder(manifest, "top").entry("top/films/a.png").view == "PA"


@pytest.mark.parametrize("text", ["", "patient: 23453", "patient: '23453'", "question:\npatient: 23453"])
def test_short_forms(tmp_path: Path, text: str) -> None:
    patient = read_manifest(written(tmp_path, text)).patient

    assert (patient.id if patient else None) == ("23453" if text else None)


@pytest.mark.parametrize(("text", "told"), [
    ("pateint: 1", "unknown key 'pateint'"),
    ("files: {a.png: {dat: 2025}}", "unknown key 'files > a.png > dat'"),
    ("files: {a.png: {date: 03/04/2025}}", "'03/04/2025' is no date"),
    ("files: {a.png: {date: 2025-02-30}}", "'2025-02-30' is no date"),
    ("files: {a.png: {modality: XYZ}}", "'XYZ' is none of"),
    ("patient: {aliases: [a]}", "patient > id"),
    ("- a\n- b", "the top"),
    ("a: [1, 2", "not valid YAML in line"),
    ("a: !!python/object/apply:os.system [true]", "unknown key"),
    ("[" * 5000, "not valid YAML"),
])
def test_mistakes_are_one_line_that_names_the_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_manifest(written(tmp_path, text))

    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_case_yaml_may_lie_in_the_only_folder(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    written(tmp_path / "export", "patient: 1")
    assert manifest_in(tmp_path) == "export/case.yaml"

    (tmp_path / "second").mkdir()
    assert manifest_in(tmp_path) is None
