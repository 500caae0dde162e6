"""CT-RATE in the shape that it is distributed in, asked of a scripted reader; and what every task does with answers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import evaluated_until_killed
import numpy as np
import pytest
from made_ct_rate import LABELS, TRUTH, table, write_ct_rate
from scripted_reader import SCRIPTED, ScriptedReader

from caseloom.core.errors import NothingUsable, ReaderFailed, ReaderUnavailable, StoreError, UsageError
from caseloom.evals.published.ct_rate import TASK
from caseloom.evals.published.evaluate import Wish, evaluate
from caseloom.evals.published.kept import reader_key
from caseloom.evals.published.task import Source
from caseloom.memory.home import Home
from caseloom.readers.measure import MeasureReader
from caseloom.readers.request import Request

Script = Callable[[Request[Any]], str]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ct_rate(tmp_path_factory.mktemp("ct-rate"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def says(answers: dict[str, str]) -> Script:
    """Answers by the condition; only where there is something to see."""
    def script(request: Request[Any]) -> str:
        seen = any(picture.pixels.any() for picture in request.pictures)
        condition = next(name for name in LABELS if f"is there {name}?" in str(request.parts[-1]))
        return f"Final Answer: {answers[condition] if seen else 'no'}"

    return script


def test_scores_baselines_and_published_results_stand_together(data: Path, home: Home) -> None:
    reader = ScriptedReader(says({"Emphysema": "yes", "Pleural effusion": "no", "Lung nodule": "perhaps"}))
    result = evaluate("ct-rate", Source(data), reader, home)
    f1 = result.scores[0]
    # emphysema: tp 2, fp 2; effusion: fn 1; no nodule is there, and none was called
    assert f1.ours.value == pytest.approx((2 * 2 / (2 * 2 + 2) + 0) / 2)
    assert (f1.baselines["nothing"].value, f1.baselines["blind"].value) == (0.0, 0.0)
    # always yes: tp 2, fp 2; tp 1, fp 3; no nodule is there, so it is left out for everybody
    assert f1.baselines["always_yes"].value == pytest.approx((2 / 3 + 2 / 5) / 2)
    assert {(item.model, item.value) for item in f1.reported} >= {("MedGemma 1.5 4B", 0.269), ("MedGemma 1.5 4B", 0.27)}
    assert (result.cases, result.units, result.questions, result.answered) == (4, 3, 12, 8)
    nodule, = (line for line in result.classes if line.group == "Lung nodule")
    assert (nodule.n, nodule.not_answered, nodule.values["macro_f1"]) == (4, 4, None)
    assert any("contradict" in note for note in result.notes)
    assert any("not one to judge by" in note for note in result.notes)


def test_the_prompt_is_the_published_one_after_labelled_slices(data: Path, home: Home) -> None:
    reader = ScriptedReader(lambda request: "no")
    evaluate("ct-rate", Source(data, limit=1), reader, home, wish=Wish(blind=False))
    request = reader.requests[0]
    assert request.parts[-1] == ("\n\nYou are an expert radiologist for chest CT. Looking at these CT slices, is there "
                                 "Emphysema? Answer with 'Final Answer: yes' or 'Final Answer: no'")
    assert request.parts[1] == "SLICE 1"
    assert len(reader.requests) == len(LABELS)


def test_stored_values_become_hounsfield_units(data: Path, home: Home, tmp_path: Path) -> None:
    shown = []
    for root in (data, write_ct_rate(tmp_path / "stored", fixed=False)):
        reader = ScriptedReader(lambda request: "no")
        result = evaluate("ct-rate", Source(root), reader, home, wish=Wish(blind=False))
        shown.append([picture.pixels for picture in reader.requests[0].pictures])
    assert all(np.abs(one.astype(int) - other).max() <= 7 for one, other in zip(*shown, strict=True))
    assert any("stored values" in note for note in result.notes)


def test_of_the_reconstructions_of_a_scan_the_first_one_there_counts(home: Home, tmp_path: Path) -> None:
    """Results are published on scans; a scan whose first reconstruction is not there is asked about in its second."""
    root = write_ct_rate(tmp_path, absent=["valid_2_a_1.nii.gz"])
    for scan in ("valid_1_a", "valid_2_a"):
        kept = next(root.rglob("valid_1_a_1.nii.gz"))
        path = kept.parents[2] / scan[:-2] / scan / f"{scan}_2.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(kept.read_bytes())
    table(next(root.rglob("*labels.csv")), ["VolumeName", *LABELS],
          [[name, 0, 0, 0] for name in ("valid_2_a_2.nii.gz", "valid_1_a_2.nii.gz", *TRUTH)])
    loaded = TASK.load(Source(root))
    assert [case.id for case in loaded.cases] == [
        "valid_2_a_2.nii.gz", "valid_1_a_1.nii.gz", "valid_1_b_1.nii.gz", "valid_3_a_1.nii.gz"]
    assert any("several reconstructions in the folder: 1;" in note for note in loaded.notes)
    assert not any("left out" in note for note in loaded.notes)


def test_without_metadata_only_hounsfield_units_are_shown(home: Home, tmp_path: Path) -> None:
    root = write_ct_rate(tmp_path / "ct", fixed=False)
    for name in ("validation_metadata.csv", "valid_predicted_labels.csv"):
        path = next(root.rglob(name))
        path.rename(root / f"dataset_{path.parent.name}_{name}")
    reader = ScriptedReader(lambda request: "no")
    result = evaluate("ct-rate", Source(root), reader, home, wish=Wish(blind=False))
    assert (result.answered, result.questions) == (12, 12)
    next(root.glob("*metadata.csv")).unlink()
    assert any("taken as Hounsfield units" in note for note in TASK.load(Source(root)).notes)
    with pytest.raises(NothingUsable, match=r"not one of the 12 questions could be put; .*do not reach down to air"):
        evaluate("ct-rate", Source(root), reader, home, wish=Wish(blind=False))


def test_a_run_that_was_stopped_goes_on_and_another_reader_never_mixes(data: Path, home: Home, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def breaks(request: Request[Any]) -> str:
        if len(reader.requests) > 6:
            raise ReaderFailed("out of memory")
        return "Final Answer: yes"

    reader = ScriptedReader(breaks)
    stopped = evaluate("ct-rate", Source(data, limit=2), reader, home, wish=Wish(resume=True, blind=False, out=out))
    assert stopped.answered == 6
    with (out / "answers.jsonl").open("ab") as file:
        file.write(b'{"key": "torn')
    again = ScriptedReader(lambda request: "Final Answer: no")
    whole = evaluate("ct-rate", Source(data), again, home, wish=Wish(resume=True, blind=False, out=out))
    assert (whole.answered, len(again.requests)) == (12, 6)
    other = ScriptedReader(lambda request: "Final Answer: no", SCRIPTED.model_copy(update={"revision": "2"}))
    evaluate("ct-rate", Source(data), other, home, wish=Wish(resume=True, blind=False, out=out))
    assert len(other.requests) == 12
    fresh = ScriptedReader(lambda request: "Final Answer: no")
    evaluate("ct-rate", Source(data), fresh, home, wish=Wish(blind=False, out=out))
    assert len(fresh.requests) == 12
    written = json.loads((out / "ct-rate.result.json").read_text(encoding="utf-8"))
    assert (written["schema"], written["answered"]) == ("caseloom.eval/1", 12)
    assert len((out / "ct-rate.items.jsonl").read_text(encoding="utf-8").splitlines()) == 12
    assert "| always \"no\" | 0.0" in (out / "evaluation.md").read_text(encoding="utf-8")


def test_answers_of_another_version_are_not_taken_over() -> None:
    """It prepares pictures and takes values from texts, whoever reads."""
    for identity in (SCRIPTED, MeasureReader().identity):
        assert len({reader_key(identity), reader_key(identity, "1"), reader_key(identity, "2")}) == 3


def test_a_killed_run_loses_only_what_was_under_way(home: Home, tmp_path: Path) -> None:
    """Nine conditions make two volumes fill a call; the process dies in the second call."""
    root, out = write_ct_rate(tmp_path / "nine"), tmp_path / "out"
    names = [f"{label} {number}" for label in LABELS for number in range(3)]
    table(root / "dataset" / "multi_abnormality_labels" / "valid_predicted_labels.csv", ["VolumeName", *names],
          [[name, *([1] * 9)] for name in TRUTH])
    script = Path(evaluated_until_killed.__file__)
    done = subprocess.run([sys.executable, str(script), str(root), str(out), str(tmp_path / "home"), "18"],
                          check=False, capture_output=True, timeout=100)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len((out / "answers.jsonl").read_bytes().splitlines()) == 18
    reader = ScriptedReader(lambda request: "Final Answer: no")
    result = evaluate("ct-rate", Source(root), reader, home, wish=Wish(resume=True, blind=False, out=out))
    assert (result.answered, len(reader.requests)) == (36, 18)
    assert result.scores[0].ours.value == pytest.approx(2 * 2 / (2 * 2 + 2))


def test_a_changed_line_of_kept_answers_is_named(data: Path, home: Home, tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(StoreError, match=r"line 1 of answers.jsonl"):
        evaluate("ct-rate", Source(data), ScriptedReader(lambda request: "no"), home,
                 wish=Wish(resume=True, out=tmp_path))


def test_a_reader_that_fails_again_and_again_ends_the_run(home: Home, tmp_path: Path) -> None:
    with pytest.raises(ReaderFailed, match=r"0 of 12 questions are answered; the same command with --resume goes on"):
        evaluate("ct-rate", Source(write_ct_rate(tmp_path / "few")), ScriptedReader({}), home)
    root = write_ct_rate(tmp_path / "many")
    table(root / "dataset" / "multi_abnormality_labels" / "valid_predicted_labels.csv",
          ["VolumeName", *(f"{name} {number}" for name in LABELS for number in range(9))],
          [[name, *([0] * 27)] for name in TRUTH])
    fails = ScriptedReader(lambda request: "no" if len(fails.requests) <= 27 else raised())
    with pytest.raises(ReaderFailed, match=r"server down \(27 of 108 questions are answered"):
        evaluate("ct-rate", Source(root), fails, home)


def raised() -> str:
    raise ReaderFailed("server down")


def test_what_is_missing_or_damaged_is_said(data: Path, home: Home, tmp_path: Path) -> None:
    reader = ScriptedReader(lambda request: "Final Answer: no")
    root = write_ct_rate(tmp_path / "partial", absent=["valid_2_a_1.nii.gz"])
    next(root.rglob("valid_3_a_1.nii.gz")).write_bytes(b"no volume")
    result = evaluate("ct-rate", Source(root), reader, home, wish=Wish(blind=False))
    assert any("1 of the 4 scans" in note for note in result.notes)
    assert (result.cases, result.answered) == (3, 6)
    assert len({item.reason for item in result.problems}) == 1
    with pytest.raises(UsageError, match="expected is CT-RATE's dataset folder"):
        evaluate("ct-rate", Source(tmp_path / "nowhere"), reader, home)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingUsable, match="expected is CT-RATE's dataset folder"):
        evaluate("ct-rate", Source(tmp_path / "empty"), reader, home)
    with pytest.raises(ReaderUnavailable, match="'measure' interprets nothing and cannot answer ct-rate"):
        evaluate("ct-rate", Source(data), MeasureReader(), home)
