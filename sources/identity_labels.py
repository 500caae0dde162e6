"""The labels that introduce a patient's name, number and birth date in a text, and what may follow them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from .dates import DATE_PATTERN


class Label(StrEnum):
    """What a label introduces."""

    NAME = "name"
    """`Patient name`: the value is the patient's name whatever it looks like."""
    PLAIN = "plain"
    """`Patient`, `Name`, `Re`: the value may be anything."""
    GIVEN = "given"
    FAMILY = "family"
    ID = "id"
    BARE_ID = "bare_id"
    """`ID`, `record`: a number of the patient unless the word before says of what else."""
    BIRTH = "birth"
    OTHER = "other"
    """Anything else that ends the value before it."""


_NUMBER = r"(?:id|no\b\.?|number|num\b\.?|nr\b\.?|#|identifier|identification(?:\s+number)?)"
_SOURCES = {
    Label.NAME: r"(?:patient|pat\.|pt\.?)(?:['’]s)?\s*(?:full\s+)?name|name\s+of\s+(?:the\s+)?patient|patientenname"
                r"|nom\s+du\s+patient|nombre\s+del\s+paciente",
    Label.GIVEN: r"first\s+name|given\s+names?|forenames?|vorname|pr[ée]nom",
    Label.FAMILY: r"last\s+name|surname|family\s+name|nachname|nom\s+de\s+famille",
    Label.ID: rf"m\.?r\.?n\.?(?:\s*{_NUMBER})?|med(?:ical|\.)?\s*rec(?:ord|\.)?\s*{_NUMBER}?"
              rf"|(?:patient|pat\.?|pt\.?|patienten|hospital|nhs|chi|chart|unit|subject)(?:['’]s)?[\s-]*{_NUMBER}"
              rf"|id\s+{_NUMBER}|pid",
    Label.BIRTH: r"d\.?o\.?b\.?|date\s+of\s+birth|birth\s*-?date|born(?:\s+on)?|geb(?:oren|\.)(?:\s+am)?|geburtsdatum"
                 r"|geb\.?-\s?dat(?:um|\.)|date\s+de\s+naissance|n[ée]e?\s+le|fecha\s+de\s+nacimiento|data\s+di\s+nascita",
    Label.BARE_ID: r"id|record",
    Label.PLAIN: r"patient(?:in)?|pt|paciente|paziente|name|nom|nombre|re|regarding",
    Label.OTHER: r"(?:ordering|ordered|requesting|requested|referring|referred|attending|reporting|consulting)"
                 r"(?:\s+(?:by|provider|physician|clinician|doctor))?|physician|clinician|accession(?:\s*(?:no\.?|number))?"
                 r"|(?:specimen|sample|order) ?(?:id|no\.?|number)|collected|drawn|received|reported|issued|printed"
                 r"|sampled|first\s+sample|report\s+of|sex(?:\s*/\s*age)?|gender|age"
                 r"|(?:specimen|sample|order|provider|doctor|consultant|phone|tel|fax|address|location|ward|room|clinic"
                 r"|encounter|visit|account|date|status|signed)(?=\s*[:#]|\s+\S*\d)",
}
_ALL = "|".join(f"(?P<{label}>{source})" for label, source in _SOURCES.items())
_GENERIC = r"(?P<generic>[^\W\d_][\w/'’-]*)(?=\s?:)"
_LABEL = re.compile(rf"(?<![\w'’/-])(?:(?:{_ALL})(?!-?\w)|{_GENERIC})\s*(?P<colon>[:=]?)\s*", re.IGNORECASE)

def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OF_SOMETHING_ELSE = _words(
    "specimen sample order accession provider physician doctor clinician visit encounter case study series device lab "
    "laboratory report document test panel group account insurance policy member subscriber employee operator tax form "
    "ref reference file room phone facility site clia drug medication product brand generic company user mother's "
    "father's mother father maiden contact spouse guardian pharmacy practice referrer school partner next staff "
    "analyser analyzer instrument the this each a")
NOT_OF_THE_PATIENT = re.compile(
    r"\b(?:emergency\s+contact|next\s+of\s+kin|guardian|guarantor|insured|responsible\s+party|spouse)\b", re.IGNORECASE)

RELATIVE = re.compile(r"\b(?:mother|father|parent|sister|brother|daughter|son|wife|husband|aunt|uncle|partner)\b",
                      re.IGNORECASE)


@dataclass(frozen=True)
class Labelled:
    """One label in a line and the text after it, up to the next label."""

    label: Label
    wording: str
    """The label as compared: case-folded letters only."""
    colon: bool
    start: int
    value: str
    at_edge: bool
    """At the start of the line or after a wide gap."""
    gap: bool
    """A wide gap lies between label and value."""


@lru_cache(maxsize=4096)
def labels_in(line: str) -> tuple[Labelled, ...]:
    """The labels of one line in order."""
    matches = list(_LABEL.finditer(line))
    ends = [match.start() for match in matches[1:]] + [len(line)] * bool(matches)
    return tuple(_labelled(line, match, end) for match, end in zip(matches, ends, strict=True))


