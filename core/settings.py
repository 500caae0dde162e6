"""Settings and limits, frozen; read from the environment once, at the door."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .words import Word

MIB = 1024 * 1024


class Limits(Word):
    """How much one case may ask of the machine; what goes beyond is refused with a reason, never attempted."""

    max_files: int = 50_000
    max_file_bytes: int = 8 * 1024 * MIB
    max_zip_bytes: int = 16 * 1024 * MIB
    """Uncompressed size of a zipped case."""
    max_zip_ratio: int = 200
    """Uncompressed over compressed size of one zip member above 10 MiB."""
    max_image_pixels: int = 100_000_000
    """Rows x columns of one decoded image or frame."""
    max_volume_voxels: int = 1_500_000_000
    max_slide_pixels: int = 40_000_000_000
    """Rows x columns of a whole slide, which is read in tiles."""
    max_document_pages: int = 200
    max_page_pixels: int = 40_000_000
    document_seconds: float = 120.0
    """Wall-clock limit of the child process that opens one untrusted document."""
    document_memory_bytes: int = 3 * 1024 * MIB
    max_record_bytes: int = 512 * MIB


class Settings(Word):
    """What a run needs to know besides its input."""

    home: Path
    """State folder (`$CASELOOM_HOME`): key, timeline, checkpoints, caches, runs."""
    limits: Limits = Limits()
    workers: int = 2
    """Tool tasks that run side by side."""
    timeline_server: str | None = None
    """URL of a ChromaDB server (`$CASELOOM_CHROMA`); without it the timeline lies in the state folder."""
    embedder: Path | None = None
    """Folder of another embedding model for the timeline (`$CASELOOM_EMBEDDER`)."""
    space: str = ""
    """Keeps the same files apart where they are two cases: what is reviewed, said and decided in one space is none of
    another's. A server gives each of its cases its own."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Settings for this process: `CASELOOM_HOME`, else the platform's user data folder; `CASELOOM_CHROMA`,
        `CASELOOM_EMBEDDER`."""
        from platformdirs import user_data_path

        named = environment.get("CASELOOM_HOME")
        model = environment.get("CASELOOM_EMBEDDER")
        return cls(home=Path(named).expanduser().absolute() if named else user_data_path("caseloom"),
                   timeline_server=environment.get("CASELOOM_CHROMA") or None,
                   embedder=Path(model).expanduser().absolute() if model else None)
