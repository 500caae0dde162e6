"""The words of questions about one named thing: which may stand in each kind of question, and how limits and units are
written."""

from __future__ import annotations

import re

FILLER = frozenset((
    "size", "diameter", "extent",
    "a", "an", "the", "of", "his", "her", "their", "its", "he", "she", "they", "it", "patient", "patient's", "this",
    "that", "these", "those", "is", "was", "are", "were", "be", "been", "did", "do", "does", "has", "have", "had",
    "what", "which", "how", "much", "many", "to", "in", "on", "at", "for", "by", "with", "and", "me", "tell",
    "give", "show", "list", "please", "about", "value", "values", "level", "levels", "result", "results", "reading",
    "readings", "measurement", "measurements", "measured", "measure", "recorded", "seen", "now", "currently",
    "current", "today", "there", "again", "still", "so", "one", "ones", "from", "you", "s", "i", "we", "know",
    "all", "case", "record", "latest", "total", "overall", "combined", "whole"))
CHANGED = frozenset((
    "mm", "cm", "ml", "percentage", "amount",
    "change", "changed", "changes", "changing", "trend", "course", "develop", "developed", "increase", "increased",
    "increasing", "decrease", "decreased", "decreasing", "rise", "rose", "risen", "rising", "fall", "fell",
    "fallen", "falling", "drop", "dropped", "grow", "grew", "grown", "growth", "growing", "shrink", "shrank",
    "shrunk", "lose", "lost", "gain", "gained", "got", "gotten", "get", "gone", "go", "going", "up", "down",
    "bigger", "larger", "smaller", "higher", "lower", "better", "worse", "doing", "improve", "improved", "worsen",
    "worsened", "stable", "unchanged", "percent", "%", "difference", "over", "time", "any", "significantly",
    "evolve", "evolved", "progress", "progressed", "move", "moved", "much", "dropping", "interval", "since", "then",
    "same", "different", "years", "year", "months", "month", "weeks", "past", "few"))
MOVES = CHANGED - frozenset((
    "any", "much", "over", "time", "percent", "%", "then", "got", "get", "since", "gone", "go", "same", "mm", "cm",
    "ml", "percentage", "amount", "years", "year", "months", "month", "weeks", "past", "few"))
RATE = frozenset(("fast", "quickly", "quick", "rapidly", "rate", "speed", "doubling", "slowly"))
OVER_TIME = re.compile(r"\bover (?:the )?(?:last |past )?(?:few )?(?:time|years?|months?|weeks?|days)\b")
UPWARDS = re.compile(r"\b(?:increas\w+|r[io]s(?:e|en|ing)|gr[eo]w\w*|gain\w*|up|bigger|larger|higher)\b")
DOWNWARDS = re.compile(r"\b(?:decreas\w+|f[ea]ll\w*|drop\w*|shr[aiu]nk\w*|los[et]|down|smaller|lower)\b")
PICKS = {"first": "first", "earliest": "first", "initial": "first", "initially": "first", "baseline": "first",
          "highest": "highest", "maximum": "highest", "max": "highest", "peak": "highest", "largest": "", "biggest": "",
          "lowest": "lowest", "minimum": "lowest", "min": "lowest", "nadir": "lowest", "latest": "latest",
          "last": "latest", "recent": "latest", "newest": "latest", "recently": "latest", "previous": "previous",
          "before": "previous", "previously": "previous", "prior": "previous", "earlier": "previous"}
PICKED = frozenset([*PICKS, "most", "time"])
NORMAL = frozenset((
    "normal", "ok", "okay", "fine", "abnormal", "high", "low", "raised", "elevated", "reduced", "range", "in",
    "within", "out", "outside", "too", "reference", "alright", "enlarged", "big", "large", "small", "deranged"))
RELATIONS = ((frozenset(("normal", "ok", "okay", "fine")), "within"),
              (frozenset(("high", "raised", "elevated")), "high"),
              (frozenset(("low", "reduced")), "low"), (frozenset(("abnormal", "deranged")), "outside"))
NOW = frozenset(("now", "currently", "current", "today", "still"))
OUT_OF_RANGE = re.compile(r"\b(?:out of|outside)(?: of)?(?: the| its| their)?(?: printed| normal| reference)? range\b")
WHEN = frozenset(("when", "date", "dates", "day", "ever", "since"))
SOME = frozenset((
    "any", "point", "time", "anything", "ever", "exist", "present", "visible", "anywhere", "were", "show"))
COUNT = frozenset((
    "times", "often", "number", "count", "checked", "done", "tested", "taken", "many", "every", "each"))
WHERE = frozenset(("where", "side", "located", "lie", "lies", "location", "site"))
SHOWN = frozenset((
    "evidence", "slice", "slices", "picture", "image", "images", "source", "sources", "page", "see", "where",
    "open", "come", "comes", "shows", "showing", "ct", "film", "report", "document", "file", "best", "visible"))
TEXTURE = frozenset(("solid", "subsolid", "part-solid", "ground-glass", "ground", "glass", "or"))
"""What the caption of an opacity's picture tells."""
ASKING_WHERE = frozenset((
    "evidence", "slice", "slices", "picture", "image", "source", "page", "report", "document", "file"))
LIMIT = re.compile(
    r"(?:\b(?P<below>below|under|less than|lower than|smaller than|fewer than)"
    r"|\b(?P<above>above|over|more than|greater than|bigger than|larger than|higher than|exceed(?:s|ed|ing)?"
    r"|in excess of)|\b(?P<most>at most|up to|no more than)|\b(?P<least>at least|no less than|reach(?:es|ed)?)"
    r"|(?P<sign><=|>=|<|>|≤|≥)) ?(?P<number>\d+(?:\.\d+)?) ?"
    r"(?P<unit>%|percent|[a-zµμ]{1,4}/[a-z0-9.]{1,4}|mm2|cm2|mm|cm|ml|hu|u/l|fl|pg|g|l)?(?= |$)")
SIGNS = {"<": "below", ">": "above", "<=": "at most", "≤": "at most", ">=": "at least", "≥": "at least"}
LESION = re.compile(r"\b(?:lesions?|opacit(?:y|ies))\b(?! volume)")
ANY_LESION = re.compile(r"\b(?:lesions?|nodules?|masse?s?|opacit(?:y|ies))\b(?! volume)")
"""Other words for what the report calls a nodule or, above 30 mm, a mass candidate; the answer says which it is."""
LUNG = re.compile(r"(?:right|left) lung")
OPACITY_VOLUME = re.compile(r"\b(?:nodule|mass|lesion|opacity)(?:'s)? volume\b"
                             r"|\bvolume of (?:the )?(?:nodule|mass|lesion|opacity)\b")
OF_OPACITY = re.compile(r"\b(?:nodule|mass|lesion|opacity)'s (?P<before>(?:long|short)[ -]axis)"
                         r"|\b(?P<after>(?:long|short)[ -]axis(?: diameter)?) of (?:the |his |her )?"
                         r"(?:nodule|mass|lesion|opacity)\b")
UNIT = re.compile(r"(?:^| )(?:in|to|into|as) (?P<unit>[a-zµμ]{1,4}/[a-z]{1,4}|mm2|cm2|mm|cm|ml|dl|l|m)(?= |$)")
