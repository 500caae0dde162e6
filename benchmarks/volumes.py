"""A CT series to the slices that MedGemma 1.5 is shown: three ways, on the same files.

    python benchmarks/volumes.py [FOLDER ...] [--made 300] [--write docs/performance.md]

Each FOLDER holds the DICOM files of one CT series; `--made N` adds two made series of N slices. Every way runs five
times, each time in a fresh process and in turn, so that a busy machine slows all alike; a first run in each process is
not counted. Times begin with the file names and end with up to 85 windowed slices as arrays.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
from made_series import write_made_series
from numpy.typing import NDArray

from caseloom.core.case import CaseFile, FileKind, Series
from caseloom.evals.sections import machine, today, write_section

REPEATS = 5
MOST_SLICES = 85
WINDOWS = ((-1024, 1024), (-135, 215), (0, 80))
Slices = list[NDArray[np.uint8]]


@dataclass(frozen=True)
class Run:
    """One way in one process.

    Args:
        seconds: of the counted run.
        peak_mib: the process's peak resident memory above that before the first run.
        pictures: a digest of the slices, whatever their order.
    """

    seconds: float
    peak_mib: float
    pictures: str


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, help="folders of one CT series each")
    parser.add_argument("--made", type=int, default=300, help="slices of the made series; 0 for none")
    parser.add_argument("--write", type=Path, help="also put the section into this Markdown file")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        named = [(f"{len(files_of(path))} slices, {path.name}", path) for path in chosen.folders]
        for kind in ("uncompressed", "JPEG-LS") if chosen.made else ():
            made = write_made_series(Path(folder) / kind, chosen.made, compressed=kind != "uncompressed")
            named.append((f"{chosen.made} made slices, {kind}", made))
        before = os.getloadavg()[0]
        lines = section([(name, measure(path)) for name, path in named], before)
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.write:
        write_section(chosen.write, "A CT series to slices for a model", lines)


def files_of(folder: Path) -> list[Path]:
    """The DICOM files of a series, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix in (".dcm", ""))


def measure(folder: Path) -> dict[str, list[Run]]:
    """Five runs of each way, in turn."""
    runs: dict[str, list[Run]] = {name: [] for name in WAYS}
    for _ in range(REPEATS):
        for name in WAYS:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
                runs[name].append(child.submit(run_once, name, folder).result())
    return runs


def run_once(name: str, folder: Path) -> Run:
    """Time one way in this process."""
    way = WAYS[name]
    files = files_of(folder)
    way(files[:3])
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    way(files)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    slices = way(files)
    seconds = time.perf_counter() - began
    digests = sorted(hashlib.sha256(picture.tobytes()).hexdigest() for picture in slices)
    return Run(seconds, (peak - start) / 1024, hashlib.sha256("".join(digests).encode()).hexdigest())


def by_caseloom(files: Sequence[Path]) -> Slices:
    """Only the slices to be shown are decoded."""
    from caseloom.core.settings import Limits
    from caseloom.readers.recipes.sampling import sample_slices, shown_order
    from caseloom.sources.volume import load_planes

    def choose(numbers: Sequence[int | None]) -> list[int]:
        order = shown_order(numbers)
        return [order[place] for place in sample_slices(len(order))]

    voxels, _ = load_planes(_series(files), files[0].parent, Limits(), choose)
    return shown(voxels)


def by_caseloom_measuring(files: Sequence[Path]) -> Slices:
    """As a review does it: the whole volume is loaded, to be measured, and slices of it are shown."""
    from caseloom.core.settings import Limits
    from caseloom.readers.recipes.sampling import shown_order
    from caseloom.sources.volume import load_volume

    volume = load_volume(_series(files), files[0].parent, Limits())
    order = shown_order(volume.instance_numbers)
    return shown(volume.voxels if order[0] == 0 else volume.voxels[::-1])


def shown(voxels: NDArray[np.generic]) -> Slices:
    """Slices as a request to a model holds them."""
    from caseloom.readers.recipes.ct import ct_requests

    (request,) = ct_requests(voxels, ["pleural effusion"], scope="P-1")
    return [picture.pixels for picture in request.pictures]


def _series(files: Sequence[Path]) -> Series:
    named = tuple(CaseFile(path=path.name, sha256="", size=0, kind=FileKind.CT) for path in files)
    return Series(uid="1", kind=FileKind.CT, modality="CT", files=named)


