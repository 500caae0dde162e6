from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from caseloom.readers.local.identity import WeightDigests


def test_the_digest_is_over_names_and_contents(tmp_path: Path) -> None:
    one, other = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    one.write_bytes(b"one")
    other.write_bytes(b"other")
    listing = [["a.safetensors", hashlib.sha256(b"one").hexdigest()],
               ["b.safetensors", hashlib.sha256(b"other").hexdigest()]]
    expected = hashlib.sha256(json.dumps(listing, separators=(",", ":")).encode()).hexdigest()

    assert WeightDigests(tmp_path / "cache").of([other, one]) == expected


def test_files_are_read_once_and_again_when_they_change(tmp_path: Path) -> None:
    file, cache = tmp_path / "a.safetensors", tmp_path / "cache"
    file.write_bytes(b"one")
    first = WeightDigests(cache).of([file])
    remembered = json.loads((cache / "weights.json").read_text())
    (stamp,) = remembered
    (cache / "weights.json").write_text(json.dumps({stamp: "0" * 64}))

    assert WeightDigests(cache).of([file]) != first
    written = file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(written.st_atime_ns, written.st_mtime_ns))
    assert WeightDigests(cache).of([file]) == WeightDigests(tmp_path / "other").of([file]) != first
    file.write_bytes(b"one")
    assert WeightDigests(cache).of([file]) == first


def test_a_damaged_memory_of_digests_is_no_obstacle(tmp_path: Path) -> None:
    file, cache = tmp_path / "a.safetensors", tmp_path / "cache"
    file.write_bytes(b"one")
    first = WeightDigests(cache).of([file])
    for damage in ("", "[]", "{", '{"a": 1}'):
        (cache / "weights.json").write_text(damage)
        assert WeightDigests(cache).of([file]) == first


def test_the_memory_of_digests_is_bounded(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "weights.json").write_text(json.dumps({str(number): "0" * 64 for number in range(1000)}))
    (tmp_path / "a").write_bytes(b"one")

    WeightDigests(cache).of([tmp_path / "a"])

    assert len(json.loads((cache / "weights.json").read_text())) == 256
