"""From signed corrections to training pairs: prompts as the recipes put them, answers as a person signed them."""

from .export import export_training
from .pair import Pair, TrainingSet

__all__ = ["Pair", "TrainingSet", "export_training"]
