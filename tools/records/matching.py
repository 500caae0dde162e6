"""Whether a name in a record is what a question asks about: by words and codes, never by similarity."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import TypeVar

T = TypeVar("T")

EMPTY_WORDS = frozenset((
    "a", "an", "and", "any", "by", "for", "from", "his", "her", "in", "is", "it", "its", "of", "on", "or", "patient",
    "s", "that", "the", "their", "this", "to", "with", "your", "condition", "disease", "disorder", "finding", "problem",
    "procedure", "situation"))
"""Words that do not tell one thing from another; "disease" is kept where nothing else is left."""

SAME_THING = (
    (r"\bhba1c\b|\bglyc(?:at|osylat)ed hemoglobin\b|\bhb a1c\b|(?<!hemoglobin )\ba1c\b", "hemoglobin a1c"),
    (r"\bhb\b|\bhgb\b", "hemoglobin"),
    (r"\bhct\b|\bpacked cell volume\b", "hematocrit"),
    (r"\bblood (?:sugars?|glucose)\b", "glucose"),
    (r"\bwbc\b|\bwhite (?:blood )?(?:cells?(?: counts?)?|counts?)\b|\bleu[ck]ocytes?(?: counts?)?\b", "leukocyte"),
    (r"\brbc\b|\bred (?:blood )?(?:cells?(?: counts?)?|counts?)\b|\berythrocytes?(?: counts?)?\b", "erythrocyte"),
    (r"\bplatelet counts?\b|\bthrombocytes?\b|\bplt\b", "platelet"),
    (r"\bmean (?:corpuscular|cell) volume\b", "mcv"),
    (r"\bbun\b|\bblood urea nitrogen\b", "urea nitrogen"),
    (r"\be ?gfr\b|\bgfr\b|\bestimated glomerular filtration rate\b", "glomerular filtration rate"),
    (r"\bhdl(?:[ -]c)?(?: chol\w*)?\b|\bcholesterol in hdl\b", "high density lipoprotein cholesterol"),
    (r"\bldl(?:[ -]c)?(?: chol\w*)?\b|\bcholesterol in ldl\b", "low density lipoprotein cholesterol"),
    (r"\balt\b|\bsgpt\b", "alanine aminotransferase"),
    (r"\bast\b|\bsgot\b", "aspartate aminotransferase"),
    (r"\balp\b", "alkaline phosphatase"),
    (r"\bbmi\b", "body mass index"),
    (r"\blvef\b", "left ventricular ejection fraction"), (r"\bef\b", "ejection fraction"),
    (r"\bcoughing up blood\b", "hemoptysis"),
    (r"\bsystolic bp\b", "systolic blood pressure"),
    (r"\bdiastolic bp\b", "diastolic blood pressure"),
    (r"\bbp\b", "blood pressure"),
    (r"\bco2\b|\bbicarbonate\b", "carbon dioxide"),
    (r"\bsmok\w+(?: status)?\b", "smoking status"),
    (r"\bhigh blood pressure\b|\bhypertensive (?:disease|disorder)\b", "hypertension"),
    (r"\bcopd\b", "chronic obstructive pulmonary disease"),
    (r"\bchf\b", "congestive heart failure"),
    (r"\bheart attack\b", "myocardial infarction"),
    (r"\bshort(?:ness)? of breath\b|\bbreathless(?:ness)?\b|\bdyspnoea\b", "dyspnea"),
    (r"\bblood loss\b|\bhemorrhag(?:es?|ic|ing)\b|\bbleeds?\b|\bbled\b", "bleeding"),
    (r"\bferr(?:ous|ic)\b", "ferrous iron"),
    (r"(?<!secondary )\bmalignant (?:neoplasms?|tumors?)\b|\bcarcinomas?\b(?! in situ)", "cancer"),
    (r"\bgastro[ -]?o?esophageal reflux disease\b|\bacid reflux(?: disease)?\b|\bgastro[ -]?o?esophageal reflux\b",
     "gastroesophageal reflux"),
    (r"\bflu\b", "influenza"),
    (r"\bx[ -]?rays?\b|\bradiographs?\b", "xray"),
    (r"\bechocardiogra\w+\b|\becho\b", "echocardiogram"),
    (r"\btrans thoracic\b", "transthoracic"),
    (r"\b(?:broken?|break|breaks|fractured) (?:a |any |his |her |some )?bones?\b|\bbroken bones?\b", "fracture"),
    (r"\b(?:broken?|break|breaks|fractured)\b", "fracture"), (r"\bcollar ?bone\b", "clavicle"),
    (r"\bknee ?cap\b", "patella"), (r"\bshoulder blade\b", "scapula"), (r"\bthigh ?bone\b", "femur"),
    (r"\btd\b", "tetanus diphtheria"), (r"\btdap\b|\bdtap\b", "tetanus diphtheria pertussis"),
    (r"\bhep ([ab])\b", r"hepatitis \1"), (r"\bmmr\b", "measles mumps rubella"),
    (r"\ber\b(?= (?:visit|admission|encounter)|$)|\ba&e\b|\bcasualty\b", "emergency room"),
    (r"\bpulmonary\b", "lung"), (r"\bcardiac\b", "heart"), (r"\brenal\b", "kidney"), (r"\bhepatic\b", "liver"),
)
"""Abbreviations and other words for the same thing, as (pattern, one common wording); used on both sides alike."""
_SAME_THING = tuple((re.compile(pattern), wording) for pattern, wording in SAME_THING)

_SPECIMEN = re.compile(r"\s+(?:in|of)\s+(?:venous |arterial |capillary )?(?:blood|serum|plasma)\b.*$")
_BRACKETED = re.compile(r"\s*\[[^\]]*\]\s*")
_WIDTH = re.compile(r"\[distwidth\]", re.IGNORECASE)
_METHOD = re.compile(r"\s+by\s+.*$")
_SEMANTIC_TAG = re.compile(r"\s*\((?:disorder|finding|procedure|situation|regime/therapy|event|morphologic abnormality"
                           r"|observable entity|substance|product|record artifact)\)\s*$")
_DOUBT = re.compile(r"\b(?:suspected|possible|probable|presumed|rule out|query|risk of|at risk|screening|fear of"
                    r"|exposure to|contact with|no evidence of|absence of|without|negative for|no|family history"
                    r"|history of|hx of|status post|past|non(?=[ -])|pre(?=[ -])|pseudo(?=[ -]))\b")


_OF_ANOTHER = frozenset((
    "a1c", "density", "vldl", "non", "direct", "indirect", "conjugated", "unconjugated", "free", "fetal", "ionized",
    "urine", "urinary", "cerebrospinal", "csf", "stool", "saliva", "sweat", "pleural", "peritoneal", "synovial",
    "ascitic", "ratio", "antibody", "dipstick", "strip", "predicted"))
"""Words of a result's name that make it another result than the one named without them."""
_SHARE_OF = re.compile(r"/\s*(?:100\b|leukocyte|erythrocyte)")
"""A count of one kind of cell as a share of all is a result of that kind."""


