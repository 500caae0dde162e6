"""What a server is told when it starts."""

from __future__ import annotations

from pathlib import Path

from ...core.settings import MIB
from ...core.words import Word


class Options(Word):
    """How a server runs, and how much it lets each user ask of it."""

    host: str = "127.0.0.1"
    port: int = 8765
    """0 takes a free one."""
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "::1")
    """Names in the Host header that are answered; any other is refused, so that no foreign page can reach the server
    under a name of its own."""
    roots: tuple[Path, ...] = ()
    """Folders under which cases may be registered where they lie."""
    readers: tuple[str, ...] = ("measure",)
    """Readers that a review may name; the first one is the default."""
    users: Path | None = None
    """File of users (YAML); without one there is one user, with the token of this start."""
    secure: bool = False
    """The page is reached over https, through a proxy: cookies are sent over nothing else."""
    max_upload_bytes: int = 16 * 1024 * MIB
    """Of all files of one case."""
    max_upload_files: int = 20_000
    max_body_bytes: int = MIB
    """Of a request that is no file."""
    max_waiting: int = 20
    """Jobs that may wait; a further one is refused."""
    jobs_at_once: int = 1
    heavy_at_once: int = 2
    """Requests that measure or export, side by side; others wait."""
    requests_per_second: float = 100.0
    """Of one user, on average; `burst` of them may come at once."""
    burst: int = 600
    strangers_at_once: int = 30
    """Requests without a known token that come at once from one address; one comes back each second."""
    session_seconds: int = 12 * 3600
