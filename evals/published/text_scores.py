"""Scores of one text against another."""

from __future__ import annotations

import re
from collections import Counter

_ARTICLES = frozenset({"a", "an", "the"})
_WORD = re.compile(r"[a-z0-9]+")


def answer_words(text: str) -> list[str]:
    """Words of a short answer: small letters, punctuation as spaces, articles left out (as SQuAD's evaluation does,
    Rajpurkar et al., EMNLP 2016; the MedGemma reports name "tokenized F1" and do not say how they cut words)."""
    return [word for word in _WORD.findall(text.casefold()) if word not in _ARTICLES]


def token_f1(truth: str, said: str) -> float:
    """Harmonic mean of precision and recall of the words of an answer, each counted as often as it stands, 0..1; two
    answers without a word agree."""
    wanted, given = answer_words(truth), answer_words(said)
    if not wanted or not given:
        return float(wanted == given)
    shared = sum((Counter(wanted) & Counter(given)).values())
    return 2 * shared / (len(wanted) + len(given))


def rouge_l(truth: str, said: str) -> float:
    """ROUGE-L F1, 0..1: longest common subsequence of words, with the weight of precision and recall equal (Lin, Text
    Summarization Branches Out, 2004). Words are runs of letters a to z and digits in small letters, not stemmed, as in
    the `rouge-score` package without its stemmer. Two texts without a word score 0."""
    wanted, given = _WORD.findall(truth.lower()), _WORD.findall(said.lower())
    common = _longest_common(wanted, given)
    return 2 * common / (len(wanted) + len(given)) if common else 0.0


def _longest_common(one: list[str], other: list[str]) -> int:
    row = [0] * (len(other) + 1)
    for word in one:
        before = 0
        for place, there in enumerate(other, 1):
            kept = row[place]
            row[place] = before + 1 if word == there else max(kept, row[place - 1])
            before = kept
    return row[-1]
