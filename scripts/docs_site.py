"""Hooks of mkdocs: the package as the reference reads it, and a page for each notebook.

Nothing is executed here: a page shows the outputs of `make notebooks`. Text, tables and pictures are taken; what a
library wrote to stderr is not. HTML of a `_repr_html_` goes in as it is: it is escaped where it is made.
"""

from __future__ import annotations

import base64
import logging
import re
import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
EXECUTED = ROOT / "build" / "notebooks"
PACKAGE = ROOT / "build" / "package" / "caseloom"
_NOTEBOOK = re.compile(r"\((?:\.\./)+notebooks/(\w+)\.ipynb\)")
_HEADING = re.compile(r"^(?=#{1,3} )", re.MULTILINE)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
log = logging.getLogger("mkdocs.hooks.notebooks")


def on_startup(command: str, dirty: bool) -> None:
    """A folder that holds the package's rooms alone: the reference would look through everything else in the root."""
    shutil.rmtree(PACKAGE, ignore_errors=True)
    PACKAGE.mkdir(parents=True)
    for room in sorted(path.parent for path in ROOT.glob("*/__init__.py")):
        (PACKAGE / room.name).symlink_to(room, target_is_directory=True)
    (PACKAGE / "__init__.py").symlink_to(ROOT / "__init__.py")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page, and its pictures, for each notebook."""
    for source in sorted((ROOT / "notebooks").glob("*.ipynb")):
        ran = EXECUTED / source.name
        if not ran.is_file():
            log.warning("%s was not executed: run `make notebooks` first", source.name)
        notebook = nbformat.read(ran if ran.is_file() else source, as_version=4)
        pictures: dict[str, bytes] = {}
        text = "\n\n".join(_cell(cell, source.stem, pictures) for cell in notebook.cells)
        note = f'!!! note ""\n    This page is `notebooks/{source.name}` as it ran from a fresh kernel.\n'
        head, _, rest = text.partition("\n")
        files.append(File.generated(config, f"notebooks/{source.stem}.md", content=f"{head}\n\n{note}\n{rest}"))
        for name, data in pictures.items():
            files.append(File.generated(config, f"notebooks/{source.stem}/{name}", content=data))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links to the notebooks, which in the checkout are files beside the docs, lead to their pages."""
    up = "../" * page.file.src_uri.count("/")
    return _NOTEBOOK.sub(rf"({up}notebooks/\1.md)", markdown)


def _cell(cell: Any, stem: str, pictures: dict[str, bytes]) -> str:
    if cell.cell_type == "markdown":
        return str(cell.source)
    code = f"```python\n{cell.source}\n```"
    return "\n\n".join([code, *_outputs(cell, stem, pictures)])


def _outputs(cell: Any, stem: str, pictures: dict[str, bytes]) -> Iterator[str]:
    printed = ""
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            printed += output.text if output.name == "stdout" else ""
        elif "data" in output:
            yield from _printed(printed)
            printed = ""
            yield _shown(output, stem, pictures)
    yield from _printed(printed)


def _printed(text: str) -> Iterator[str]:
    if text.strip():
        yield _block(text)


def _shown(output: Any, stem: str, pictures: dict[str, bytes]) -> str:
    data = output.data
    if "text/html" in data:
        html = "".join(data["text/html"]).replace("\n", " ")
        return f'<div class="output shown">{html}</div>'
    if "text/markdown" in data:
        return _HEADING.sub("###", "".join(data["text/markdown"]))  # below the headings of the notebook
    for kind, suffix in (("image/png", "png"), ("image/jpeg", "jpg")):
        if kind in data:
            name = f"{len(pictures) + 1}.{suffix}"
            pictures[name] = base64.b64decode(data[kind])
            width = output.get("metadata", {}).get(kind, {}).get("width")
            wide = f' width="{width}"' if width else ""
            return f"![output of the cell above]({stem}/{name}){{ .output{wide} }}"
    return _block("".join(data.get("text/plain", "")))


def _block(text: str) -> str:
    return f'<pre class="output">{escape(_COLOURS.sub("", text).rstrip())}</pre>'.replace("\n", "&#10;")
