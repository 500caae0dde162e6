"""The server as people start it: the walk-through of the documentation, its description held to, its end."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from served import served

from caseloom.app.server.roles import Role
from caseloom.app.server.users import EVERY_CASE, add_user

WALK = Path(__file__).parents[3] / "docs" / "api.md"


def blocks(text: str) -> str:
    return "\n".join(re.findall(r"```bash\n(.*?)```", text, re.DOTALL))


def serve(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "caseloom", "serve", *options], capture_output=True, text=True,
                          timeout=60, check=False)


def test_the_walk_through_works_as_written(demo_parts: Path, tmp_path: Path) -> None:
    script = f"set -euo pipefail\n{blocks(WALK.read_text(encoding='utf-8'))}"
    with served(tmp_path) as server:
        here = {"PATH": "/usr/bin:/bin", "SERVER": server.url, "TOKEN": server.tokens[Role.SIGNER],
                "OUT": str(tmp_path), "FILES": str(demo_parts / "small")}
        done = subprocess.run(["/bin/bash", "-c", script], capture_output=True, text=True, timeout=300, check=False,
                              env=here)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for said in ("done", "Bundle", "Hemoglobin", "unsupported", "signed", "there is no such case"):
        assert said in done.stdout
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.long
def test_every_address_keeps_to_its_description(reviewed_home: tuple[Path, str], demo_parts: Path, tmp_path: Path
                                                ) -> None:
    """Schemathesis, all its checks, on a case that was reviewed: whatever is sent, the answer is one that is
    described. The case is changed and removed last."""
    home, case = reviewed_home
    shutil.copytree(home, tmp_path / "home")
    token = add_user(tmp_path / "users.yaml", "tester", Role.SIGNER, (EVERY_CASE,))
    (tmp_path / "schemathesis.toml").write_text(f'[parameters]\n"path.case" = "{case}"\n')
    last = ("change_case", "remove_case")
    first_all_others = [word for name in last for word in ("--exclude-operation-id", name)]
    then_these = [word for name in last for word in ("--include-operation-id", name)]
    with served(tmp_path, "--jobs", "0", "--strangers", "100000", "--root", str(demo_parts)) as server:
        for chosen in (first_all_others, then_these):
            done = subprocess.run(
                [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/api/openapi.json", "--header",
                 f"Authorization: Bearer {token}", "--request-timeout", "30", "--max-examples", "3", "--seed", "1",
                 "--phases", "examples,coverage,fuzzing", "--generation-database", "none", *chosen],
                capture_output=True, text=True, timeout=900, check=False, cwd=tmp_path)
            assert done.returncode == 0, done.stdout[-6000:]


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        port = server.url.rsplit(":", 1)[1]
        done = serve("--port", port)
        assert httpx.get(f"{server.url}/api/ready").status_code == 200
    assert (done.returncode, "choose another --port" in done.stderr) == (2, True)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("options", "said"), [
    (["--root", "/nowhere/at/all"], "no such folder"), (["--users", "/nowhere.yaml"], "cannot be read"),
    (["--add-user", "ana"], "--users FILE")])
def test_what_cannot_be_meant_is_told_in_one_line(tmp_path: Path, options: list[str], said: str) -> None:
    done = serve("--port", "0", *options)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert len(done.stderr.splitlines()) == 1
