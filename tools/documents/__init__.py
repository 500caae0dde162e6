"""What letters and notes say, quoted: found by words, never interpreted."""

from .on_demand import ReadDocuments

__all__ = ["ReadDocuments"]
