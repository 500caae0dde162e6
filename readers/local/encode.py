"""Each picture through the vision tower once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from ...core.errors import ReaderFailed
from ..request import Picture
from .features import FeatureStore
from .shortage import SHORTAGE, is_shortage, make_room


@dataclass(frozen=True)
class Encoded:
    """Features of pictures by SHA-256, each (soft tokens, width) on the CPU; and what a person should know."""

    features: Mapping[str, torch.Tensor]
    notes: tuple[str, ...]


class Encoder:
    """Encodes pictures in chunks that fit into memory.

    Args:
        tower: from pictures to their features (pictures, soft tokens, width), on the CPU.
        store: features encoded before.
        chunk: pictures at once, at most. Once halved it stays so.
    """

    def __init__(self, tower: Callable[[Sequence[Picture]], torch.Tensor], store: FeatureStore, chunk: int) -> None:
        self._tower = tower
        self._store = store
        self._chunk = chunk

    def encode(self, pictures: Sequence[Picture], scope: str, key: Callable[[Picture], str]) -> Encoded:
        """Features of all pictures; only those that the patient's store lacks are computed.

        Args:
            pictures: a picture that stands twice is encoded once.
            scope: whose.
            key: under which a picture's features are kept: all that decides them.

        Raises:
            ReaderFailed: memory does not suffice for a single picture.
        """
        features: dict[str, torch.Tensor] = {}
        missing: dict[str, Picture] = {}
        for picture in pictures:
            kept = self._store.get(scope, key(picture))
            if kept is None:
                missing[picture.sha256] = picture
            else:
                features[picture.sha256] = kept
        fresh, notes = self._compute(list(missing.values()))
        features |= fresh
        said = self._store.put(scope, {key(missing[digest]): feature for digest, feature in fresh.items()})
        return Encoded(features, (*notes, said) if said else notes)

    def _compute(self, pictures: Sequence[Picture]) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
        features: dict[str, torch.Tensor] = {}
        begun_with = self._chunk
        at = 0
        while at < len(pictures):
            chunk = pictures[at:at + self._chunk]
            encoded = self._attempt(chunk)
            if encoded is None:
                self._halve()
                continue
            features |= {picture.sha256: one.clone() for picture, one in zip(chunk, encoded, strict=True)}
            at += len(chunk)
        if self._chunk == begun_with:
            return features, ()
        return features, (f"memory did not suffice to encode {begun_with} pictures at once: {self._chunk} were",)

    def _attempt(self, chunk: Sequence[Picture]) -> torch.Tensor | None:
        try:
            return self._tower(chunk)
        except SHORTAGE as error:
            if not is_shortage(error):
                raise
            return None

    def _halve(self) -> None:
        make_room()
        if self._chunk == 1:
            raise ReaderFailed("memory does not suffice to encode a single picture; close other programs, or use a "
                               "machine with more memory or another reader")
        self._chunk //= 2
