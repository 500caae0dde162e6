"""The timeline at size: how fast events are taken up and found, beside plain ChromaDB calls on the same data.

    python benchmarks/timeline.py [--events 100000] [--patients 500] [--queries 300] [--write docs/performance.md]

Vectors of 384 numbers are made from a seed, so that no embedding time counts. A filtered search asks for words within
two dates and one kind. The plain calls do what the timeline does with ChromaDB itself: `get` of the collection and
`query` with the ids that meet the filter, the filter over the metadata in Python; `add` of the same rows for the
ingest.
Each is measured in a process of its own.
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
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from caseloom.core.report import TimelineEvent, make_event
from caseloom.evals.sections import machine, today, write_section
from caseloom.memory.home import Home
from caseloom.memory.query import Query
from caseloom.memory.store import open_client
from caseloom.memory.timeline import Timeline

WORDS = ("hemoglobin", "potassium", "nodule", "effusion", "film", "visit", "ferritin", "opacity", "creatinine",
         "letter")
KINDS = ("lab", "record", "study", "measurement")
DIMENSIONS = 384
WITHIN = ("2015", "2022")
PARTS = 5
GOALS = {"p50_ms": 25.0, "p95_ms": 80.0, "overhead": 1.3}


class Made:
    """Unit vectors from a seed, at no cost."""

    name = "made"

    def __init__(self) -> None:
        vectors = np.random.default_rng(7).standard_normal((4096, DIMENSIONS))
        self.vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).tolist()
        self.next = 0

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """The next vectors."""
        self.next += len(texts)
        return [self.vectors[(self.next + n) % len(self.vectors)] for n in range(len(texts))]


def main() -> None:
    """Measure both, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--patients", type=int, default=500)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the section into this file")
    parser.add_argument("--child", choices=("timeline", "plain"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        found = measure(asked.child, asked.events // asked.patients, asked.patients, asked.queries)
        sys.stdout.write(json.dumps(found) + "\n")
        return
    load = os.getloadavg()[0]
    results = {kind: _child(kind, asked) for kind in ("plain", "timeline")}
    lines = section(results, asked, load)
    sys.stdout.write("\n".join(lines) + "\n")
    if asked.write:
        write_section(asked.write, "The timeline", lines)


def _child(kind: str, asked: argparse.Namespace) -> dict[str, float]:
    done = subprocess.run([sys.executable, __file__, "--child", kind, "--events", str(asked.events), "--patients",
                           str(asked.patients), "--queries", str(asked.queries)], check=True, capture_output=True,
                          text=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def events_of(patient: int, number: int) -> list[TimelineEvent]:
    """One patient's events, from a seed."""
    random = np.random.default_rng(patient)
    return [make_event(kind=KINDS[n % len(KINDS)], text=f"{WORDS[random.integers(len(WORDS))]} {n}: "
                       f"{random.integers(1, 400)} units", evidence=(f"ev-{n}",), analyte=WORDS[n % len(WORDS)],
                       occurred_at=f"{random.integers(2005, 2026)}-{random.integers(1, 13):02d}-01")
            for n in range(number)]


def measure(kind: str, number: int, patients: int, queries: int) -> dict[str, float]:
    """Ingest in parts of as many patients, and search what is there then; milliseconds, events a second, MiB."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        names = [f"P-{n:016x}" for n in range(patients)]
        batches = [events_of(n, number) for n in range(patients)]
        take, find = _timeline(home) if kind == "timeline" else _plain(home)
        parts = []
        for part in range(PARTS):
            start = time.perf_counter()
            for name, events in list(zip(names, batches, strict=True))[part::PARTS]:
                take(name, events)
            parts.append(time.perf_counter() - start)
        order = np.random.default_rng(1).integers(patients, size=queries)
        times = []
        for n, at in enumerate(order):
            start = time.perf_counter()
            find(names[at], WORDS[n % len(WORDS)], KINDS[n % len(KINDS)])
            times.append((time.perf_counter() - start) * 1000)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"ingest": number * patients / PARTS / median(parts), "p50_ms": float(np.percentile(times, 50)),
                "p95_ms": float(np.percentile(times, 95)), "mib": peak}


Pair = tuple[Callable[[str, list[TimelineEvent]], Any], Callable[[str, str, str], Any]]


def _timeline(home: Home) -> Pair:
    made = Made()
    return (lambda name, events: Timeline(home, name, made).remember(events, case_id="c"),
            lambda name, word, kind: Timeline(home, name, made).hits(word, Query(kind=kind, between=WITHIN)))


def _plain(home: Home) -> Pair:
    made, client = Made(), open_client(home.timeline)

    def take(name: str, events: list[TimelineEvent]) -> None:
        collection = client.get_or_create_collection(name, embedding_function=None,
                                                     metadata={"hnsw:space": "cosine"})
        texts = [event.text for event in events]
        collection.add(ids=[event.id for event in events], documents=texts, embeddings=made.embed(texts),
                       metadatas=[{"kind": event.kind, "when": event.occurred_at, "event": event.model_dump_json()}
                                  for event in events])

    def find(name: str, word: str, kind: str) -> list[str]:
        collection = client.get_collection(name, embedding_function=None)
        rows = collection.get(include=["metadatas", "documents"])
        wanted = {key: None for key, row in zip(rows["ids"], rows["metadatas"], strict=True)
                  if row["kind"] == kind and WITHIN[0] <= row["when"] <= f"{WITHIN[1]}-99"}
        exact = [key for key, text in zip(rows["ids"], rows["documents"], strict=True)
                 if key in wanted and word in text]
        near = collection.query(query_embeddings=made.embed([word]), n_results=min(20, len(wanted)), ids=[*wanted],
                                include=["metadatas"]) if wanted else {"ids": [[]]}
        return [*exact, *near["ids"][0]]

    return take, find


def section(results: dict[str, dict[str, float]], asked: argparse.Namespace, load: float) -> list[str]:
    """The table."""
    plain, ours = results["plain"], results["timeline"]
    rows = [f"| {name} | {plain[key]:,.{digits}f} | {ours[key]:,.{digits}f} | {ratio:.2f} |"
            for name, key, digits, ratio in (
        ("ingest, events a second", "ingest", 0, plain["ingest"] / ours["ingest"]),
        ("filtered search, p50, ms", "p50_ms", 1, ours["p50_ms"] / plain["p50_ms"]),
        ("filtered search, p95, ms", "p95_ms", 1, ours["p95_ms"] / plain["p95_ms"]),
        ("peak memory, MiB", "mib", 0, ours["mib"] / plain["mib"]))]
    return [f"{asked.events:,} events of {asked.patients} patients, {asked.queries} filtered searches of patients at "
            f"random, no embedding time; of the ingest the median of {PARTS} parts, one after the other "
            f"({machine()}; load {load:.1f} at the start; {today()}; "
            "`benchmarks/timeline.py`).", "",
            "| | plain ChromaDB | timeline | factor |", "|---|---:|---:|---:|", *rows, "",
            f"Goals: p50 {GOALS['p50_ms']:.0f} ms, p95 {GOALS['p95_ms']:.0f} ms, factor {GOALS['overhead']}. "
            "On a machine with load the factors say little."]


if __name__ == "__main__":
    main()
