"""What every door does first: settings, the reader that was named, a review opened under its lock."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

from ..core.errors import UsageError
from ..core.settings import Settings
from ..memory.home import Home
from ..readers.choose import ReaderChoice, choose_reader
from ..readers.earlier import EarlierReader
from ..readers.measure import MeasureReader
from ..readers.protocol import Reader
from ..readers.recipes.prose import TOOL as PROSE
from ..sources import open as cases
from ..tools.catalogue import Toolbox, all_tools, toolbox
from ..tools.earlier import earlier_toolbox
from .nodes import Review
from .run import NOT_REVIEWED, ReviewRun, latest_of, open_run

AnyPath = str | os.PathLike[str]
MEASURE = "measure"


_SETTINGS: ContextVar[Settings | None] = ContextVar("settings of a program that holds its own", default=None)


@contextmanager
def working_with(settings: Settings) -> Iterator[None]:
    """What is done inside is done with these settings, in place of the environment's: a server was given its own."""
    before = _SETTINGS.set(settings)
    try:
        yield
    finally:
        _SETTINGS.reset(before)


def settings_here() -> Settings:
    """Those of `working_with`, else what the environment says."""
    return _SETTINGS.get() or Settings.from_environment(os.environ)


class ReaderOptions(TypedDict, total=False):
    """Who reads, as every door takes it by keyword; see `reader_choice`."""

    reader: str
    model: str | None
    adapters: Mapping[str, AnyPath] | None
    download: bool
    allow_plain_http: bool
    record: AnyPath | None


def reader_choice(*, reader: str = MEASURE, model: str | None = None, adapters: Mapping[str, AnyPath] | None = None,
                  download: bool = False, allow_plain_http: bool = False, record: AnyPath | None = None
                  ) -> ReaderChoice:
    """Who reads, from what a caller names.

    Args:
        reader: `measure`, `medgemma`, a server's URL, the folder of a checkpoint, or a recording (.jsonl).
        model: for `medgemma` a hub id or folder, for a server the name of its model.
        adapters: folders of LoRA adapters, by the tool that reads with them.
        download: allow a model's weights to be fetched; without it only local files are used.
        allow_plain_http: send pictures over plain http to a server that is not this machine.
        record: file (.jsonl) that every answer of the model is also written to, to be played again.

    Raises:
        UsageError: an adapter is given for no tool, or its folder is not there.
    """
    folders = {tool: Path(folder) for tool, folder in (adapters or {}).items()}
    tools = (*all_tools(), "comparison", PROSE)
    for tool, folder in folders.items():
        if tool not in tools:
            raise UsageError(f"an adapter is given for {tool!r}, which is no tool; the tools are {', '.join(tools)}")
        if not folder.is_dir():
            raise UsageError(f"the adapter of {tool!r}: there is no folder {folder}")
    return ReaderChoice(reader, model, folders, download=download, allow_plain_http=allow_plain_http,
                        record=Path(record) if record is not None else None)


@contextmanager
def review_run(case: AnyPath, patient: str | None, reader: ReaderChoice, question: str | None,
               tools: Mapping[str, Any] | None = None) -> Iterator[ReviewRun]:
    """The review of a case by a reader, with the shipped tools or some of the caller's own."""
    settings = settings_here()
    chosen = choose_reader(reader, Home(settings.home).cache)
    review = _review(case, patient, chosen, settings, toolbox(tools))
    with open_run(review, question) as run:
        yield run


@contextmanager
def reviewed_run(case: AnyPath, patient: str | None, reader: ReaderChoice) -> Iterator[ReviewRun]:
    """The latest review of the case, which this reader made; nothing is reviewed here.

    Raises:
        UsageError: the case was not reviewed in its present state, or another reader did it last.
    """
    settings = settings_here()
    review = _review(case, patient, choose_reader(reader, Home(settings.home).cache), settings, toolbox())
    latest = latest_of(review)
    if latest is None:
        raise UsageError(NOT_REVIEWED)
    if latest.identity != review.reader.identity:
        raise UsageError(f"the case was last reviewed by the reader {latest.reader.name}; review it again with "
                         f"{review.reader.identity.name}")
    with open_run(review, latest.question) as run:
        yield run


@contextmanager
def latest_run(case: AnyPath, patient: str | None) -> Iterator[ReviewRun]:
    """The latest review of the case, whoever read it; one that only measures where there was none."""
    review = _review(case, patient, MeasureReader(), settings_here(), toolbox())
    latest = latest_of(review)
    question = latest.question if latest else None
    if latest:
        box = earlier_toolbox(latest.own)
        review = replace(review, reader=EarlierReader(latest.identity), tools=box.tools, comparison=box.comparison,
                         own=box.own)
    with open_run(review, question) as run:
        yield run


def _review(case: AnyPath, patient: str | None, reader: Reader, settings: Settings, box: Toolbox) -> Review:
    home = Home(settings.home)
    return Review(path=cases.existing(Path(case)), patient=patient, settings=settings, home=home, reader=reader,
                  tools=box.tools, comparison=box.comparison, own=box.own, results=home.results)
