"""Caseloom: one patient's case, woven into one dated timeline and one draft report tied to its evidence.

The public door. Everything here is loaded on first use, so that `import caseloom` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .agent.decide import edit_case, sign_case
    from .agent.door import ask, open_case, review_case, run_tool
    from .agent.handover import export_case
    from .agent.training import export_training
    from .phantoms import write_demo

__version__ = "0.1.0"
__all__ = ["__version__", "ask", "edit_case", "export_case", "export_training", "open_case", "review_case",
           "run_tool", "sign_case", "write_demo"]

_HOMES = {"ask": ".agent.door", "edit_case": ".agent.decide",
          "export_case": ".agent.handover", "export_training": ".agent.training", "open_case": ".agent.door",
          "review_case": ".agent.door", "run_tool": ".agent.door", "sign_case": ".agent.decide",
          "write_demo": ".phantoms"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'caseloom' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
