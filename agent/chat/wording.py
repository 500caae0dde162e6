"""A question in plain words: short forms written out, spelling made one, slips of the pen put right and said."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CHATTER = re.compile(
    r"^(?:please|pls|and|so|then|also|can you|could you"
    r"|would you(?= (?:please|tell|show|list|say|know|give me)\b)|tell me|do you know|i want to know"
    r"|i would like to know"
    r"|show me|give me|just|hi|hello|hey|ok|okay|now|sorry)[, ]+")
_TAIL = re.compile(r"[, ]+(?:please|pls|plz|thanks|thank you|thx|cheers|mate)$")
_SHORT = (
    (r"\bwhat'?s\b", "what is"), (r"\bhow'?s\b", "how is"), (r"\bwhere'?s\b", "where is"), (r"\bwhen'?s\b", "when is"),
    (r"\bwho'?s\b", "who is"), (r"\bhe's\b", "he is"), (r"\bshe's\b", "she is"), (r"\bit's\b", "it is"),
    (r"\bw/o\b", "without"), (r"\bas at\b", "as of"),
    (r"\b(?:pt|pat)(?='s\b|\b)", "patient"),
    (r"\bhb\b|\bhgb\b|\bhaemoglobins?\b", "hemoglobin"), (r"\bhct\b|\bhaematocrit\b", "hematocrit"),
    (r"\bplts?\b", "platelets"), (r"\bwcc\b", "white cell count"), (r"\bcreat\b|\bcr\b", "creatinine"),
    (r"\bk\+|^k(?= |$)", "potassium"), (r"\bna\+|^na(?= |$)", "sodium"), (r"\bca\+\+|\bca2\+", "calcium"),
    (r"\bcl-", "chloride"), (r"\bcxrs?\b|\bchest x[ -]?rays?\b", "chest film"), (r"\bx[ -]?rays?\b", "film"),
    (r"\b(right|left) lung(?= (?:been )?(?:small|larg|bigg|shr[aiu]nk|grow|grew|los))", r"\1 lung volume"),
    (r"\bctr\b|\b(?:heart|cardiac) size\b|\bheart(?= (?:(?:got|get|gotten|become|grown|grow|been) )?"
     r"(?:enlarged|big|bigger|too big|larger?|smaller|normal in size)\b)", "cardiothoracic ratio"),
    (r"\b(have|has|had|got|of|any) high (?:blood pressure|bp)\b", r"\1 hypertension"),
    (r"\b(mean )?lung density\b", "mean lung attenuation"),
    (r"\b(?:up|higher|bigger|larger|better) or (?:down|lower|smaller|worse)\b"
     r"|\b(?:down|lower|smaller|worse) or (?:up|higher|bigger|larger|better)\b", "changed"),
    (r"\b(?:increas|improv)\w+ or (?:decreas|worsen)\w*|\b(?:decreas|worsen)\w* or (?:increas|improv)\w+"
     r"|\b(?:ris\w+ or fall\w*|fall\w* or ris\w+)", "changed"),
    (r"\bct scans?\b|\bcat scans?\b", "ct"), (r"\bctpa\b", "ct"),
    (r"\bpmhx?\b|\bpast medical history\b", "past conditions"), (r"\bfhx?\b", "family history"),
    (r"\bhx\b", "history"), (r"\bdx\b", "diagnosis"), (r"\brx\b", "medications"), (r"\bptx\b", "pneumothorax"),
    (r"\bpe\b", "pulmonary embolism"), (r"\bhctz\b", "hydrochlorothiazide"), (r"\basa\b", "aspirin"),
    (r"\bhtn\b", "hypertension"), (r"\bt2dm\b", "type 2 diabetes"),
    (r"\bbloods\b(?! (?:tests?|work|results?)\b)|\bbloods? (?:tests?|work|results?)\b", "labs"),
    (r"\b(?:o2 )?sats?\b|\bspo2\b", "oxygen saturation"), (r"\bmins?\b", "minutes"), (r"\bwks?\b", "weeks"))
"""Contractions, and abbreviations that a chart or a ward uses, written out; one with two meanings is not here."""
_PUT = (
    (r"^how (low|high) (?:did|has|have) (.+?) (?:get|go|gone|got|gotten|fall|fallen|drop|dropped|rise|risen|become)$",
     {"low": r"what was the lowest \2", "high": r"what was the highest \2"}),
    (r"^how (far) apart (?:are|were|lie) ", {"far": "how many days between "}),
    (r"^how (much) tissue ", {"much": "what tissue area "}),
    (r"^how (dense) (?:are|is) (?:the )?(?:nuclei|cells)", {"dense": "what is the nuclear density"}),
    (r"\b(?:region|area|field|part) (?:has|with|shows|of) (?:the )?(highest|greatest|largest)(?: nuclear)? density$",
     dict.fromkeys(("highest", "greatest", "largest"), "region of high nuclear density")),
    (r"\b(densest) (?:region|area|field|part|spot)s?\b", {"densest": "region of high nuclear density"}))
"""Questions that are put in another way, by the word that tells which."""
_SPELLING = (("haem", "hem"), ("aemi", "emi"), ("oedema", "edema"), ("oesoph", "esoph"), ("tumour", "tumor"),
             ("sulph", "sulf"), ("paed", "ped"), ("diarrhoea", "diarrhea"), ("leuc", "leuk"), ("anaes", "anes"),
             ("litre", "liter"), ("fibre", "fiber"), ("colour", "color"), ("centre", "center"), ("analyse", "analyze"))
_ADJECTIVES = {"anemic": "anemia", "diabetic": "diabetes", "hypertensive": "hypertension", "asthmatic": "asthma",
               "epileptic": "epilepsy", "obese": "obesity"}
"""What a person is said to be, as the condition that is recorded."""
_SHORT_PATTERNS = tuple((re.compile(pattern), words) for pattern, words in _SHORT)
_WORD = re.compile(r"[a-z]{5,}")


def plain(question: str) -> str:
    """The question in lower case, single spaces, American spelling, short forms written out, chatter off.

    Args:
        question: as the user put it.
    """
    text = " ".join(question.replace("’", "'").split()).strip().rstrip("?.! ").lower()
    before = None
    while before != text:
        before, text = text, _TAIL.sub("", _CHATTER.sub("", text))
    for british, american in _SPELLING:
        text = text.replace(british, american)
    for short, words in _SHORT_PATTERNS:
        text = short.sub(words, text)
    for pattern, ways in _PUT:
        text = re.sub(pattern, lambda found, ways=ways: found.expand(ways[found[1]]), text)  # type: ignore[misc]
    text = re.sub(r"\b(is|was|are|were) ((?:the )?(?:he|she|patient|it)) (\w+)\b", _condition, text)
    return " ".join(text.split()).rstrip("?.! ")


def _condition(found: re.Match[str]) -> str:
    noun = _ADJECTIVES.get(found[3])
    return f"does {found[2]} have {noun}" if noun else found[0]


def corrected(text: str, known: Iterable[str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The text with misspelt words put right, and which: a word of five letters or more that is not known becomes the
    one word of the case that differs from it by one slip (a letter more, less, other, or two changed places) and begins
    with the same letter. Where several are as near, or none, it stays.

    Args:
        text: from `plain`.
        known: words of the case and of questions, lower case.
    """
    words = frozenset(known)
    changed: dict[str, str] = {}
    for word in dict.fromkeys(_WORD.findall(text)):
        if word in words or f"{word}s" in words or word.removesuffix("s") in words:
            continue
        near = [other for other in words if len(other) > 4 and other[0] == word[0] and _one_slip(word, other)]
        if len(near) == 1:
            changed[word] = near[0]
    for word, other in changed.items():
        text = re.sub(rf"\b{word}\b", other, text)
    return text, tuple(changed.items())


def _one_slip(one: str, other: str) -> bool:
    """Whether two words differ by one slip (Damerau, Comm. ACM 7(3):171-176, 1964)."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    head, tail = one[start:], other[start:]
    if len(one) == len(other):
        swapped = len(head) > 1 and head[:2] == tail[1::-1] and head[2:] == tail[2:]
        return head[1:] == tail[1:] or swapped
    return head[1:] == tail if len(head) > len(tail) else head == tail[1:]
