"""Comparing two studies of one patient: seconds for a pair of films and a pair of CT scans, and where they go.

    python benchmarks/comparison.py [--films PRIOR CURRENT] [--scans PRIOR CURRENT] [--json FILE]
                                    [--write docs/performance.md]

Without `--films` and `--scans` made ones are compared: a chest of 256 columns and 150 slices with a grown nodule, the
patient moved, and its film. Every step runs five times after a first run that is not counted; medians are given.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from caseloom.core.case import Study
from caseloom.core.settings import Settings
from caseloom.evals.sections import machine, today, write_section
from caseloom.phantoms import BodySpec, CtSpec, FilmSpec, NoduleSpec, PatientSpec
from caseloom.phantoms.body import build_anatomy, with_nodule
from caseloom.phantoms.ct import ct_grid, write_ct
from caseloom.phantoms.dicomfile import Study as MadeStudy
from caseloom.phantoms.film import film_grid, write_film
from caseloom.readers.measure import MeasureReader
from caseloom.sources.grouping import studies_in
from caseloom.sources.open import open_files
from caseloom.tools.base import Tool, ToolContext
from caseloom.tools.comparison import ComparisonTool, StudyReading
from caseloom.tools.comparison.scans import aligned, open_pair
from caseloom.tools.localization import LocalizationTool
from caseloom.tools.volume import VolumeTool

REPEATS = 5
Pair = tuple[Path, Path]
Seconds = dict[str, float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", nargs=2, type=Path, metavar=("PRIOR", "CURRENT"), help="two chest films")
    parser.add_argument("--scans", nargs=2, type=Path, metavar=("PRIOR", "CURRENT"), help="two folders of a chest CT")
    parser.add_argument("--json", type=Path, help="also write the numbers into this file")
    parser.add_argument("--write", type=Path, help="also put the section into this Markdown file")
    chosen = parser.parse_args()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        films, scans = chosen.films or made_films(Path(folder)), chosen.scans or made_scans(Path(folder))
        measured = {"films": measure_films(tuple(films), Path(folder)),
                    "scans": measure_scans(tuple(scans), Path(folder))}
    result = {"date": today(), "machine": machine(), "load": [before, os.getloadavg()[0]], "repeats": REPEATS,
              "made": {"films": not chosen.films, "scans": not chosen.scans}, "seconds": measured}
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if chosen.write:
        write_section(chosen.write, "Two studies of one patient", section(result))


def made_scans(folder: Path) -> Pair:
    """The same chest twice, with a nodule that grew, in a patient who lay elsewhere."""
    spec = CtSpec(columns=256, pixel_mm=1.44, slice_mm=2.0)
    body = build_anatomy(BodySpec(vessel_targets=120), ct_grid(spec))
    for name, day, size, offset in (("prior", "2025-03-04", 8.0, (0.0, 0.0, 0.0)),
                                    ("current", "2025-11-11", 12.0, (18.0, -9.0, 30.0))):
        write_ct(with_nodule(body, NoduleSpec(diameter_mm=size)), replace(spec, offset_mm=offset),
                 MadeStudy(PatientSpec(), day, 7, name, "CT chest"), folder / name)
    return folder / "prior", folder / "current"


def made_films(folder: Path) -> Pair:
    """The film of one chest with two sizes of the heart."""
    spec = FilmSpec()
    paths = []
    for name, day, heart in (("prior.dcm", "2025-03-04", 1.0), ("current.dcm", "2025-11-11", 1.15)):
        body = build_anatomy(BodySpec(vessel_targets=120, heart_scale=heart, arms=True), film_grid(spec))
        paths.append(folder / name)
        write_film(body, spec, MadeStudy(PatientSpec(), day, 7, name, "Chest PA"), paths[-1])
    return paths[0], paths[1]


def measure_films(pair: Pair, home: Path) -> Seconds:
    """Medians for two films."""
    tool = LocalizationTool()
    return {"read_one": timed(lambda: read_film(pair[1], home)),
            "read_both": timed(lambda: readings(pair, tool, home)),
            **_compare(readings(pair, tool, home), home)}


def read_film(path: Path, home: Path) -> None:
    """One film from its file to findings, masks and overlay."""
    intake = open_files((path,), settings=Settings(home=home / "home"))
    study, = studies_in(intake.found, intake.manifest)
    LocalizationTool().run(study, ToolContext(root=intake.root, patient=None, opaque_patient="P-0",
                                              reader=MeasureReader(), pictures=home / "one", cache=home))


def measure_scans(pair: Pair, home: Path) -> Seconds:
    """Medians for two scans; alignment also by itself."""
    tool = VolumeTool()
    both = readings(pair, tool, home)
    seen = open_pair(*both[0], both[1])
    if seen is None:
        raise SystemExit("the folders hold no chest CT in Hounsfield units")
    return {"read_both": timed(lambda: readings(pair, tool, home)),
            "align": timed(lambda: aligned(*seen, both[1])), **_compare(both, home)}


def _compare(both: tuple[tuple[StudyReading, StudyReading], ToolContext], home: Path) -> Seconds:
    (prior, current), context = both
    drawing = replace(context, pictures=home / "overlays")
    return {"compare": timed(lambda: ComparisonTool().compare(prior, current, context)),
            "compare_with_pictures": timed(lambda: ComparisonTool().compare(prior, current, drawing))}


def readings(pair: Pair, tool: Tool, home: Path) -> tuple[tuple[StudyReading, StudyReading], ToolContext]:
    """Both studies as their tool reads them, without pictures, and the context to compare them in."""
    intake = open_files(pair, settings=Settings(home=home / "home"))
    context = ToolContext(root=intake.root, patient=None, opaque_patient="P-0", reader=MeasureReader(), pictures=None,
                          cache=home)
    studies = studies_in(intake.found, intake.manifest)
    ours = [next(study for study in studies if _lies_in(study, intake.root, path)) for path in pair]
    prior, current = (StudyReading(study, tool.run(study, context)) for study in ours)
    return (prior, current), context


def _lies_in(study: Study, root: Path, path: Path) -> bool:
    return (root / study.files[0].path).is_relative_to(path.resolve())


def timed(step: Callable[[], object]) -> float:
    """Median wall-clock seconds of five runs after a first one."""
    step()
    runs = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        step()
        runs.append(time.perf_counter() - start)
    return round(median(runs), 3)


def section(result: dict[str, Any]) -> list[str]:
    """The lines of the table, with machine, date and load."""
    names = {"read_one": "one, from its file to findings and overlay",
             "read_both": "reading both studies, each by its tool", "align": "of the comparison: alignment",
             "compare": "comparison", "compare_with_pictures": "comparison with its pictures"}
    rows = [f"| {text} | {_cell(result, 'films', key)} | {_cell(result, 'scans', key)} |"
            for key, text in names.items()]
    return [f"Measured on {result['date']} by `benchmarks/comparison.py`: {result['machine']}; load average "
            f"{result['load'][0]:.1f} at the start and {result['load'][1]:.1f} at the end.",
            f"Wall-clock seconds, medians of {REPEATS} after a first run, the reader being `measure`.", "",
            "| step | two films | two CT scans |", "|---|---|---|", *rows]


def _cell(result: dict[str, Any], pair: Sequence[str] | str, key: str) -> str:
    seconds = result["seconds"][pair].get(key)
    return "" if seconds is None else f"{seconds:.2f}"


if __name__ == "__main__":
    main()
