"""A real server in a process of its own, on a free port."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from caseloom.app.server.roles import Role
from caseloom.app.server.users import add_user

TOLD = re.compile(r"serves at (http://127\.0\.0\.1:\d+)/")


@dataclass(frozen=True)
class Served:
    """Where it listens, and the tokens of its users by their role."""

    url: str
    tokens: dict[Role, str]

    def door(self, role: Role) -> str:
        """The address that begins a browser's session."""
        return f"{self.url}/?token={self.tokens[role]}"


@contextmanager
def served(folder: Path, *words: str) -> Iterator[Served]:
    """Run `caseloom serve` with a user for each role, and stop it by its own number."""
    users = folder / "users.yaml"
    tokens = {role: add_user(users, role.value, role) for role in Role}
    process = subprocess.Popen(
        [sys.executable, "-m", "caseloom", "serve", "--port", "0", "--users", str(users), *words], text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ | {"CASELOOM_HOME": str(folder / "home")})
    try:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if (found := TOLD.search(line)) is not None:
                break
        else:
            raise AssertionError(f"the server did not start: {''.join(said)}")
        yield Served(found[1], tokens)
    finally:
        process.terminate()
        process.communicate(timeout=60)
