"""Identifiers and random streams that depend on a seed and a name, and on nothing else."""

import hashlib
import uuid
import zlib

import numpy as np


def make_uid(seed: int, *parts: str) -> str:
    """Return a DICOM UID under the UUID root 2.25 (PS3.5 B.2), the same for the same seed and parts."""
    digest = hashlib.sha256("/".join([str(seed), *parts]).encode()).digest()[:16]
    return f"2.25.{uuid.UUID(bytes=digest, version=4).int}"


def make_uuid(seed: int, *parts: str) -> str:
    """Return an RFC 4122 text UUID, the same for the same seed and parts."""
    digest = hashlib.sha256("/".join([str(seed), *parts]).encode()).digest()[:16]
    return str(uuid.UUID(bytes=digest, version=4))


def make_rng(seed: int, name: str) -> np.random.Generator:
    """Return an independent random stream for one part of the phantom, so that adding a part moves no other."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