def by_the_notebook(files: Sequence[Path]) -> Slices:
    """As Google's CT notebook does it: every file read by pydicom, sorted by InstanceNumber, sampled, windowed."""
    import pydicom
    from PIL import Image

    instances = sorted((pydicom.dcmread(path) for path in files), key=lambda item: item.InstanceNumber)
    slices = []
    for index in sampled(len(instances)):
        item = instances[index]
        hu = pydicom.pixels.apply_rescale(item.pixel_array, item)
        slices.append(np.asarray(Image.fromarray(windowed(hu))))
    return slices


def by_simpleitk(files: Sequence[Path]) -> Slices:
    """SimpleITK's series reader, and the notebook's windows."""
    import SimpleITK as sitk  # noqa: N813  its documented alias

    reader = sitk.ImageSeriesReader()
    names = {str(path) for path in files}
    reader.SetFileNames([name for name in reader.GetGDCMSeriesFileNames(str(files[0].parent)) if name in names])
    image = reader.Execute()
    voxels = sitk.GetArrayViewFromImage(image)  # a view does not keep the image
    turned = voxels[::-1] if first_number(files, reader.GetFileNames()) else voxels
    return [windowed(turned[index]) for index in sampled(len(turned))]


def first_number(files: Sequence[Path], sorted_names: Sequence[str]) -> bool:
    """Whether the scanner numbered the slices against the reader's order, so that the same slices are sampled."""
    import pydicom

    ends = [pydicom.dcmread(sorted_names[at], specific_tags=["InstanceNumber"]).InstanceNumber for at in (0, -1)]
    return bool(ends[0] > ends[1])


def sampled(count: int) -> list[int]:
    """The notebook's slices."""
    if count <= MOST_SLICES:
        return list(range(count))
    return [round(i / MOST_SLICES * (count - 1)) for i in range(1, MOST_SLICES + 1)]


def windowed(hu: NDArray[np.generic]) -> NDArray[np.uint8]:
    """The notebook's three windows of one slice."""
    channels = []
    for low, high in WINDOWS:
        values = np.clip(hu, low, high).astype(np.float32)
        values -= low
        values /= high - low
        values *= 255.0
        channels.append(values)
    return np.round(np.stack(channels, axis=-1), 0).astype(np.uint8)


WAYS: dict[str, Callable[[Sequence[Path]], Slices]] = {
    "notebook": by_the_notebook, "SimpleITK": by_simpleitk, "Caseloom": by_caseloom,
    "Caseloom, all": by_caseloom_measuring}


def section(measured: Sequence[tuple[str, dict[str, list[Run]]]], load: float) -> list[str]:
    """The lines of the tables, with machine, date and load."""
    times, peaks = [], []
    for name, runs in measured:
        seconds = {way: median(run.seconds for run in runs[way]) for way in WAYS}
        same = len({run.pictures for way in WAYS if way != "SimpleITK" for run in runs[way]}) == 1
        times.append(row(name, [*(f"{seconds[way]:.2f}" for way in WAYS),
                                f"{seconds['notebook'] / seconds['Caseloom']:.1f}",
                                f"{seconds['SimpleITK'] / seconds['Caseloom']:.1f}", "yes" if same else "NO"]))
        peaks.append(row(name, [f"{median(run.peak_mib for run in runs[way]):.0f}" for way in WAYS]))
    return [
        f"Measured on {today()} by `benchmarks/volumes.py`: {machine()}; load average {load:.1f} at the start and "
        f"{os.getloadavg()[0]:.1f} at the end.",
        "From the files of a series to up to 85 windowed slices: as Google's CT notebook does it (pydicom one by one), "
        "by SimpleITK's series reader with the notebook's windows, and by Caseloom, which decodes the slices to be "
        "shown, or all of them where they are measured as well, as in a review. Wall-clock seconds, medians of "
        f"{REPEATS}, each in a fresh process after a first run there. Equal means: byte by byte, by both ways of "
        "Caseloom in every run.", "",
        *head("series, seconds", [*WAYS, "times the notebook", "times SimpleITK", "equal the notebook's"]), *times, "",
        "Peak resident MiB above the process before its first run, pictures included:", "",
        *head("series, MiB", list(WAYS)), *peaks]


def head(first: str, names: Sequence[str]) -> list[str]:
    """The head of a table."""
    return [row(first, names), "|---" * (len(names) + 1) + "|"]


def row(first: str, cells: Sequence[str]) -> str:
    """A row of a table."""
    return f"| {first} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
