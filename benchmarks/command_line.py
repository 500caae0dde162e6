"""How long the command line takes to answer, and what the demo costs. Prints a Markdown table.

    python benchmarks/command_line.py [--write docs/performance.md]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from shutil import rmtree
from statistics import median

from caseloom.evals.sections import machine, today, write_section

REPEATS = 5
MIB = 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help="also put the section into this Markdown file")
    chosen = parser.parse_args()
    lines = report()
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.write:
        write_section(chosen.write, "The command line", lines)


def report() -> list[str]:
    """The lines of the table, with machine and date."""
    caseloom = Path(sys.executable).with_name("caseloom")
    rows = [(f"`caseloom {word}`", *timed([str(caseloom), word], REPEATS)) for word in ("--version", "--help")]
    with tempfile.TemporaryDirectory() as folder:
        rows.append(("`caseloom demo`, nothing cached", *timed([str(caseloom), "demo", "--out", f"{folder}/demo"],
                                                                REPEATS, home=f"{folder}/home", anew=True)))
        rows.append(("`caseloom review` of it, finished before", *timed(
            [str(caseloom), "review", f"{folder}/demo/case"], REPEATS, home=f"{folder}/home")))
    lines = [f"| {command} | {seconds:.2f} | {peak:.0f} |" for command, seconds, peak in rows]
    return [f"Measured on {today()} by `benchmarks/command_line.py`: {machine()}.",
            f"Wall-clock seconds, medians of {REPEATS}; peak resident memory of the largest process so far.", "",
            "| what | seconds | peak MiB |", "|---|---|---|", *lines]


def timed(command: list[str], repeats: int, home: str | None = None, *, anew: bool = False) -> tuple[float, float]:
    """Median wall-clock seconds and the peak resident MiB of any child process so far.

    Args:
        command: what is run.
        repeats: how often.
        home: state folder.
        anew: empty it before each run.
    """
    environment = os.environ | ({"CASELOOM_HOME": home} if home else {})
    taken = []
    for _ in range(repeats):
        if anew and home is not None:
            rmtree(home, ignore_errors=True)
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment)
        taken.append(time.perf_counter() - started)
    return median(taken), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / MIB


if __name__ == "__main__":
    main()
