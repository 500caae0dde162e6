"""Volumes against known truth, from folders in the format of the sample data and from made chests.

    python -m caseloom.evals.volume_accuracy --data ../shared/data

A folder of the data counts when it holds CT files beside label maps (`*seg*.nii.gz` on the grid of a CT, labels 10 to
14 the lobes of the lungs, left before right), or CT slices beside `boxes.json` (radiologists' boxes by
SOPInstanceUID).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..agent.door import run_tool
from ..core.boxes import Box, iou
from ..core.case import CaseFile, FileKind, Series
from ..core.errors import RefusedFile
from ..core.evidence import Evidence, VolumeSlice
from ..core.finding import Finding
from ..core.result import ToolResult
from ..core.settings import Limits
from ..phantoms import BodySpec, CaseSpec, CtSpec, NoduleSpec, VisitSpec, write_case
from ..sources.volume import Volume, load_volume
from ..tools.volume.lungs import segment_chest

Row = tuple[str, str, str]
LOBES = {"left": (10, 11), "right": (12, 13, 14)}
GOALS = "0.95 or more (two references of one scan agree at 0.969)"


def main() -> None:
    """Print one line for each measurement: what, measured, truth or goal."""
    parser = argparse.ArgumentParser(description="Volumes against known truth.")
    parser.add_argument("--data", type=Path, help="folder of folders of real data")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["CASELOOM_HOME"] = f"{scratch}/home"
        rows = phantom_rows(Path(scratch))
        for row in (*rows, *(real_rows(chosen.data) if chosen.data else ())):
            sys.stdout.write(" | ".join(row) + "\n")


def real_rows(data: Path) -> Iterator[Row]:
    """Rows of every folder below `data` that holds truth for volumes."""
    for folder in sorted(path for path in (data, *data.iterdir()) if path.is_dir()):
        yield from lung_rows(folder)
        yield from tumour_rows(folder)


def lung_rows(folder: Path) -> Iterator[Row]:
    """Dice of the lungs, each side and both, for every pair of a CT and a label map on the same grid."""
    labels = sorted(path for path in folder.glob("*.nii*") if "seg" in path.name)
    for image in sorted(folder.iterdir()) if labels else ():
        if image in labels or "mr" in image.name.split(".")[0].split("_"):
            continue
        volume = _scan(image)
        if volume is None:
            continue
        for path in labels:
            truth = _laid_on(_volume(path), volume)
            if truth is not None:
                yield from _dice_rows(f"{folder.name}, {image.name} against {path.name}", volume, truth)


def _scan(path: Path) -> Volume | None:
    """A CT from a NIfTI file or a folder of DICOM slices; None for anything else."""
    if path.name.endswith((".nii", ".nii.gz")):
        return _volume(path)
    if not path.is_dir():
        return None
    files = tuple(CaseFile(path=item.name, sha256="", size=item.stat().st_size, kind=FileKind.CT)
                  for item in sorted(path.iterdir()))
    try:
        return load_volume(Series(uid=path.name, kind=FileKind.CT, modality="CT", files=files), path, Limits())
    except RefusedFile:
        return None


def _laid_on(labels: Volume, scan: Volume) -> NDArray[Any] | None:
    """Labels in the order of the scan's rows and columns; None when they are not on its grid."""
    if labels.voxels.shape != scan.voxels.shape:
        return None
    corners = np.array([[0.0, 0.0, 0.0], [size - 1.0 for size in scan.voxels.shape]])
    index = labels.geometry.to_index(scan.geometry.to_lps(corners))
    turned = tuple(slice(None, None, -1 if first > last else 1) for first, last in zip(*index, strict=True))
    expected = np.sort(np.abs(index), axis=0)
    return labels.voxels[turned] if np.allclose(expected, corners, atol=0.1) else None


