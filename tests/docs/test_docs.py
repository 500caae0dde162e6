"""What the documentation says to type works: blocks run, commands and options exist, every page is in the navigation.

A block that cannot run here has a comment before it that says why: `<!-- not run: reason -->`. Blocks of `text` show
the forms of commands; only that these exist is checked.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from caseloom.app.command_line import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
RUN = {"bash": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}
RUN_ELSEWHERE = {"docs/api.md": "tests/app/server/test_served.py runs every block of it against a server"}
LANGUAGES = {*RUN, "text", "json", "yaml"}
_BLOCK = re.compile(r"^(?:<!-- not run: (?P<why>[^\n]+) -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$", re.M | re.S)
_INLINE = re.compile(r"`(caseloom [^`\n]+)`")
_COMMAND = re.compile(r"(?:^|[\s|])caseloom ([a-z][a-z-]*)([^\n|]*)", re.M)


@dataclass(frozen=True)
class Block:
    """A fenced block; `why` it is not run, None where it is."""

    language: str
    code: str
    why: str | None


def blocks(page: Path) -> list[Block]:
    return [Block(found["language"], found["code"], found["why"])
            for found in _BLOCK.finditer(page.read_text(encoding="utf-8"))]


def runnable(page: Path) -> list[Block]:
    return [block for block in blocks(page) if block.language in RUN and block.why is None]


@pytest.mark.parametrize("name", NAMES)
def test_a_block_names_its_language_and_is_run_or_says_why_not(name: str) -> None:
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    found = blocks(page)
    assert len(found) * 2 == len(re.findall(r"^```", text, re.M)), "a block is not closed, or indented"
    assert {block.language for block in found} <= LANGUAGES
    assert text.count("<!-- not run:") == sum(block.why is not None for block in found)
    assert all(len(block.why) > 10 for block in found if block.why is not None)


@pytest.mark.parametrize("name", NAMES)
def test_commands_and_options_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    shown = "\n".join([*(block.code for block in blocks(ROOT / name)), *_INLINE.findall(text)])
    known: Any = typer.main.get_command(app)
    for command, rest in _COMMAND.findall(shown):
        assert command in known.commands, f"caseloom {command}"
        below = getattr(known.commands[command], "commands", {})
        named = re.match(r" ([a-z][\w-]*)", rest) if below else None
        assert named is None or named[1] in below, f"caseloom {command} {rest}"
        asked = [known.commands[command], *([below[named[1]]] if named else below.values())]
        options = {flag for part in asked for one in part.params for flag in (*one.opts, *one.secondary_opts)}
        said = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest.split("#")[0].split("    ")[0])) - {"--help", "--debug"}
        assert said <= options, f"caseloom {command}: {said - options}"


def test_every_page_is_in_the_navigation_and_every_entry_is_there() -> None:
    class Loader(yaml.SafeLoader):
        """The navigation alone is wanted."""

    def entries(item: object) -> list[str]:
        if isinstance(item, str):
            return [item]
        parts = item if isinstance(item, list) else item.values() if isinstance(item, dict) else ()
        return [name for part in parts for name in entries(part)]

    told = entries(yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)["nav"])  # noqa: S506 - a SafeLoader
    pages = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
    notebooks = {f"notebooks/{path.stem}.md" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert sorted(told) == sorted(pages | notebooks)


@pytest.fixture(scope="session")
def toured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which somebody followed the tutorial."""
    folder = tmp_path_factory.mktemp("tour")
    run_blocks(ROOT / "docs" / "tutorial.md", folder)
    return folder


def run_blocks(page: Path, folder: Path) -> None:
    environment = {**os.environ, "CASELOOM_HOME": str(folder / "home"),
                   "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for block in runnable(page):
        done = subprocess.run([*RUN[block.language], block.code], cwd=folder, env=environment, capture_output=True,
                              text=True, timeout=500, check=False)
        assert done.returncode == 0, f"{page.name}: {block.code}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.docs
def test_the_tutorial_leads_to_a_signed_report(toured: Path) -> None:
    made = [toured / "demo" / "report.html", toured / "changed" / "result.json", toured / "exported" / "fhir.json"]
    assert all(file.is_file() for file in made)


@pytest.mark.docs
@pytest.mark.parametrize("name", [name for name in NAMES if name not in RUN_ELSEWHERE and name != "docs/tutorial.md"
                                  and runnable(ROOT / name)])
def test_what_a_page_says_to_type_runs(name: str, toured: Path) -> None:
    run_blocks(ROOT / name, toured)


def test_what_is_run_elsewhere_is_run_there() -> None:
    for name, where in RUN_ELSEWHERE.items():
        assert Path(name).name in (ROOT / where.split(" ")[0]).read_text(encoding="utf-8")


