"""Ingests events into a timeline and kills itself, as a power cut would, in the middle of it.

Arguments: state folder, opaque patient, number of events, number of texts after which the process dies.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from caseloom.core.report import TimelineEvent, make_event
from caseloom.memory.home import Home
from caseloom.memory.timeline import Timeline


class DyingEmbedder:
    """Letter counts, until it has seen so many texts."""

    name = "letter counts"

    def __init__(self, last: int) -> None:
        self.left = last

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.left -= len(texts)
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return [[1.0, *(float(text.count(letter)) for letter in "abcdefghijklmnopqrstuvwxyz")] for text in texts]


def events(number: int) -> list[TimelineEvent]:
    return [make_event(kind="lab", text=f"Result {n}", occurred_at="2025-01-01", evidence=(f"E{n}",))
            for n in range(number)]


if __name__ == "__main__":
    folder, patient, number, last = sys.argv[1:]
    Timeline(Home(Path(folder)), patient, DyingEmbedder(int(last))).remember(events(int(number)), case_id="c")
