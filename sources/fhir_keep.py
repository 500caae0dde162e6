"""What is kept of a FHIR resource: all that anything reads, and no more."""

from __future__ import annotations

import sys
from typing import Any

from .fhir_fields import Resource

SUBJECTS = ("subject", "patient")
DATES = ("effectiveDateTime", "effectiveInstant", "performedDateTime", "occurrenceDateTime", "onsetDateTime",
         "authoredOn", "dateAsserted", "recordedDate", "started", "issued", "date", "recorded")
PERIODS = ("effectivePeriod", "performedPeriod", "occurrencePeriod", "onsetPeriod", "period")
UNREAD = frozenset({"Claim", "ClaimResponse", "ExplanationOfBenefit", "Provenance", "AuditEvent", "Coverage",
                    "PaymentNotice", "PaymentReconciliation", "Invoice", "Account"})
"""Kinds about money and bookkeeping, often most of a file, of which nothing clinical is read."""
TOLD_OF_ALL = frozenset({"resourceType", "id", "meta", "status", "created", *SUBJECTS, *DATES, *PERIODS})
LEFT_OUT = frozenset({"extension", "modifierExtension"})
"""With the narrative of a resource, which says nothing that its elements do not."""
LONGEST_SHARED = 100
"""Characters of texts that are looked for among those kept before."""


def slimmed(value: Resource, *, words: dict[str, str]) -> Resource:
    """A resource without what nothing reads: narrative, extensions, embedded bytes that are no plain text; of `UNREAD`
    kinds what tells whose and when they are.

    Args:
        value: the resource.
        words: texts met before, so that equal ones are kept once.
    """
    if value.get("resourceType") in UNREAD:
        value = {name: item for name, item in value.items() if name in TOLD_OF_ALL}
    return {sys.intern(name): _slim(item, words) for name, item in value.items()
            if name not in LEFT_OUT and not (name == "text" and isinstance(item, dict))}


def _slim(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, str):
        return words.setdefault(value, value) if len(value) <= LONGEST_SHARED else value
    if isinstance(value, list):
        return [_slim(item, words) for item in value]
    if not isinstance(value, dict):
        return value
    if "resourceType" in value:
        return slimmed(value, words=words)
    told = str(value.get("contentType", "text/plain")).startswith("text/plain")
    return {sys.intern(name): _slim(item, words) for name, item in value.items()
            if name not in LEFT_OUT and (told or name != "data")}
