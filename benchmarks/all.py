"""Every benchmark of speed and memory, one after the other; each writes its own section with machine and date.

    python benchmarks/all.py [--only NAME...] [--small] [--histolab PYTHON] [--write docs/performance.md]

What cannot be measured here is skipped, and said. The exit code is 1 where a benchmark failed; the others are run all
the same. `--small` runs each on the least input, to see that it runs: its numbers mean nothing and are never written.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Benchmark:
    """One script.

    Args:
        script: its name.
        arguments: of a real run.
        small: of a run that only shows that it runs; None where there is no quick one.
        needs: an importable package that it cannot do without.
        gpu: it wants one.
    """

    script: str
    arguments: tuple[str, ...] = ()
    small: tuple[str, ...] | None = ()
    needs: str | None = None
    gpu: bool = False

    @property
    def name(self) -> str:
        """What `--only` takes."""
        return f"{self.script} {' '.join(self.arguments)}".strip()


ALL = (
    Benchmark("command_line", small=None), Benchmark("volumes", small=("--made", "20")),
    Benchmark("comparison", small=None), Benchmark("slides", small=("--side", "4096")), Benchmark("labs"),
    Benchmark("lab_scans", small=("--pages", "1")), Benchmark("records", small=("--megabytes", "2")),
    Benchmark("report", small=None), Benchmark("server", small=("--clients", "3", "--seconds", "2"), needs="psutil"),
    Benchmark("timeline", small=("--events", "400", "--patients", "5", "--queries", "8")),
    Benchmark("reader", small=None), Benchmark("reader_rounding", small=None),
    Benchmark("reader", ("--true-size",), small=None, gpu=True),
    Benchmark("reader_rounding", ("--true-size",), small=None, gpu=True))


def main() -> int:
    """Run, tell, and say whether all that could run did."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=sorted({one.script for one in ALL}))
    parser.add_argument("--small", action="store_true", help="the least input, to see that each runs")
    parser.add_argument("--histolab", type=Path, help="an interpreter that can import histolab, a peer of `slides`")
    parser.add_argument("--write", type=Path, help="Markdown file for the sections")
    chosen = parser.parse_args()
    if chosen.small and chosen.write:
        parser.error("--small measures nothing worth writing down")
    told = [(one, outcome(one, chosen)) for one in ALL if chosen.only is None or one.script in chosen.only]
    sys.stdout.write("\n".join(["", *(f"{one.name:28} {said}" for one, said in told), ""]))
    return int(any(said.startswith("FAILED") for _, said in told))


def outcome(one: Benchmark, chosen: argparse.Namespace) -> str:
    """Run one benchmark, its output on this program's; what became of it in a line."""
    if reason := why_skipped(one, small=chosen.small):
        return f"skipped: {reason}"
    given = [*one.arguments, *(one.small or () if chosen.small else ()), *peers(one, chosen)]
    written = ["--write", str(chosen.write)] if chosen.write else []
    sys.stdout.write(f"== {one.name}\n")
    sys.stdout.flush()
    start = time.perf_counter()
    done = subprocess.run([sys.executable, str(HERE / f"{one.script}.py"), *given, *written], check=False)
    took = f"{time.perf_counter() - start:.0f} s"
    return f"done in {took}" if done.returncode == 0 else f"FAILED with exit code {done.returncode} after {took}"


def why_skipped(one: Benchmark, *, small: bool) -> str | None:
    """Why it is not run here; None where it is."""
    if one.needs and find_spec(one.needs) is None:
        return f"{one.needs} is not installed (pip install 'caseloom[bench]')"
    if one.gpu and not has_gpu():
        return "no GPU is at hand"
    return "it has no small input" if small and one.small is None else None


def peers(one: Benchmark, chosen: argparse.Namespace) -> Sequence[str]:
    """Arguments that name a peer's interpreter, where the user gave one."""
    return ("--histolab", str(chosen.histolab)) if one.script == "slides" and chosen.histolab else ()


def has_gpu() -> bool:
    """Whether torch sees a GPU."""
    import torch

    return torch.cuda.is_available()


if __name__ == "__main__":
    sys.exit(main())
