"""A large slide masked, tiled at 10x and ranked: by Caseloom and by a plain OpenSlide and scikit-image loop.

    python benchmarks/slides.py [--side 40960] [--histolab PYTHON] [--write docs/performance.md]

The slide is generated: tiled JPEG, 0.5 µm per pixel, levels of 1, 1/4 and 1/16. Every way runs in a fresh process.
`--histolab` names the interpreter of another environment that has histolab; its mask and tiler are then timed as well.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
from made_slide_large import write_large_slide

from caseloom.evals.sections import machine, today, write_section

PATCH, MASK_MPP = 224, 8.0
Place = tuple[int, int, int, int]
HISTOLAB = """
import json, resource, sys, tempfile, time
start = time.perf_counter()
from histolab.masks import BiggestTissueBoxMask, TissueMask
from histolab.slide import Slide
from histolab.tiler import GridTiler
with tempfile.TemporaryDirectory() as folder:
    slide = Slide(sys.argv[1], folder)
    tiler = GridTiler((448, 448), level=0, check_tissue=True, tissue_percent=50.0)
    tiles = sum(1 for _ in tiler._tiles_generator(slide, TissueMask()))
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, tiles]))
"""


REPEATS = 5


@dataclass(frozen=True)
class Run:
    """One way in one process.

    Args:
        seconds: from the file's name to the ranked regions, imports included.
        cpu_seconds: of all its threads, which a busy machine stretches less.
        peak_mib: the process's peak resident memory.
        fields: searched.
        first: the region ranked first, level-0 pixels.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float
    fields: int
    first: Place | None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=40_960, help="of the slide in pixels")
    parser.add_argument("--histolab", type=Path, help="an interpreter that can import histolab")
    parser.add_argument("--write", type=Path, help="also put the section into this Markdown file")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.tif"
        planted = write_large_slide(path, chosen.side)
        load = os.getloadavg()[0]
        taken: dict[str, list[Run]] = {}
        for _ in range(REPEATS):
            for name, way in WAYS.items():
                taken.setdefault(name, []).append(alone(way, path))
            if chosen.histolab:
                taken.setdefault("histolab, mask and tiles only", []).append(by_histolab(chosen.histolab, path))
        runs = {name: middle(each) for name, each in taken.items()}
        lines = section(runs, planted, chosen.side, path.stat().st_size, load)
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.write:
        write_section(chosen.write, "A large slide searched", lines)


def middle(runs: list[Run]) -> Run:
    """Medians of several runs of one way; what they found is the same."""
    return replace(runs[0], **{key: median(getattr(run, key) for run in runs)
                               for key in ("seconds", "cpu_seconds", "peak_mib")})


