"""The words by which people call a cited finding: its own name, other names of the same thing, and words beside it."""

from __future__ import annotations

import re
from functools import lru_cache

from ...core.evidence import FhirResource
from ...core.finding import Category, Finding, Status
from ...tools.lab_terms.analytes import forms_of, table
from ..facts import Facts
from .lexicon import alike, flagged_names, stem, stems, terms

Words = tuple[str, ...]
DENIED = frozenset({"negative", "not detected", "none", "absent", "none seen", "nil", "not seen"})
STRENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(MG|MCG|G|ML|%|UNT|MEQ)(?![\w/])(?:/\w+)?", re.IGNORECASE)
SIDES = frozenset({"right", "left", "bilateral", "both"})
_JOINING = frozenset({"and", "or", "of", "the", "with", "in", "by", "to", "at", "on", "slide", "than", "without"})
_NO_HEAD = frozenset({"disease", "disorder", "syndrome", "injury", "finding", "situation", "procedure", "status"})
_TAGS = frozenset({"disorder", "procedure", "finding", "situation", "regime"})
"""What stands in brackets behind a name of SNOMED CT."""
_LUNGS = ("Pleural effusion", "Pneumothorax", "Consolidation", "Atelectasis", "Pulmonary edema", "Pneumonia",
          "Lung opacity", "Lung nodule")
_STAGE = re.compile(r"^(?P<bare>.+?),? (?P<kind>stage|type|grade) (?P<number>\d|[ivx]+)$", re.IGNORECASE)
_CANCER = re.compile(r"^(?:malignant (?:neoplasm|tumou?r)|cancer|malignancy) of (?:the )?(?P<of>.+)$|"
                     r"^(?P<at>.+) (?:cancer|malignancy)$", re.IGNORECASE)
_CANCERS = ("cancer", "malignancy", "ca", "malignant + neoplasm", "malignant + tumor")
_ANTIGENS = frozenset({"tetanus", "diphtheria", "pertussis", "influenza", "hepatitis", "pneumococcal", "measle", "mump",
                       "rubella", "varicella", "zoster", "hpv", "meningococcal", "polio", "rabies", "typhoid", "mmr"})
_OF_ITS_KIND = re.compile(r" (?:RNA|DNA|PCR)$")


def anchors_of(group: tuple[Facts, ...]) -> frozenset[frozenset[Words]]:
    """The ways to name findings of one thing and place; each needs all of its phrases."""
    finding = group[0].finding
    site = [(word,) for word in _site(group) if not word.isdigit()]
    names = _names(group)
    found: set[frozenset[Words]] = {frozenset({words}) for words in names if words}
    found |= {frozenset((word,) for word in words if word not in _JOINING | _TAGS) for words in names
              if len(words) > 1 and all(len(word) > 1 for word in words)}
    for line in [*_entry(finding).get("names", []), *_cancer_names(_base(finding))]:
        parts = [part.strip() for part in str(line).split("+")]
        if "SITE" in parts:
            found.add(frozenset([*(stems(part) for part in parts if part != "SITE"), *site]))
        else:
            found.add(frozenset(stems(part) for part in parts))
    worded = finding.category is Category.RECORD and finding.status is Status.MEASURED and finding.number is None
    if worded and finding.value and finding.value.text:
        found |= {frozenset({stems(finding.value.text)})}
        found |= {frozenset({stems(name)}) for name in _named(finding.value.text).get("names", [])}
    return frozenset(found)


def licensed_by(group: tuple[Facts, ...]) -> frozenset[Words]:
    """Phrases beside the names that say no more than the findings do: of place, specimen, panel, drug form."""
    finding, value = group[0].finding, group[0].finding.value
    found: set[Words] = {(word,) for word in _site(group)}
    found |= {stems(text) for text in _entry(finding).get("also", [])}
    if finding.name in _LUNGS:
        found |= {("lung",), ("chest",)}
    for text in (value.specimen, value.panel) if value else ():
        found |= {(word,) for word in stems(text or "")}
    if finding.category is Category.RECORD:
        found |= _licensed_by_entry(finding)
    if finding.category in (Category.LAB, Category.CHANGE) and value is not None and value.specimen is None:
        found |= {("serum",), ("blood",)} if "urin" not in finding.name.casefold() else set()
    return frozenset(words for words in found if words and not (len(words) == 1 and words[0] in _JOINING))


