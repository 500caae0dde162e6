"""Readers of reports and tiles while reviews are queued: latencies, errors, memory of the server.

    python benchmarks/server.py [--clients 50] [--seconds 30] [--write docs/performance.md]

Each client asks for the draft (JSON, or 304 where it has it), a slice of the CT or a tile of the slide, one after the
other, without a pause; meanwhile four reviews are queued and worked off one at a time. Clients and server share the
machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "helpers"))
from served import Served, served

from caseloom.app.server.roles import Role
from caseloom.evals.sections import machine, today, write_section
from caseloom.phantoms import write_demo

TITLE = "The server under load"
GOAL_MS = 300.0
REVIEWS = 4
KINDS = ("report", "report that the client has", "slice of a CT", "tile of a slide")


@dataclass
class Seen:
    """What the clients saw: seconds by kind, answers that were none."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    most_bytes: int = 0
    reviews_done: int = 0


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--write", type=Path, help="also put the section into this Markdown file")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        write_demo(root)
        with served(Path(folder), "--root", str(root)) as server:
            seen = asyncio.run(measure(server, chosen.clients, chosen.seconds))
    lines = section(seen, chosen)
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.write:
        write_section(chosen.write, TITLE, lines)


async def measure(server: Served, clients: int, seconds: float) -> Seen:
    """Review the demo, then read it with many clients while it is reviewed again and again."""
    seen = Seen()
    limits = httpx.Limits(max_connections=clients + 10, max_keepalive_connections=clients + 10)
    async with httpx.AsyncClient(base_url=f"{server.url}/api", timeout=120, limits=limits,
                                 headers={"Authorization": f"Bearer {server.tokens[Role.SIGNER]}"}) as client:
        case = (await client.post("/cases", json={"folder": "case"})).json()["id"]
        await over(client, (await client.post(f"/cases/{case}/reviews", json={})).json()["job"]["id"])
        paths = await what_to_read(client, case)
        others = [(await client.post("/cases", json={"folder": "case"})).json()["id"] for _ in range(REVIEWS)]
        jobs = [(await client.post(f"/cases/{other}/reviews", json={"fresh": True})).json()["job"]["id"]
                for other in others]
        end = time.monotonic() + seconds
        watch = asyncio.create_task(memory(seen, end))
        await asyncio.gather(*(reader(client, paths, end, seen, n) for n in range(clients)))
        await watch
        states = [(await client.get(f"/jobs/{job}")).json()["job"]["state"] for job in jobs]
        seen.reviews_done = states.count("done")
        seen.errors["a review that failed"] += states.count("failed")
        for job in jobs:
            await client.post(f"/jobs/{job}/cancel")
    return seen


async def over(client: httpx.AsyncClient, job: str) -> None:
    """Wait until a job is over."""
    while (await client.get(f"/jobs/{job}")).json()["job"]["state"] in ("queued", "running"):
        await asyncio.sleep(0.5)


async def what_to_read(client: httpx.AsyncClient, case: str) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """Addresses by kind, with what is sent along."""
    studies = (await client.get(f"/cases/{case}/studies")).json()["studies"]
    keys = {series["viewer"]: series["key"] for study in studies for series in study["series"]}
    volume = (await client.get(f"/cases/{case}/volumes/{keys['volume']}")).json()
    slide = (await client.get(f"/cases/{case}/slides/{keys['slide']}")).json()
    across, down = -(-slide["width"] // slide["tile"]), -(-slide["height"] // slide["tile"])
    report = f"/cases/{case}/report"
    tag = (await client.get(report)).headers["etag"]
    tiles = f"/cases/{case}/slides/{keys['slide']}/tiles/{slide['levels'] - 1}"
    return {
        "report": [(report, {})], "report that the client has": [(report, {"If-None-Match": tag})],
        "slice of a CT": [(f"/cases/{case}/volumes/{keys['volume']}/slices/{n}", {}) for n in range(volume["slices"])],
        "tile of a slide": [(f"{tiles}/{x}/{y}", {}) for x in range(across) for y in range(down)]}


async def reader(client: httpx.AsyncClient, paths: dict[str, list[tuple[str, dict[str, str]]]], end: float, seen: Seen,
                 seed: int) -> None:
    """One client: reads until the time is up."""
    chance = random.Random(seed)
    while time.monotonic() < end:
        kind = chance.choice(KINDS)
        path, headers = chance.choice(paths[kind])
        begun = time.perf_counter()
        try:
            answer = await client.get(path, headers=headers)
        except httpx.HTTPError as error:
            seen.errors[type(error).__name__] += 1
            continue
        seen.seconds[kind].append(time.perf_counter() - begun)
        if answer.status_code not in (200, 304):
            seen.errors[str(answer.status_code)] += 1


async def memory(seen: Seen, end: float) -> None:
    """The most that the server itself held, its jobs' processes apart."""
    server = next(child for child in psutil.Process(os.getpid()).children() if "serve" in child.cmdline())
    while time.monotonic() < end:
        seen.most_bytes = max(seen.most_bytes, server.memory_info().rss)
        await asyncio.sleep(0.5)


def section(seen: Seen, chosen: argparse.Namespace) -> list[str]:
    """The table of a run."""
    every = [one for kind in KINDS for one in seen.seconds[kind]]
    p95 = 1000 * quantile(every, 0.95)
    lines = [f"Measured on {today()} by `benchmarks/server.py` ({machine()}): {chosen.clients} clients read without a "
             f"pause for {chosen.seconds:g} s, on the same machine, while {REVIEWS} reviews of the demo wait and are "
             f"worked off one at a time ({seen.reviews_done} were done in this time).", "",
             "| what is read | answers | p50, ms | p95, ms |", "|---|---|---|---|"]
    lines += [f"| {kind} | {len(seen.seconds[kind])} | {1000 * statistics.median(seen.seconds[kind]):.0f} | "
              f"{1000 * quantile(seen.seconds[kind], 0.95):.0f} |" for kind in KINDS]
    errors = ", ".join(f"{name}: {count}" for name, count in seen.errors.items() if count) or "none"
    verdict = "met" if p95 < GOAL_MS and errors == "none" else "missed"
    return [*lines, f"| all | {len(every)} | {1000 * statistics.median(every):.0f} | {p95:.0f} |", "",
            f"Errors: {errors}. {len(every) / chosen.seconds:.0f} answers a second; the server held "
            f"{seen.most_bytes / 2**20:.0f} MiB at most. Goal: no error and p95 under {GOAL_MS:g} ms; {verdict}."]


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    main()