def alone(way: Callable[[Path], tuple[int, Place | None]], path: Path) -> Run:
    """Time one way in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
        return child.submit(run_once, way, path).result()


def run_once(way: Callable[[Path], tuple[int, Place | None]], path: Path) -> Run:
    """Time one way in this process."""
    began = time.perf_counter()
    fields, first = way(path)
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, fields, first)


def by_caseloom(path: Path) -> tuple[int, Place | None]:
    """As `caseloom run pathology` measures and ranks, with fields that overlap by half."""
    from caseloom.core.case import CaseFile, FileKind, Series
    from caseloom.core.settings import Limits
    from caseloom.sources.slide import open_slide
    from caseloom.tools.pathology.reading import read_slide

    file = CaseFile(path=path.name, sha256="0" * 64, size=0, kind=FileKind.SLIDE)
    with open_slide(Series(uid="1", kind=FileKind.SLIDE, modality="SM", files=(file,)), path.parent, Limits()) as slide:
        density = read_slide(slide).density
    if density is None:
        return 0, None
    region = density.top[0].region
    return len(density.fields), (region.x, region.y, region.width, region.height)


def by_a_plain_loop(path: Path) -> tuple[int, Place | None]:
    """Otsu on the saturation of a thumbnail, then patch by patch: read, deconvolve, blobs counted, all by libraries."""
    from openslide import OpenSlide
    from skimage.color import rgb2hed, rgb2hsv
    from skimage.feature import blob_log
    from skimage.filters import threshold_otsu
    from skimage.transform import downscale_local_mean

    slide = OpenSlide(path)
    mpp = float(slide.properties["openslide.mpp-x"])
    thumbnail = np.asarray(slide.get_thumbnail([round(side * mpp / MASK_MPP) for side in slide.dimensions]))
    saturation = rgb2hsv(thumbnail)[..., 1]
    mask = saturation > threshold_otsu(saturation)
    side, shrink = round(PATCH / mpp), mask.shape[1] / slide.dimensions[0]
    counted: list[tuple[int, Place]] = []
    for y in range(0, slide.dimensions[1], side):
        for x in range(0, slide.dimensions[0], side):
            part = mask[round(y * shrink):round((y + side) * shrink), round(x * shrink):round((x + side) * shrink)]
            if part.size and part.mean() >= 0.5:
                pixels = np.asarray(slide.read_region((x, y), 0, (side, side)).convert("RGB"))
                small = downscale_local_mean(pixels, (round(1 / mpp), round(1 / mpp), 1)).astype(np.uint8)
                blobs = blob_log(rgb2hed(small)[..., 0], min_sigma=2, max_sigma=3, num_sigma=2, threshold=0.02)
                counted.append((len(blobs), (x, y, side, side)))
    return len(counted), max(counted)[1] if counted else None


def by_histolab(python: Path, path: Path) -> Run:
    """histolab's tissue mask and grid of tiles, which are not searched."""
    done = subprocess.run([str(python), "-c", HISTOLAB, str(path)], check=True, capture_output=True, text=True)
    seconds, cpu_seconds, peak, tiles = json.loads(done.stdout.splitlines()[-1])
    return Run(seconds, cpu_seconds, peak, tiles, None)


WAYS: dict[str, Callable[[Path], tuple[int, Place | None]]] = {
    "Caseloom": by_caseloom, "OpenSlide and scikit-image": by_a_plain_loop}


def section(runs: dict[str, Run], planted: Place, side: int, size: int, load: float) -> list[str]:
    """The lines of the table, with machine, date and load."""
    base = runs["Caseloom"].seconds
    rows = [f"| {name} | {run.seconds:.1f} | {run.seconds / base:.1f} | {run.cpu_seconds:.1f} | {run.peak_mib:.0f} | "
            f"{run.fields} | "
            f"{'-' if run.first is None else 'yes' if _lies_in(run.first, planted) else 'no'} |"
            for name, run in runs.items()]
    return [
        f"Measured on {today()} by `benchmarks/slides.py`: {machine()}; load average {load:.1f} at the start and "
        f"{os.getloadavg()[0]:.1f} at the end.",
        f"A generated slide of {side} x {side} pixels at 0.5 µm ({size / 2**20:.0f} MiB; JPEG tiles of 256; levels of "
        "1, 1/4 and 1/16; about half of it tissue) is masked, tiled at 10x (224 µm) and its tiles ranked by the nuclei "
        f"in them. Medians of {REPEATS}, the ways in turn, each in a fresh process; the memory is that process's peak. "
        "Caseloom decodes tiles in two threads, and its fields overlap by half, so it searches four times as many. The "
        "plain loop reads patch by patch through OpenSlide and counts nuclei with `rgb2hed` and `blob_log`.", "",
        "| way | seconds | times Caseloom's | CPU seconds | peak MiB | fields | first in the planted region |",
        "|---|---|---|---|---|---|---|",
        *rows]


def _lies_in(place: Place, region: Place) -> bool:
    x, y = place[0] + place[2] / 2, place[1] + place[3] / 2
    return region[0] <= x <= region[0] + region[2] and region[1] <= y <= region[1] + region[3]


if __name__ == "__main__":
    main()
