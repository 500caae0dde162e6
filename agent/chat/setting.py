"""What a question says beside the thing that it asks for: on which examination, where, and on which side."""

from __future__ import annotations

import re

from . import forms

_PICK = r"(?P<pick>first|earliest|initial|last|latest|most recent|newest|recent)"
_STUDY = re.compile(rf" (?:(?:on|in|of|from|by|at) (?:the |his |her |this |that )?|(?:between|across|over|throughout) "
                    rf"(?:the |his |her |these |all |both |two |three )*)(?:{_PICK} )?{forms.STUDY}(?= |$)")
_SHOW = re.compile(rf"(?:did|does|do|has|have|is|was) (?:the |his |her |this |that |any )?(?P<study>(?:{_PICK} )?"
                   rf"{forms.STUDY}) (?:show|shows|shown|demonstrate|reveal|revealed) (?:any |an? |signs? of )?"
                   r"(?P<x>.+)")
_INSTITUTION = re.compile(
    r" (?:in|at|on|from|during|by) (?:the |this |that |his |her |a |our )?(?:last |previous )?(?:outpatients?"
    r"|outpatient clinic|clinic|hospital|ward|practice|surgery|emergency (?:room|department)|er|icu|itu|gp|theatre"
    r"|admission|discharge|presentation|baseline|follow[- ]?up|screening)$")
_SIDE = re.compile(r"^(?P<x>.+?) (?:on|at|to) (?:the |his |her )?(?P<side>right|left)(?:[- ]hand)?(?: side)?$")
_NAMES_FIRST = frozenset(("first", "earliest", "initial"))


def shown_on(text: str) -> str:
    """`did the film show a fracture` as `is there fracture on the film`; any other text as it is."""
    found = _SHOW.fullmatch(text)
    return f"is there {found['x']} on the {found['study']}" if found else text


def study_in(text: str) -> tuple[str, str, str]:
    """The kind of examination that a question is about (empty where it says none), which of several (`first`, `last`
    or empty), and the question without it."""
    found = _STUDY.search(text)
    if found is None:
        return "", "", text
    pick = "" if not found["pick"] else "first" if found["pick"] in _NAMES_FIRST else "last"
    return forms.kind_of(found["kind"]), pick, " ".join(_STUDY.sub(" ", text, count=1).split())


def without_place(text: str) -> str:
    """A question without the institution or occasion at its end: `in clinic`, `on admission`."""
    return _INSTITUTION.sub("", text)


def sided(name: str) -> str:
    """A thing with its side before it: `fracture on the left side` is a `left fracture`."""
    return _SIDE.sub(r"\g<side> \g<x>", name)
