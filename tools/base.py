"""The one small interface of every tool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from ..core.case import CaseFile, Patient, Series, Study
from ..core.evidence import Evidence, Source
from ..core.finding import MEASURED
from ..core.refusal import Refusal, RefusalCode
from ..core.result import ToolResult
from ..core.settings import Limits
from ..readers.protocol import Reader
from .slide_search import PatchIndex, SlideSearch

__all__ = ["MEASURED", "Aids", "Arguments", "OnDemand", "Tool", "ToolContext", "refuse", "source_of"]


@dataclass(frozen=True)
class ToolContext:
    """What a tool gets besides its study. Identity comes from here, never from a model's arguments.

    Args:
        root: folder that `CaseFile.path` is relative to.
        patient: whose case it is, for tools that meet several people in one file.
        opaque_patient: what findings carry as `patient`.
        reader: who interprets, if anybody.
        pictures: folder for overlays, or None to draw none; `Evidence.picture` is `overlays/NAME.png` for
            `pictures / NAME.png`.
        cache: folder for what is costly to read again (page words), keyed by content digest.
        question: put by the user, or None.
        limits: how much one input may ask of the machine.
        search: what to look for on a slide, or None.
        exports: folder for files that other programs open, or None to write none.
    """

    root: Path
    patient: Patient | None
    opaque_patient: str
    reader: Reader
    pictures: Path | None
    cache: Path
    question: str | None = None
    limits: Limits = field(default_factory=Limits)
    search: SlideSearch | None = None
    exports: Path | None = None

    @property
    def masks(self) -> Path | None:
        """Folder for masks, beside the overlays; `Evidence.mask` is `masks/NAME` for
        `masks / NAME`."""
        return self.pictures.with_name("masks") if self.pictures is not None else None


class Tool(Protocol):
    """One capability. `run` never raises for bad input: what it could not use is in `refused`."""

    name: str

    def gate(self, study: Study) -> Refusal | None:
        """Why this study is not for this tool, told from its headers; None when it may run."""
        ...

    def run(self, study: Study, context: ToolContext) -> ToolResult:
        """Measure and read one study. Evidence and finding ids are content ids; numbering comes later."""
        ...


class Arguments(BaseModel):
    """What a caller, often a model, may ask for: nothing else than the fields, and never who the patient is."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Aids:
    """What is known beside a study when something is asked of it again.

    Args:
        earlier: what the study's tool gave in the review; None where it gave nothing.
        shown: a piece of evidence by the id that a user sees; None where there is none.
        open_index: where patches of slides are kept, by SHA-256 and embedder.
    """

    earlier: ToolResult | None
    shown: Callable[[str], Evidence | None]
    open_index: Callable[[str, str], PatchIndex]


class OnDemand(Protocol):
    """What is measured only when somebody asks for it, with parameters of their own."""

    @property
    def name(self) -> str:
        """Of the call."""
        ...

    @property
    def arguments(self) -> type[Arguments]:
        """Its parameters: a schema for whoever calls."""
        ...

    def gate(self, study: Study) -> Refusal | None:
        """Why this study is not for it, told from its headers; None when it may run."""
        ...

    def run(self, study: Study, context: ToolContext, given: Any, aids: Aids) -> ToolResult:
        """Measure one study. Never raises for bad input: what could not be done is in `refused` with its reason.

        Args:
            study: that passed the gate.
            context: where the files lie, where pictures go.
            given: an instance of `arguments`.
            aids: what is known beside the study.
        """
        ...


def source_of(file: CaseFile, series: Series | None = None) -> Source:
    """The evidence source for a file, or for a series through its first file."""
    uid = series.uid if series is not None else file.instance_uid
    return Source(file=file.path, sha256=file.sha256, uid=uid)


def refuse(study: Study, code: RefusalCode, reason: str) -> Refusal:
    """A refusal of a whole study under its first file."""
    return Refusal(file=study.files[0].path, code=code, reason=reason)
