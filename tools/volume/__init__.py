"""CT and MR volumes: loaded with their geometry, measured by published methods, shown as overlays."""

from .tool import VolumeTool

__all__ = ["VolumeTool"]
