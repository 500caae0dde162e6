"""The words of reports by what they say, and the other names of findings."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

_SPELLINGS = (("haem", "hem"), ("oedem", "edem"), ("anaem", "anem"), ("oesoph", "esoph"), ("leuco", "leuko"),
              ("tumour", "tumor"), ("harbour", "harbor"), ("sulphate", "sulfate"), ("immunis", "immuniz"),
              ("visualis", "visualiz"), ("aemia", "emia"), ("neighbour", "neighbor"), ("analys", "analyz"),
              ("centre", "center"), ("fibre", "fiber"), ("behaviour", "behavior"))
_WORD = re.compile(r"[^\W_]+")
_KEPT = frozenset({"pus", "bus", "less", "us", "plus", "versus", "vs", "previous", "nucleus", "status", "abscess"})


@cache
def _forms() -> dict[str, str]:
    """Forms of one word, such as an organ's adjective, by the form that stands for all."""
    return {other: _singular(one) for one, others in _load("forms.yaml").items() for other in others}


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """A word as compared: small letters, American spelling, singular, adjectives of organs as the organ."""
    text = "".join(letter for letter in unicodedata.normalize("NFD", word.casefold())
                   if not unicodedata.combining(letter))
    for old, new in _SPELLINGS:
        text = text.replace(old, new)
    return _forms().get(text) or _forms().get(bare := _singular(text)) or bare


def _singular(text: str) -> str:
    if text in _KEPT or len(text) <= 3 or text.endswith(("ss", "us", "is", "sis", "ous")):
        return text
    if text.endswith("ies") and len(text) > 4:
        return text[:-3] + "y"
    return text[:-1] if text.endswith("s") else text


@lru_cache(maxsize=16384)
def stems(text: str) -> tuple[str, ...]:
    """The words of a text, each as compared; punctuation parts words."""
    return tuple(stem(word) for word in _WORD.findall(text.replace("'s", "").replace("’s", "")))


def _load(name: str) -> dict[str, Any]:
    text = (files("caseloom.agent.prose") / "data" / name).read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - words such as `no` stay words
    return loaded


@cache
def sayings() -> dict[tuple[str, ...], frozenset[str]]:
    """What a phrase says, by its words; a phrase may say several things."""
    found: dict[tuple[str, ...], set[str]] = {}
    for kind, phrases in _load("words.yaml").items():
        for phrase in phrases:
            found.setdefault(stems(str(phrase)) or (str(phrase),), set()).add(kind)
    return {words: frozenset(kinds) for words, kinds in found.items()}


@cache
def terms() -> dict[tuple[str, ...], dict[str, list[str]]]:
    """Other names of findings, by the words of the name that tools give."""
    return {stems(name): entry for name, entry in _load("terms.yaml").items()}


@cache
def flagged_names() -> dict[tuple[str, ...], frozenset[tuple[str, ...]]]:
    """Words that name a result and its flag in one, such as hyperkalemia, by the name of the result."""
    return {stems(name): frozenset(stems(word) for word in words) for name, words in _load("flagged.yaml").items()}


@cache
def flag_words() -> frozenset[tuple[str, ...]]:
    """Every word that names a result and its flag in one."""
    return frozenset(word for words in flagged_names().values() for word in words)


@cache
def _groups() -> dict[tuple[str, ...], frozenset[tuple[str, ...]]]:
    found: dict[tuple[str, ...], frozenset[tuple[str, ...]]] = {}
    for group in _load("synonyms.yaml").values():
        names = frozenset(stems(name) for name in group)
        found |= dict.fromkeys(names, names)
    return found


def alike(name: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """Other names that mean the same, such as a short form; none where none is known."""
    return _groups().get(name, frozenset())
