"""Opaque, deterministic identifiers."""

from __future__ import annotations

import hashlib
import hmac
import json
import unicodedata
from functools import lru_cache
from typing import Any

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(payload: Any) -> str:
    """JSON with sorted keys, no white space and no NaN: equal content gives equal bytes."""
    return _ENCODER.encode(payload)


def digest(payload: Any) -> str:
    """SHA-256 (64 hex digits) of `payload`'s canonical JSON."""
    return hashlib.sha256(canonical_json(payload).encode("utf-8")).hexdigest()


def content_id(prefix: str, payload: Any) -> str:
    """`prefix-` and 16 hex digits that depend on the content alone."""
    return f"{prefix}-{digest(payload)[:16]}"


def opaque_patient(key: bytes, identifiers: str) -> str:
    """HMAC-SHA256 of a patient's normalised identifier under the machine's key, 16 hex digits with `P-` before.

    Args:
        key: secret that stays on the machine; report bytes are comparable under one key only.
        identifiers: the normalised identifier (see `normalise_identifier`).
    """
    return "P-" + hmac.new(key, identifiers.encode("utf-8"), hashlib.sha256).hexdigest()[:16]


@lru_cache(maxsize=4096)
def normalise_identifier(text: str) -> str:
    """A hospital number as compared: NFKC, case-folded, letters and digits only ("P-0012 34" -> "p001234")."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(ch for ch in folded if ch.isalnum())


@lru_cache(maxsize=4096)
def normalise_name(text: str) -> str:
    """A person's name as compared: accents off, case-folded, parts sorted ("COYOTE^Wile E." == "Wile E Coyote")."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(ch if ch.isalnum() else " " for ch in decomposed if not unicodedata.combining(ch))
    return " ".join(sorted(plain.split()))


def same_name(one: str, other: str) -> bool:
    """Whether two names agree: the same parts, or one with a middle name or initial more (two parts at least)."""
    first, second = set(normalise_name(one).split()), set(normalise_name(other).split())
    smaller = min(first, second, key=len)
    return first == second or (len(smaller) >= 2 and smaller == first & second)
