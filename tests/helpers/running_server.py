"""A running server in this process, and how a test waits for its jobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from fastapi.testclient import TestClient

from caseloom.app.server.application import make_application
from caseloom.app.server.options import Options
from caseloom.app.server.service import Service
from caseloom.app.server.users import Users, local_user
from caseloom.core.settings import Settings

TOKEN = "a-token-for-these-tests-alone"


class serving:  # noqa: N801 - reads as a context
    """A running server in this process, asked with its token."""

    def __init__(self, home: Path, users: Users | None = None, **options: object) -> None:
        self.service = Service(Settings(home=home), Options(**{"allowed_hosts": ("testserver",), **options}),
                               users or local_user(TOKEN))

    def __enter__(self) -> TestClient:
        self._client = TestClient(make_application(self.service), headers={"Authorization": f"Bearer {TOKEN}"},
                                  raise_server_exceptions=False)
        return self._client.__enter__()

    def __exit__(self, *what: object) -> None:
        self._client.__exit__(*what)


def ended(client: TestClient, job: str, seconds: float = 120.0) -> dict:
    """The job once it is over."""
    return until(lambda: _over(client, job), seconds)


def _over(client: TestClient, job: str) -> dict | None:
    shown = client.get(f"/api/jobs/{job}").json()
    return shown if shown["job"]["state"] in ("done", "failed", "cancelled") else None


def until(look: Callable[[], dict | None], seconds: float) -> dict:
    """What a look gives as soon as it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (found := look()) is not None:
            return found
        time.sleep(0.1)
    raise AssertionError(f"nothing came within {seconds} seconds")