def _licensed_by_entry(finding: Finding) -> set[Words]:
    value = finding.value
    found: set[Words] = {(word,) for word in stems(finding.name) if word not in {"mg", *_TAGS}}
    found |= {(word,) for word in stems((value.text if value else None) or "") if word not in DENIED}
    found |= {("reaction",), (stem("oral"),)} if "oral" in finding.name.casefold() else {("reaction",)}
    staged = _STAGE.match(_base(finding))
    if staged:
        found.add((staged["kind"].casefold(), staged["number"].casefold()))
    return found


def _names(group: tuple[Facts, ...]) -> set[Words]:
    finding = group[0].finding
    names = {stems(name) for name in (finding.name, *group[0].synonyms)}
    names |= {stems(re.sub(r"\s*\([^)]*\)", "", finding.name))}
    if finding.category is Category.RECORD:
        names |= _entry_names(group)
    names |= {stems(_OF_ITS_KIND.sub("", finding.name))}
    names |= _analyte_names(finding)
    if finding.category in (Category.LAB, Category.CHANGE):
        names |= {word for name in names for word in flagged_names().get(name, ())}
    return names | {other for name in names for other in alike(name)}


def _entry_names(group: tuple[Facts, ...]) -> set[Words]:
    """Shorter names of a record's entry, and those with its stage behind another name of it."""
    base = _base(group[0].finding)
    bare = stems(base)
    names = {bare, stems(re.split(r" in ", base)[0])}
    kinds = {place.locator.resource_type for place in group[0].evidence if isinstance(place.locator, FhirResource)}
    if len(bare) > 1 and not set(bare) & {"of", "in", "to", "with", "due", *_NO_HEAD} and "Condition" in kinds:
        names.add(bare[-1:])
    if " of " in base and "Procedure" in kinds:
        names.add(stems(base.split(" of ")[0]))
    if "Immunization" in kinds:
        text = group[0].finding.name
        names |= {(word,) for word in stems(text) if word in _ANTIGENS}
        names |= {stems(inside) for inside in re.findall(r"\(([A-Z]{2}[^)]*)\)", text)}
    staged = _STAGE.match(base)
    if staged and staged["kind"].casefold() == "stage":
        whole = stems(staged["bare"])
        number = staged["number"].casefold()
        names |= {whole} | {(*other, number) for other in alike(whole)}
        names |= {(*other[:-1], other[-1] + number) for other in alike(whole) if len(other) == 1}
    return names | {other for name in names for other in alike(name)}


def _cancer_names(base: str) -> list[str]:
    """Other names of a malignant tumour of an organ; none for what is no such name."""
    found = _CANCER.match(base)
    place = (found["of"] or found["at"]) if found else ""
    organ = " + ".join(word for word in stems(place) if word not in _JOINING)
    return [f"{name} + {organ}" for name in _CANCERS] if organ else []


def _analyte_names(finding: Finding) -> frozenset[Words]:
    """Names of the same laboratory test by the LOINC table."""
    if finding.category not in (Category.LAB, Category.CHANGE) and not (finding.value and finding.value.panel):
        return frozenset()
    specimen = (finding.value.specimen if finding.value else None) or ""
    return _names_of_test(finding.name, finding.code.code if finding.code else None,
                          urine="urin" in f"{finding.name} {specimen}".casefold())


@lru_cache(maxsize=4096)
def _names_of_test(name: str, code: str | None, *, urine: bool) -> frozenset[Words]:
    known = table()
    codes = {item.code for form in forms_of(name) for item in known.get(form, ()) if code in (None, item.code)}
    codes |= {item.code for items in known.values() for item in items if item.display.casefold() == name.casefold()}
    if code is not None:
        codes.add(code)
    return frozenset(stems(other) for other, items in known.items() for item in items
                     if item.code in codes and (item.specimen == "urine") == urine)


def _base(finding: Finding) -> str:
    """A record's name without what stands in brackets, behind a comma, or for its strength; any other name whole."""
    if finding.category is not Category.RECORD:
        return finding.name
    return STRENGTH.split(re.split(r"[,(]| / ", finding.name)[0])[0].strip()


def _entry(finding: Finding) -> dict[str, list[str]]:
    return _named(finding.name) or _named(_base(finding))


def _named(name: str) -> dict[str, list[str]]:
    return terms().get(stems(name), {})


def _site(group: tuple[Facts, ...]) -> set[str]:
    return {word for facts in group for word in stems(facts.finding.site or "") if word not in SIDES | _JOINING}
