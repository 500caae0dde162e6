"""Cases to review."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import caseloom
from caseloom.agent.chat.session import Chat
from caseloom.agent.door import open_chat
from caseloom.core.report import Report
from caseloom.evals.chat_planted import write_planted

MANIFEST = """\
patient:
  id: Lung_Dx-A0001
  aliases: [{aliases}]
question: Does the patient have diabetes?
files:
  films/{first}: {{date: 2020-03-01, view: PA}}
  films/{second}: {{date: 2020-03-12, view: PA}}
"""


@pytest.fixture(scope="session")
def real_case(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of real files of several kinds, told by case.yaml to be one patient's."""
    case = tmp_path_factory.mktemp("real") / "case"
    shutil.copytree(shared_data / "ct_chest" / "Lung_Dx-A0001", case / "ct")
    (case / "films").mkdir()
    films = _two_films(shared_data / "cxr_longitudinal")
    for film in films:
        shutil.copy(shared_data / "cxr_longitudinal" / "images" / film, case / "films")
    (case / "other").mkdir()
    bundle = next((shared_data / "fhir_synthea").glob("Buddy*.json"))
    for file in (shared_data / "wsi" / "CMU-1-Small-Region.svs", shared_data / "lab_reports" / "fhir_r4_101_cbc.pdf",
                 shared_data / "lab_reports" / "fhir_r4_101_cbc_scan.jpg", bundle,
                 shared_data / "hostile_dicom" / "MR_truncated.dcm"):
        shutil.copy(file, case / "other")
    aliases = ["23453", bundle.stem.split("_")[-1], "4MR1"]
    (case / "case.yaml").write_text(MANIFEST.format(aliases=", ".join(f'"{alias}"' for alias in aliases),
                                                    first=films[0], second=films[1]), encoding="utf-8")
    return case


def _two_films(folder: Path) -> list[str]:
    """The first two frontal films of one patient, by day."""
    entries = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    patients = {entry["patientid"] for entry in entries}
    of_one = min((sorted((int(entry["offset"]), entry["filename"]) for entry in entries
                         if entry["patientid"] == patient and entry["offset"]) for patient in patients),
                 key=lambda films: (-len(films), films))
    return [name for _, name in of_one[:2]]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped synthetic case."""
    from caseloom.phantoms import write_demo

    return write_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def reviewed(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    """The demo's report and its folder, beside the state folder `home` of its review."""
    folder = tmp_path_factory.mktemp("reviewed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASELOOM_HOME", str(folder / "home"))
        return caseloom.review_case(demo, out=folder / "out"), folder / "out"


@pytest.fixture(scope="session")
def planted(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Chat:
    """A chat about a case whose sources hold instructions, driven by rules."""
    folder = tmp_path_factory.mktemp("planted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASELOOM_HOME", str(folder / "home"))
        return open_chat(write_planted(demo, folder / "case"), keep=False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of its own."""
    monkeypatch.setenv("CASELOOM_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