def _dice_rows(name: str, volume: Volume, labels: NDArray[Any]) -> Iterator[Row]:
    truth = {side: np.isin(labels, lobes) for side, lobes in LOBES.items()}
    if not any(mask.any() for mask in truth.values()):
        return
    found = {lung.side.value: lung.mask for lung in segment_chest(volume.voxels, volume.geometry).lungs}
    nothing = np.zeros(labels.shape, bool)
    both = found.get("bilateral", found.get("left", nothing) | found.get("right", nothing))
    yield f"{name}, both lungs, Dice", f"{dice(both, truth['left'] | truth['right']):.3f}", GOALS
    for side, mask in truth.items():
        yield f"{name}, {side} lung, Dice", f"{dice(found.get(side, nothing), mask):.3f}", GOALS


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Twice what two masks share over what they hold together; 1 when both are empty."""
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0


def _volume(path: Path) -> Volume:
    file = CaseFile(path=path.name, sha256="", size=path.stat().st_size, kind=FileKind.VOLUME)
    return load_volume(Series(uid=path.name, kind=FileKind.VOLUME, modality="CT", files=(file,)), path.parent, Limits())


def tumour_rows(folder: Path) -> Iterator[Row]:
    """For every patient in `boxes.json`: at which rank the annotated tumour stands among the candidates."""
    listed = folder / "boxes.json"
    if not listed.is_file():
        return
    slices: dict[str, dict[str, list[Box]]] = defaultdict(dict)
    for item in json.loads(listed.read_text(encoding="utf-8")):
        slices[str(Path(item["file"]).parent)][item["sop"]] = [tuple(box["box_xyxy"]) for box in item["boxes"]]
    for patient, boxes in sorted(slices.items()):
        result = run_tool("volume", folder / patient)
        places = candidates(result)
        ranks = [rank for rank, place in enumerate(places, 1) if hits(place, boxes)]
        said = f"rank {ranks[0]} of {len(places)}" if ranks else f"not among {len(places)}"
        yield f"{folder.name}, {patient}, annotated tumour", said, "rank 3 or better"
        if ranks:
            best = max(iou(places[ranks[0] - 1].box or (0, 0, 0, 0), box)
                       for box in boxes[places[ranks[0] - 1].instance_uid])
            yield f"{folder.name}, {patient}, box on the candidate's slice, IoU", f"{best:.2f}", "no goal"


def candidates(result: ToolResult) -> list[VolumeSlice]:
    """The slice and box of each nodule or mass candidate, strongest first."""
    evidence = {item.id: item for item in result.evidence}
    return [place for finding in result.findings if finding.name.endswith(" candidate")
            for place in _slices(finding, evidence)]


def _slices(finding: Finding, evidence: dict[str, Evidence]) -> Iterator[VolumeSlice]:
    for key in finding.evidence:
        locator = evidence[key].locator
        if isinstance(locator, VolumeSlice):
            yield locator


def hits(place: VolumeSlice, boxes: dict[str, list[Box]]) -> bool:
    """Whether a candidate's slice is annotated and the middle of its box lies in one of that slice's boxes."""
    if place.box is None:
        return False
    x, y = (place.box[0] + place.box[2]) / 2, (place.box[1] + place.box[3]) / 2
    return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes.get(place.instance_uid, []))


def phantom_rows(scratch: Path) -> Iterator[Row]:
    """Made chests: volumes and diameters against the truth, and candidates where there is no nodule."""
    for name, ct in (("2 mm", CtSpec()), ("1.25 mm, strong noise", CtSpec(slice_mm=1.25, noise_hu=25.0)),
                     ("5 mm", CtSpec(slice_mm=5.0))):
        for nodules in ((NoduleSpec(diameter_mm=8.0),), (NoduleSpec(diameter_mm=12.0),), ()):
            yield from _phantom_rows(scratch, f"made chest, {name}", ct, nodules)


def _phantom_rows(scratch: Path, name: str, ct: CtSpec, nodules: tuple[NoduleSpec, ...]) -> Iterator[Row]:
    visit = VisitSpec("2025-03-04", nodules, None, ct, None)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        spec = CaseSpec(visits=(visit,), slide=None, labs=(), record=None, letter=False,
                        body=BodySpec() if nodules else BodySpec(quiet_mm=(), blood_hu=45.0))
        case = write_case(spec, Path(folder))
        truth, = json.loads((Path(folder) / "truth.json").read_text(encoding="utf-8"))["studies"]
        result = run_tool("volume", case)
    sizes = [item.number or 0.0 for item in result.findings if item.name.endswith(" candidate")]
    if not nodules:
        yield f"{name}, no nodule, candidates", str(len(sizes)), "0"
        return
    true_mm = nodules[0].diameter_mm
    yield f"{name}, nodule, mean diameter (mm)", ", ".join(f"{size:g}" for size in sizes) or "none", f"{true_mm:g} ± 1"
    for side in ("right", "left"):
        ml = next((item.number for item in result.findings if item.name == "Lung volume" and item.laterality == side),
                  None)
        true_ml = float(truth["lung_ml"][side])
        said = "none" if ml is None else f"{ml:.0f} ({100 * (ml / true_ml - 1):+.1f} %)"
        yield f"{name}, {side} lung (mL)", said, f"{true_ml:.0f} ± 3 %"


if __name__ == "__main__":
    main()
