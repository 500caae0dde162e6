"""Frontal chest films: boxes of lungs, heart and mediastinum, and the cardiothoracic ratio."""

from .tool import LocalizationTool

__all__ = ["LocalizationTool"]
