"""Zipped cases: unpacked once, safely."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from caseloom.core.errors import NothingUsable
from caseloom.core.refusal import RefusalCode
from caseloom.core.settings import MIB, Limits, Settings
from caseloom.sources.archive import is_zip, unpack


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_members_come_out_as_they_went_in_and_only_once(tmp_path: Path, settings: Settings) -> None:
    archive = zipped(tmp_path / "case.zip", {"a.txt": b"one", "deep/er/b.txt": b"two", "win\\c.txt": b"three"})

    first = unpack(archive, settings)
    stamp = (first.root / "a.txt").stat().st_mtime_ns
    second = unpack(archive, settings)

    assert {str(path.relative_to(first.root)): path.read_bytes() for path in first.root.rglob("*") if path.is_file()
            } == {"a.txt": b"one", "deep/er/b.txt": b"two", "win/c.txt": b"three"}
    assert second.root == first.root
    assert (second.root / "a.txt").stat().st_mtime_ns == stamp
    assert first.root.is_relative_to(settings.home)
    assert [path.name for path in first.root.parent.iterdir()] == [first.root.name]
    assert stat.S_IMODE(first.root.stat().st_mode) & 0o077 == 0


def test_what_leads_outside_is_named_and_not_written(tmp_path: Path, settings: Settings) -> None:
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name in ("../escape.txt", "/absolute.txt", "C:/drive.txt", "a/../../up.txt", "fine.txt"):
            opened.writestr(name, b"x")
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")

    unpacked = unpack(archive, settings)

    assert [path.name for path in unpacked.root.rglob("*")] == ["fine.txt"]
    assert {refusal.code for refusal in unpacked.refused} == {RefusalCode.UNSAFE_PATH}
    assert len(unpacked.refused) == 5
    assert not (settings.home / "cases" / "escape.txt").exists()


def test_encrypted_members_are_named(tmp_path: Path, settings: Settings) -> None:
    archive = zipped(tmp_path / "case.zip", {"open.txt": b"x", "secret.txt": b"y"})
    data = bytearray(archive.read_bytes())
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.rindex(mark) + place] |= 1
    archive.write_bytes(data)

    (refusal,) = unpack(archive, settings).refused

    assert (refusal.file, refusal.code) == ("secret.txt", RefusalCode.ENCRYPTED)


def test_bombs_are_left_out_before_they_unfold(tmp_path: Path, settings: Settings) -> None:
    archive = zipped(tmp_path / "bomb.zip", {"bomb": bytes(40 * MIB), "fine.txt": b"x"})

    (refusal,) = unpack(archive, settings).refused
    assert (refusal.file, refusal.code) == ("bomb", RefusalCode.TOO_LARGE)

    tight = Settings(home=settings.home, limits=Limits(max_zip_bytes=MIB))
    with pytest.raises(NothingUsable, match="40 MiB"):
        unpack(archive, tight)
    with pytest.raises(NothingUsable, match="2 files"):
        unpack(archive, Settings(home=settings.home, limits=Limits(max_files=1)))


def test_a_member_that_lies_about_its_size_is_left_out(tmp_path: Path, settings: Settings) -> None:
    archive = zipped(tmp_path / "liar.zip", {"liar": b"a" * 5000, "fine": b"x"})
    data = bytearray(archive.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24:at + 28] = (10).to_bytes(4, "little")
    archive.write_bytes(data)

    (refusal,) = unpack(archive, settings).refused

    assert (refusal.file, refusal.code) == ("liar", RefusalCode.CORRUPT)


def test_damaged_archives_are_one_clear_line(tmp_path: Path, settings: Settings) -> None:
    whole = zipped(tmp_path / "a.zip", {f"{n}.txt": bytes(range(256)) * 40 for n in range(20)}).read_bytes()
    seen = set()
    for cut in range(0, len(whole), 97):
        damaged = tmp_path / "damaged.zip"
        damaged.write_bytes(whole[:cut] + bytes(50) + whole[cut + 50:])
        if is_zip(damaged):
            try:
                seen.update(refusal.code for refusal in unpack(damaged, settings).refused)
            except NothingUsable as error:
                assert "\n" not in str(error)

    assert RefusalCode.CORRUPT in seen
    assert not [path for path in (settings.home / "cases").iterdir() if path.name.startswith("unpacking")]
