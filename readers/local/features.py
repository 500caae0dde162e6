"""Encoded pictures, kept in memory and on disk, never across patients."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

_NAME = "features"
_DIGEST = "sha256"
_SUFFIX = ".safetensors"
_PART = ".part"
_UNREADABLE = (SafetensorError, OSError, KeyError, TypeError)


class FeatureStore:
    """Least recently used features go first, in memory and on disk alike.

    On disk each patient has a folder named by a digest, readable by its owner alone. A file that is damaged counts
    as absent.

    Args:
        folder: for the files; made when first written to. None to keep nothing on disk.
        memory_bytes: of all features in memory.
        disk_bytes: of all files.
    """

    def __init__(self, folder: Path | None, memory_bytes: int, disk_bytes: int) -> None:
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._disk_bytes = disk_bytes
        self._held: OrderedDict[tuple[str, str], torch.Tensor] = OrderedDict()

    def get(self, scope: str, key: str) -> torch.Tensor | None:
        """The features kept for a patient under a key (hex digits), on the CPU; None when there are none."""
        held = self._held.get((scope, key))
        if held is not None:
            self._held.move_to_end((scope, key))
            return held
        read = _read(self._file(self._folder, scope, key)) if self._folder else None
        if read is not None:
            self._hold(scope, {key: read})
        return read

    def put(self, scope: str, features: Mapping[str, torch.Tensor]) -> str | None:
        """Keep features by their keys.

        Returns:
            Why they could not be written to disk, one line; None when all went well.
        """
        self._hold(scope, features)
        if self._folder is None or not self._disk_bytes:
            return None
        try:
            for key, feature in features.items():
                _write(self._file(self._folder, scope, key), feature)
            self._evict(self._folder)
        except OSError as error:
            return f"encoded pictures could not be kept on disk ({error.strerror}); reading went on without"
        return None

    def _hold(self, scope: str, features: Mapping[str, torch.Tensor]) -> None:
        self._held.update({(scope, key): feature for key, feature in features.items()})
        held = sum(feature.nbytes for feature in self._held.values())
        while held > self._memory_bytes:
            held -= self._held.popitem(last=False)[1].nbytes

    @staticmethod
    def _file(folder: Path, scope: str, key: str) -> Path:
        return folder / hashlib.sha256(scope.encode("utf-8")).hexdigest()[:32] / f"{key}{_SUFFIX}"

    def _evict(self, folder: Path) -> None:
        found = []
        for path in [*folder.glob(f"*/*{_SUFFIX}"), *folder.glob(f"*/.*{_PART}")]:
            with suppress(FileNotFoundError):  # another process makes room at the same time
                status = path.stat()
                found.append((status.st_mtime_ns, path.name, path, status.st_size))
        total = sum(size for *_, size in found)
        for _, _, path, size in sorted(found):
            if total <= self._disk_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size


def _read(path: Path) -> torch.Tensor | None:
    """The features of a file that is whole; it counts as used now."""
    try:
        with safe_open(path, framework="pt") as opened:
            feature: torch.Tensor = opened.get_tensor(_NAME)
            digest = opened.metadata()[_DIGEST]
        if digest != _digest(feature):
            return None
        os.utime(path)
    except _UNREADABLE:
        return None
    return feature


def _write(path: Path, feature: torch.Tensor) -> None:
    """Write whole or not at all, readable by the owner alone."""
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=_PART)
    os.close(handle)
    try:
        save_file({_NAME: feature.contiguous()}, unfinished, metadata={_DIGEST: _digest(feature)})
        Path(unfinished).chmod(0o600)
        Path(unfinished).replace(path)
    except SafetensorError as error:
        raise OSError(None, "the disk took no more") from error
    finally:
        Path(unfinished).unlink(missing_ok=True)


def _digest(feature: torch.Tensor) -> str:
    return hashlib.sha256(feature.contiguous().view(torch.uint8).numpy().tobytes()).hexdigest()