def _labelled(line: str, match: re.Match[str], end: int) -> Labelled:
    label = Label.OTHER if match["generic"] else _kind(match)
    before = line[:match.start()]
    word = re.search(r"([\w'’]+)[ .:]?$", before)
    if label in (Label.NAME, Label.PLAIN, Label.ID, Label.BARE_ID) and word and _denies(word[1], label):
        label = Label.OTHER
    wording = "".join(ch for ch in match.group().casefold() if ch.isalpha())
    edge = not before.strip() or before.endswith(("  ", "\t", "|"))
    gap = bool(re.search(r"(?:\s{2,}|\t)$", match.group()))
    return Labelled(label, wording, bool(match["colon"]), match.start(), line[match.end():end].strip(), edge, gap)


def _denies(word: str, label: Label) -> bool:
    """Whether the word before makes it another thing's name or number ("Physician name", "the patient")."""
    word = word.casefold()
    return word in _OF_SOMETHING_ELSE or (label is Label.PLAIN and word in ("test", "for"))


def _kind(match: re.Match[str]) -> Label:
    return next(label for label in Label if match[label])


_DEGREES = _words("md do np rn pa phd frcr frcp frcpath mbbs mb dphil pharmd facr facp dnp msc bsc dds")
_PARTICLES = _words("van von de der den del della di da la le du dos ter ten zu al el bin ibn")
_TITLE = re.compile(r"^(?:(?:mr|mrs|ms|miss|mx|herr|frau|dr|prof)\b\.?\s+)+", re.IGNORECASE)
_CLINICIAN = re.compile(r"\b(?:dr|prof|doctor|nurse)\b", re.IGNORECASE)
_SEX = re.compile(r"[\s,]+(?:male|female)$", re.IGNORECASE)
_NOT_NAMES = _words(
    "education information instructions instruction portal demographics details history notes note visit care summary "
    "status report reports result results laboratory lab labs hospital clinic clinical center centre medical medicine "
    "diagnostics department university health healthcare practice service services panel test tests profile findings "
    "sex male female date dob age name names number specimen reference unit units value flag range see "
    "below above attached unknown anonymous complaint chief allergies medications medication diagnosis diagnoses "
    "assessment plan problem problems condition safety position stable alert oriented type request consent form copy "
    "denies reports presents presented states stated states no yes none not hemoglobin haemoglobin glucose blood urine "
    "serum plasma chest ct mri x-ray radiograph pathology radiology oncology surgery internal analysis analyser "
    "viewer dicom software version application system company product file server project study protocol "
    "series license licence readme dear doctor final preliminary cumulative record records identification id letter "
    "discharge insurance")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’.\-][^\W\d_]+)*\.?")
_CAPITALISED = r"[^\W\d_a-zà-ÿ][\w'’.\-]*"
_CAPITALISED_RUN = re.compile(rf"(?:{_CAPITALISED},?\s+(?:(?:van|von|de|der|den|la|di|da)\s+)*)+{_CAPITALISED}\s*$")
_NAME_TEXT = r"[^\W\d_][^\d()|;:]*?"
_ID_TEXT = re.compile(r"(?=[\w./-]*\d)[A-Za-z]{0,8}[-./]?\w[\w./-]{0,30}|[A-Z]{2,}(?:-[A-Z0-9]+)+")
_GROUPED_ID = re.compile(r"\d{3} \d{3} \d{4}\b")
_DATE = re.compile(DATE_PATTERN)


def name_in(value: str) -> str | None:
    """The personal name that `value` starts with, as written but without titles; None when it is not like one."""
    text = re.split(r"\d|\s{2,}|\t|[(;|:<>=]|\s[-–—]\s", value.strip(" ,:-"), maxsplit=1)[0].strip(" ,-")
    parts = [part.strip() for part in text.split(",")]
    if {part.replace(".", "").casefold() for part in parts[1:]} & _DEGREES:
        return None
    text = _TITLE.sub("", ", ".join(part for part in parts[:2] if part))
    text = _SEX.sub("", text).strip(" ,^")
    return text if _looks_like_a_name(re.split(r"[\s,^]+", text)) else None


def name_before(text: str) -> str | None:
    """The name at the end of `text`: its last run of capitalised words, two at least, without a doctor's title."""
    run = _CAPITALISED_RUN.search(text)
    if run is None or _CLINICIAN.search(text[max(0, run.start() - 6):run.end()]):
        return None
    name = name_in(run.group())
    return name if name and len(name.split()) > 1 else None


def _looks_like_a_name(tokens: list[str]) -> bool:
    plain = [token.strip(".").casefold() for token in tokens]
    if not 1 <= len(tokens) <= 6 or set(plain) & _NOT_NAMES or not any(len(part) > 1 for part in plain):
        return False
    if len(tokens) == 1 and len(tokens[0]) < 3:
        return False
    return all(_TOKEN.fullmatch(token) and (token[0].isupper() or word in _PARTICLES)
               for token, word in zip(tokens, plain, strict=True))


def id_in(value: str) -> str | None:
    """The hospital number that `value` starts with, or None (a date is none)."""
    text = value.lstrip(" :#(")
    grouped = _GROUPED_ID.match(text)
    if grouped:
        return grouped.group()
    date = _DATE.match(text)
    found = _ID_TEXT.match(text)
    if found is None or (date and date.end() >= len(found.group()) and not found.group().isdigit()):
        return None
    return found.group().rstrip("./-")


CELL_PATTERNS = {
    Label.NAME: rf"({_NAME_TEXT})", Label.PLAIN: rf"({_NAME_TEXT})", Label.BIRTH: rf"({DATE_PATTERN})",
    Label.ID: r"(\S*\d\S*)", Label.BARE_ID: r"(\S*\d\S*)",
}
"""What a cell under a column heading looks like; other headings take anything."""
