"""Readers of reports and tiles while reviews are queued: latencies, errors, memory of the server.

    python benchmarks/server.py [--clients 50] [--seconds 30] [--pause 0.5] [--write docs/performance.md]

Each client is a user of its own, who asks for the draft (JSON, or 304 where it has it), a slice of the CT or a tile of
the slide, one after the other, and looks at it for a moment before the next; then the same without a pause, which
shows how much the server can do. Meanwhile four reviews are queued and worked off one at a time. Clients and server
share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
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
from caseloom.app.server.users import EVERY_CASE, add_user
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

    @property
    def all(self) -> list[float]:
        """Seconds of every kind."""
        return [one for kind in KINDS for one in self.seconds[kind]]


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--pause", type=float, default=0.5, metavar="SECONDS", help=(
        "on average between an answer and the same client's next question"))
    parser.add_argument("--write", type=Path, help="also put the section into this Markdown file")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        write_demo(root)
        tokens = [add_user(Path(folder) / "users.yaml", f"client{n}", Role.VIEWER, (EVERY_CASE,))
                  for n in range(chosen.clients)]
        with served(Path(folder), "--root", str(root)) as server:
            paused, unpaused = asyncio.run(measure(server, tokens, chosen))
    lines = section(paused, unpaused, chosen)
    sys.stdout.write("\n".join(lines) + "\n")
    if chosen.write:
        write_section(chosen.write, TITLE, lines)


async def measure(server: Served, tokens: list[str], chosen: argparse.Namespace) -> tuple[Seen, Seen]:
    """Review the demo, then read it with many clients while it is reviewed again: with a pause, and without."""
    limits = httpx.Limits(max_connections=len(tokens) + 10, max_keepalive_connections=len(tokens) + 10)
    async with httpx.AsyncClient(base_url=f"{server.url}/api", timeout=120, limits=limits,
                                 headers={"Authorization": f"Bearer {server.tokens[Role.SIGNER]}"}) as client:
        case = (await client.post("/cases", json={"folder": "case"})).json()["id"]
        await over(client, (await client.post(f"/cases/{case}/reviews", json={})).json()["job"]["id"])
        paths = await what_to_read(client, case)
        others = [(await client.post("/cases", json={"folder": "case"})).json()["id"] for _ in range(REVIEWS)]
        jobs = [(await client.post(f"/cases/{other}/reviews", json={"fresh": True})).json()["job"]["id"]
                for other in others]
        paused = await read(client, paths, tokens, chosen.seconds, chosen.pause)
        unpaused = await read(client, paths, tokens, chosen.seconds, 0.0)
        for job in jobs:
            state = (await client.post(f"/jobs/{job}/cancel")).json()["job"]["state"]
            paused.reviews_done += state == "done"
            paused.errors["a review that failed"] += state == "failed"
    return paused, unpaused


async def read(client: httpx.AsyncClient, paths: dict[str, list[tuple[str, dict[str, str]]]], tokens: list[str],
               seconds: float, pause: float) -> Seen:
    """What the clients see, all at once for so many seconds."""
    seen, end = Seen(), time.monotonic() + seconds
    watch = asyncio.create_task(memory(seen, end))
    await asyncio.gather(*(reader(client, paths, end, seen, Reader(token, n, pause)) for n, token in enumerate(tokens)))
    await watch
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


@dataclass(frozen=True)
class Reader:
    """One client: its token, the seed of what it asks for, its pause in seconds on average."""

    token: str
    seed: int
    pause: float


async def reader(client: httpx.AsyncClient, paths: dict[str, list[tuple[str, dict[str, str]]]], end: float, seen: Seen,
                 who: Reader) -> None:
    """Read until the time is up."""
    chance = random.Random(who.seed)
    await asyncio.sleep(chance.uniform(0, who.pause))
    while time.monotonic() < end:
        kind = chance.choice(KINDS)
        path, headers = chance.choice(paths[kind])
        begun = time.perf_counter()
        try:
            answer = await client.get(path, headers={**headers, "Authorization": f"Bearer {who.token}"})
        except httpx.HTTPError as error:
            seen.errors[type(error).__name__] += 1
            continue
        if answer.status_code in (200, 304):
            seen.seconds[kind].append(time.perf_counter() - begun)
        else:
            seen.errors[str(answer.status_code)] += 1
        await asyncio.sleep(chance.uniform(0.5, 1.5) * who.pause)


async def memory(seen: Seen, end: float) -> None:
    """The most that the server itself held, its jobs' processes apart."""
    server = next(child for child in psutil.Process(os.getpid()).children() if "serve" in child.cmdline())
    while time.monotonic() < end:
        seen.most_bytes = max(seen.most_bytes, server.memory_info().rss)
        await asyncio.sleep(0.5)


def section(paused: Seen, unpaused: Seen, chosen: argparse.Namespace) -> list[str]:
    """The table of a run."""
    p95 = quantile(paused.all, 0.95)
    errors = Counter(paused.errors) + Counter(unpaused.errors)
    told = ", ".join(f"{name}: {count}" for name, count in errors.items()) or "none"
    lines = [f"Measured on {today()} by `benchmarks/server.py` ({machine()}): {chosen.clients} clients read on the "
             f"same machine for {chosen.seconds:g} s with a pause of {chosen.pause:g} s on average between an answer "
             f"and the next question, then as long without a pause, while {REVIEWS} reviews of the demo wait and are "
             f"worked off one at a time ({paused.reviews_done} were done in this time).", "",
             "| what is read | answers | p50, ms | p95, ms | without a pause | p50, ms | p95, ms |",
             "|---|---|---|---|---|---|---|"]
    lines += [f"| {kind} | {_row(paused.seconds[kind])} | {_row(unpaused.seconds[kind])} |" for kind in KINDS]
    most = max(paused.most_bytes, unpaused.most_bytes) / 2**20
    rate, rate_without = (len(seen.all) / chosen.seconds for seen in (paused, unpaused))
    return [*lines, f"| all | {_row(paused.all)} | {_row(unpaused.all)} |", "",
            f"Errors: {told}. {rate:.0f} answers a second, {rate_without:.0f} without a pause; the server held "
            f"{most:.0f} MiB at most. Goal: no error and p95 under {GOAL_MS:g} ms; with pauses "
            f"{'met' if p95 < GOAL_MS and not errors else 'missed'}, without "
            f"{'met' if quantile(unpaused.all, 0.95) < GOAL_MS and not errors else 'missed'}."]


def _row(values: list[float]) -> str:
    """How many, and both quantiles; dashes where nothing was answered."""
    if not values:
        return "0 | – | –"
    return f"{len(values)} | {quantile(values, 0.5):.0f} | {quantile(values, 0.95):.0f}"


def quantile(values: list[float], share: float) -> float:
    """The milliseconds below which that share of the seconds lies."""
    return 1000 * sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    main()
