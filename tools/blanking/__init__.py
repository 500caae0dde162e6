"""Identities taken out of text and page pictures before any model sees them."""

from .page import blank_page
from .text import blank_question, blank_text, people_of, people_of_study

__all__ = ["blank_page", "blank_question", "blank_text", "people_of", "people_of_study"]