class Fit(IntEnum):
    """How well a name answers to what was asked; higher is better."""

    NONE = 0
    PART = 1
    """All words asked for are in the name, which holds more."""
    WHOLE = 2
    """The same words, order aside."""


def fold(text: str) -> str:
    """Text as compared: lower case, accents off, American spelling, one wording for one thing."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(ch for ch in decomposed if not unicodedata.combining(ch)).replace("’", "'")
    for british, american in (("haem", "hem"), ("aemia", "emia"), ("oedema", "edema"), ("tumour", "tumor")):
        plain = plain.replace(british, american)
    for pattern, wording in _SAME_THING:
        plain = pattern.sub(wording, plain)
    return plain


def head_of(name: str) -> str:
    """A folded name without what only says how and in what it was measured (LOINC long names, SNOMED tags)."""
    folded = _SEMANTIC_TAG.sub("", fold(without_property(name)).strip())
    folded = re.sub(r"/\S+\.total\b", "", folded)
    return _METHOD.sub("", _SPECIMEN.sub("", folded)).strip() or folded


def without_property(name: str) -> str:
    """A name without the kind of property that LOINC writes in brackets (`[Mass/volume]`). The spread of a size is
    another result than the count, so it is told in words."""
    return _BRACKETED.sub(" ", _WIDTH.sub("distribution width", name)).strip()


def words_of(text: str) -> tuple[str, ...]:
    """The words of a folded text that tell things apart, plural endings off, each once, in order."""
    words = all_words(text)
    return tuple(word for word in words if word not in EMPTY_WORDS) or words


def all_words(text: str) -> tuple[str, ...]:
    """The words of a folded text, plural endings off, each once, in order."""
    parts = re.findall(r"[^\W_]+(?:\.\d+)?", re.sub(r"'s\b", "", text))
    return tuple(dict.fromkeys(_singular(part) for part in parts))


def fit(asked: str, names: Iterable[str]) -> tuple[Fit, int]:
    """How the best of `names` answers to `asked`, and how many words more than asked it holds.

    Every word asked for must be in the name. A name that only doubts, denies or recalls what is asked ("Suspected
    lung cancer") does not answer to it unless the question says so too.
    """
    question = _SEMANTIC_TAG.sub("", fold(asked).strip())
    wanted = set(words_of(question))
    kind_alone = wanted <= EMPTY_WORDS
    best = (Fit.NONE, 0)
    if not wanted:
        return best
    for name in names:
        head = head_of(name)
        for form in dict.fromkeys((head, fold(name))):
            held = set(all_words(form) if kind_alone else words_of(form))
            if not wanted <= held or denied_words(head) - denied_words(fold(asked)):
                continue
            found = (Fit.WHOLE if wanted == held else Fit.PART, len(held - wanted))
            best = max(best, found, key=lambda pair: (pair[0], -pair[1]))
    return best


def is_of_another(asked: str, name: str) -> bool:
    """Whether a result's name holds the words asked for and is yet another result: the LDL for "cholesterol", a ratio
    for one of its two parts, a result in urine where no specimen is asked for."""
    wanted, head = set(all_words(fold(asked))), head_of(name)
    if set(all_words(head)) & _OF_ANOTHER - wanted:
        return True
    above, slash, below = _SHARE_OF.sub(" ", head).partition("/")
    return bool(slash) and "ratio" not in wanted and any(wanted <= set(all_words(part)) for part in (above, below))


def denied_words(folded: str) -> set[str]:
    """The words of a folded name that doubt, deny or recall what it names ("suspected", "history of")."""
    return set(_DOUBT.findall(folded))


def is_named_so(asked: str, name: str) -> bool:
    """Whether `name` is a kind of what is asked, not only something about it: "Plain chest X-ray" is a chest X-ray,
    "Assessment of anxiety" is no anxiety. The last word before the first preposition must be the same.
    """
    return _core(fold(asked)) == _core(head_of(name))


def shares_words(asked: str, name: str, fewest: int = 2) -> bool:
    """Whether a name holds so many of the words asked for that a person may have meant it."""
    wanted, held = set(words_of(fold(asked))), set(words_of(head_of(name)))
    return len(wanted & held) >= fewest


def ends_alike(asked: str, name: str) -> bool:
    """Whether a name is one word that ends with the one word asked for, which is long: prediabetes for diabetes. It is
    another thing, that may have been meant."""
    wanted, held = words_of(fold(asked)), words_of(head_of(name))
    return len(wanted) == len(held) == 1 and len(wanted[0]) > 5 and wanted != held and held[0].endswith(wanted[0])


def best_fits(asked: str, things: Sequence[tuple[T, Sequence[str]]]) -> list[T]:
    """The things whose names answer best: all that fit as a whole, else all with the fewest words more.

    Args:
        asked: the words of the question.
        things: each with the names it goes by.
    """
    graded = [(thing, fit(asked, names)) for thing, names in things]
    reached = [item for item in graded if item[1][0] is not Fit.NONE]
    if not reached:
        return []
    best = max((grade for _, grade in reached), key=lambda grade: (grade[0], -grade[1]))
    return [thing for thing, grade in reached if grade == best]


def _core(folded: str) -> str:
    before = re.split(r"\b(?:of|for|about|to|with|in|from|due|using|against|by)\b|[,(]", folded)[0]
    return next(iter(words_of(before)[::-1]), "")


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def written_alike(asked: str, name: str) -> bool:
    """Whether a name is the asked one letter by letter, case and signs aside."""
    one, other = (re.findall(r"\w+", text.casefold()) for text in (asked, name))
    return bool(one) and one == other
