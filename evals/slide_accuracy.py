"""Slides against known truth: nuclei of phantoms under several stains, focus, SVS against its DICOM twin, the demo.

    python -m caseloom.evals.slide_accuracy [--data ../shared/data] [--write docs/accuracy.md]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from ..agent.door import run_tool
from ..core.evidence import SlideRegion
from ..core.result import ToolResult
from ..phantoms.nuclei import Painted, paint_nuclei
from ..phantoms.slide import write_slide
from ..phantoms.specs import SlideSpec
from ..tools.pathology.nuclei import Nuclei, find_nuclei
from ..tools.pathology.stains import estimate_stains
from .sections import machine, today, write_section

TITLE = "Slides"
MATCH_UM = 4.0
"""Pairs of mutual nearest neighbours within this distance are one nucleus."""
STAINS = {
    "reference stain (Macenko 2009)": ((0.5626, 0.7201, 0.4062), (0.2159, 0.8012, 0.5581), 1.0),
    "the same, 0.6 times as strong": ((0.5626, 0.7201, 0.4062), (0.2159, 0.8012, 0.5581), 0.6),
    "the same, 1.5 times as strong": ((0.5626, 0.7201, 0.4062), (0.2159, 0.8012, 0.5581), 1.5),
    "bluer haematoxylin, pinker eosin": ((0.65, 0.70, 0.29), (0.10, 0.95, 0.25), 1.0),
}
DENSITIES = (300, 1000, 3000, 6000)
"""Nuclei per mm²."""
Row = tuple[str, ...]


def main() -> None:
    """Print the section, and write it where asked."""
    parser = argparse.ArgumentParser(description="Slides against known truth.")
    parser.add_argument("--data", type=Path, help="folder of real sample data")
    parser.add_argument("--write", type=Path, help="also write the section to this file")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["CASELOOM_HOME"] = f"{scratch}/home"
        lines = [f"Measured on {today()} by `evals/slide_accuracy.py` ({machine()}).", "", *nuclei_lines(), "",
                 *_table(("what", "measured", "goal"), [*demo_rows(Path(scratch)), *twin_rows(chosen.data)])]
    sys.stdout.write("\n".join([f"## {TITLE}", "", *lines, ""]))
    if chosen.write:
        write_section(chosen.write, TITLE, lines)


def nuclei_lines() -> Iterator[str]:
    """Precision, recall and radii of painted nuclei, and what blur costs."""
    yield ("Nuclei painted as ellipses of 2.5 to 5 µm half axes on textured eosin, 2 fields of 0.2 mm² a row, at 10x; "
           f"pairs within {MATCH_UM:g} µm that are each other's nearest count as found. Painted nuclei are easier than "
           "real ones; no labelled set of real nuclei was at hand.")
    yield ""
    rows = [_nuclei_row(stain, per_mm2, 0.0) for stain in STAINS for per_mm2 in DENSITIES]
    first = next(iter(STAINS))
    rows += [_nuclei_row(first, 3000, blur) for blur in (1.0, 2.0)]
    head = ("stain", "nuclei/mm²", "precision", "recall", "count / truth", "error of radius, mean ± SD (µm)")
    yield from _table(head, rows)


def _nuclei_row(stain: str, per_mm2: int, blur: float) -> Row:
    found_pairs, found, true, errors = 0, 0, 0, list[float]()
    for seed in (1, 2):
        painted = paint_nuclei(448, per_mm2, STAINS[stain], seed)
        pixels = painted.pixels
        if blur:
            pixels = np.asarray(ndimage.gaussian_filter(pixels, (blur, blur, 0)), np.uint8)
        nuclei = nuclei_of(pixels)
        near, truth_of = pairs(nuclei, painted)
        found_pairs, found, true = found_pairs + int(near.sum()), found + len(nuclei), true + len(painted.centres)
        errors += (nuclei.radii[near] - painted.radii[truth_of[near]]).tolist()
    name = f"{stain}, blurred by {blur:g} µm" if blur else stain
    return (name, str(per_mm2), f"{found_pairs / max(found, 1):.3f}", f"{found_pairs / true:.3f}",
            f"{found / true:.2f}", f"{np.mean(errors):+.2f} ± {np.std(errors):.2f}")


def nuclei_of(pixels: NDArray[np.uint8]) -> Nuclei:
    """What the tool finds on a slide that looks like this field everywhere: (rows, columns, 3) uint8 at 10x."""
    stains = estimate_stains(pixels.reshape(-1, 3), (245.0, 245.0, 245.0))
    return find_nuclei(stains.to_reference(stains.densities(pixels)[0]))


def pairs(nuclei: Nuclei, painted: Painted) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which found nuclei have a partner in truth, and each one's nearest true nucleus."""
    centres = nuclei.centres + 0.5
    distances, truth_of = cKDTree(painted.centres).query(centres)
    found_of = cKDTree(centres).query(painted.centres)[1]
    return (distances <= MATCH_UM) & (found_of[truth_of] == np.arange(len(centres))), truth_of


def demo_rows(folder: Path) -> Iterator[Row]:
    """The planted region of the generated slide by default, by words and by example."""
    spec = SlideSpec(width=4480, height=3328, region=(2400, 1200, 1000, 900))
    write_slide(spec, folder / "slide.tif")
    left, top, width, height = spec.region
    path, corner = folder / "slide.tif", (left + 50, top + 50, 448, 448)
    for name, result in (("without a search", run_tool("pathology", path)),
                         ("--query \"dense nuclei\"", run_tool("pathology", path, query="dense nuclei")),
                         ("--like a corner of it", run_tool("pathology", path, like=corner))):
        first = ranked(result)[0]
        x, y = first.x + first.width / 2, first.y + first.height / 2
        inside = left <= x <= left + width and top <= y <= top + height
        where = "in the planted one" if inside else "elsewhere"
        yield f"Generated slide, first region, {name}", where, "in the planted one"


def twin_rows(data: Path | None) -> Iterator[Row]:
    """The largest distance between the regions of an SVS and of its DICOM twin, rank by rank."""
    if data is None:
        return
    wsi = data / "wsi"
    for path in sorted(wsi.glob("*.svs")):
        twin = path.with_suffix(".dicom")
        searches = ({"query": "dense nuclei"}, {"query": "low haematoxylin"}, {"query": "stroma"},
                    {"like": (898, 673, 449, 449)}) if twin.is_dir() else ()
        for search in searches:
            one, other = (ranked(run_tool("pathology", place, **search)) for place in (path, twin))
            apart = max(max(abs(a.x - b.x), abs(a.y - b.y)) for a, b in zip(one, other, strict=False))
            same = "the same number" if len(one) == len(other) else f"{len(one)} and {len(other)}"
            name = " ".join(f"--{key} {value}" for key, value in search.items())
            yield (f"{path.stem}, SVS against DICOM, {name}: {same} of regions, largest shift (level-0 pixels)",
                   str(apart), "less than a patch (448)")


def ranked(result: ToolResult) -> list[SlideRegion]:
    """The places of the ranked regions, first first."""
    places = {item.id: item.locator for item in result.evidence}
    found = sorted((item for item in result.findings if item.site), key=lambda item: item.site or "")
    return [place for item in found if isinstance(place := places[item.evidence[0]], SlideRegion)]


def _table(head: Row, rows: Sequence[Row]) -> list[str]:
    return [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(row)} |" for row in rows)]


if __name__ == "__main__":
    main()
