"""Files that a user sends: kept in a folder of their case, never served again as they came."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path, PurePosixPath
from shutil import rmtree

from fastapi.concurrency import run_in_threadpool

from .options import Options
from .problems import Problem

LONGEST_NAME = 200
DEEPEST = 20


class Uploads:
    """The files of uploaded cases.

    Args:
        home: the state folder.
        options: how much one case may hold.
    """

    def __init__(self, home: Path, options: Options) -> None:
        self._home, self._options = home, options
        self._held: dict[str, dict[str, int]] = {}
        self._unfinished = home / "server" / "uploads.part"
        rmtree(self._unfinished, ignore_errors=True)  # what a server that is gone left half sent

    def folder(self, case: str) -> Path:
        """Where the files of a case lie."""
        return self._home / "server" / "uploads" / case

    def begin(self, case: str) -> Path:
        """Make the folder of a new case."""
        folder = self.folder(case)
        folder.mkdir(parents=True, mode=0o700)
        return folder

    def sizes(self, case: str) -> dict[str, int]:
        """The files of a case with their bytes, by relative path."""
        if case not in self._held:
            folder = self.folder(case)
            self._held[case] = {file.relative_to(folder).as_posix(): file.stat().st_size
                                for file in folder.rglob("*") if file.is_file()}
        return self._held[case]

    async def keep(self, case: str, name: str, body: AsyncIterator[bytes]) -> int:
        """Write a file whole or not at all, as it comes.

        Args:
            case: id of an uploaded case.
            name: relative path, forward slashes.
            body: the file's bytes.

        Returns:
            Its size.

        Raises:
            Problem: 413 where the case would hold too much, 409 where a folder has that name, or for a name that
                is none.
        """
        path, folder, held = safe_name(name), self.folder(case), self.sizes(case)
        others = {key: size for key, size in held.items() if key != path.as_posix()}
        if len(others) >= self._options.max_upload_files:
            raise Problem(413, f"a case holds {self._options.max_upload_files} files at most")
        self._unfinished.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self._unfinished / os.urandom(8).hex()
        try:
            size = await self._write(unfinished, body, self._options.max_upload_bytes - sum(others.values()))
            if not any(key.startswith(f"{path.as_posix()}/") for key in self.sizes(case)):
                rmtree(folder / path, ignore_errors=True)  # a folder of files that were all removed, if anything
            (folder / path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            unfinished.replace(folder / path)
        except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
            raise Problem(409, "a file and a folder of the case would have the same name") from error
        finally:
            unfinished.unlink(missing_ok=True)
        self._held[case] = {**self.sizes(case), path.as_posix(): size}
        if sum(self._held[case].values()) > self._options.max_upload_bytes:  # others were sent at the same time
            self.remove(case, name)
            raise Problem(413, f"a case holds {self._options.max_upload_bytes} bytes at most")
        return size

    async def _write(self, file: Path, body: AsyncIterator[bytes], room: int) -> int:
        size = 0
        with file.open("xb") as stream:
            async for piece in body:
                size += len(piece)
                if size > room:
                    raise Problem(413, f"a case holds {self._options.max_upload_bytes} bytes at most")
                await run_in_threadpool(stream.write, piece)
        return size

    def remove(self, case: str, name: str) -> None:
        """Take a file out of a case.

        Raises:
            Problem: 404 where there is none of that name.
        """
        path = safe_name(name)
        if path.as_posix() not in self.sizes(case):
            raise Problem(404, "the case has no such file")
        self._held[case] = {key: size for key, size in self.sizes(case).items() if key != path.as_posix()}
        (self.folder(case) / path).unlink(missing_ok=True)

    def remove_all(self, case: str) -> None:
        """Delete all files of a case."""
        self._held.pop(case, None)
        rmtree(self.folder(case), ignore_errors=True)


def case_path(folder: Path, files: Sequence[str]) -> Path:
    """What is reviewed of an uploaded case: its one .zip, else the folder."""
    return folder / files[0] if len(files) == 1 and files[0].casefold().endswith(".zip") else folder


def safe_name(text: str) -> PurePosixPath:
    """A path below a case's folder.

    Raises:
        Problem: 409 where it leads elsewhere, or cannot be a file's name.
    """
    path = PurePosixPath(text)
    parts = path.parts
    strange = any(part in (".", "..") or len(part.encode()) > LONGEST_NAME or "\\" in part
                  or not part.isprintable() or part != part.strip() for part in parts)
    if not parts or path.is_absolute() or strange or len(parts) > DEEPEST:
        raise Problem(409, "this cannot be the name of a file in a case: give a relative path with forward slashes")
    return path
