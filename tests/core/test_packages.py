"""The list of packages in pyproject.toml is what the repository holds."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_SHIPPED = {"tests", "benchmarks", "notebooks", "docs"}


def test_every_folder_with_code_is_a_listed_package() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    rooms = [folder for folder in ROOT.iterdir() if (folder / "__init__.py").is_file() and not folder.is_symlink()
             and folder.name not in NOT_SHIPPED]
    held = {"caseloom"} | {".".join(("caseloom", *init.parent.relative_to(ROOT).parts))
                           for room in rooms for init in room.rglob("__init__.py")}
    assert set(listed) == held
