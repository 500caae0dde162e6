"""The comparison of statements with indexed reports, on made-up reports of the collection's shape."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from caseloom.evals.statement_accuracy import compare, reports_in, score_rows, section

REPORTS = {
    1: ("The heart is mildly enlarged. Small left pleural effusion.", ["Cardiomegaly/mild", "Pleural Effusion/right"]),
    2: ("Heart size is not enlarged. No effusion. Old rib fractures.", ["Fractures, Bone/ribs/healed"]),
    3: ("Tortuous, calcified aorta. Mass in the right apex.", ["normal"]),
    4: ("Clear lungs.", ["No Indexing"])}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, (text, headings) in REPORTS.items():
        majors = "".join(f"<major>{heading}</major>" for heading in headings)
        (tmp_path / f"{number}.xml").write_text(
            f'<eCitation><uId id="CXR{number}"/><AbstractText Label="FINDINGS">{text}</AbstractText>'
            f'<AbstractText Label="IMPRESSION"/><MeSH>{majors}</MeSH></eCitation>', encoding="utf-8")
    return tmp_path


def test_findings_and_sides_are_compared_by_hand(folder: Path) -> None:
    compared = [one for report in reports_in(folder) for one in compare(report)]
    assert {one.report.number for one in compared} == {1, 2, 3}
    told = {(one.report.number, one.finding): (one.indexed, one.found, one.mentioned, one.sides)
            for one in compared if one.indexed or one.mentioned}
    assert told == {
        (1, "cardiomegaly"): (True, True, True, None), (1, "pleural effusion"): (True, True, True, ("right", "left")),
        (2, "cardiomegaly"): (False, False, True, None), (2, "pleural effusion"): (False, False, True, None),
        (2, "fracture"): (True, True, True, None), (3, "tortuous aorta"): (False, True, True, None),
        (3, "mass"): (False, True, True, None)}
    *_, total = score_rows(compared)
    assert total == ("all", "3", "0.600", "1.000", "0.750", "0.429", "0 of 1")
    assert "### 1 reports, held out" in section(compared)


def test_an_archive_is_read_like_its_folder(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "reports.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for file in sorted(folder.glob("*.xml")):
            archive.add(file, f"ecgen-radiology/{file.name}")
    assert list(reports_in(path)) == list(reports_in(folder))
