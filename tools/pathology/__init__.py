"""Whole-slide pathology: tissue, nuclear density, ranked regions."""

from .tool import PathologyTool

__all__ = ["PathologyTool"]
