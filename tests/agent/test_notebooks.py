"""The notebooks run from top to bottom, each from a fresh kernel; what they show is kept for the documentation."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PICTURE, HTML, MARKDOWN = "image/png", "text/html", "text/markdown"
SHOWS = {"01": {PICTURE, HTML}, "02": {PICTURE, HTML}, "03": {PICTURE}, "04": {PICTURE}, "05": {PICTURE},
         "06": {PICTURE}, "07": {MARKDOWN}, "08": {"text/plain"}}
"""What each notebook must have put on the page."""
EXECUTED = ROOT / "build" / "notebooks"


@pytest.mark.notebooks
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, demo: Path, reviewed: tuple[object, Path], tmp_path: Path,
                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASELOOM_CASE", str(demo))
    monkeypatch.setenv("CASELOOM_HOME", str(reviewed[1].parent / "home"))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    NotebookClient(notebook, timeout=200, kernel_name="python3",
                   resources={"metadata": {"path": str(tmp_path)}}).execute()
    print(f"{path.stem}: {time.perf_counter() - start:.1f} s")  # noqa: T201 - `make notebooks` shows it
    ran = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert ran and all(cell.execution_count for cell in ran)
    assert SHOWS[path.stem[:2]] <= {kind for cell in ran for output in cell.outputs for kind in output.get("data", {})}
    EXECUTED.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, EXECUTED / path.name)


def test_notebooks_are_kept_without_outputs() -> None:
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells), path.name


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_uses_nothing_private(path: Path) -> None:
    code = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    for node in ast.walk(ast.parse(code)):
        names = [part for alias in node.names for part in alias.name.split(".")] if isinstance(
            node, ast.Import | ast.ImportFrom) else [node.attr] if isinstance(node, ast.Attribute) else []
        assert not [name for name in names if name.startswith("_") and not name.startswith("__")
                    and not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
                             and node.value.id == "self")], path.name
