"""The page that ships: built from the source that lies beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import caseloom

WEB = Path(caseloom.__file__).parent / "app" / "web"
BUILT = WEB / "built"
SINGLE = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.js")


def source_digest() -> str:
    """As `vite.config.js` has it: SHA-256 over "NAME NUL DIGEST NEWLINE" of every source file, by name."""
    below = [file for part in ("src", "public") for file in (WEB / part).rglob("*") if file.is_file()]
    names = sorted([*SINGLE, *(file.relative_to(WEB).as_posix() for file in below)])
    whole = hashlib.sha256()
    for name in names:
        whole.update(f"{name}\0{hashlib.sha256((WEB / name).read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def test_the_built_page_is_that_of_the_source() -> None:
    assert (BUILT / "source.sha256").read_text().strip() == source_digest(), "run `npm run build` in app/web"


def test_the_page_fetches_nothing_from_elsewhere() -> None:
    page = (BUILT / "index.html").read_text()
    addresses = [part.split('"')[0] for name in ('src="', 'href="') for part in page.split(name)[1:]]
    assert addresses and all(address.startswith("/") and not address.startswith("//") for address in addresses)
    assert all((BUILT / address.removeprefix("/")).is_file() for address in addresses)
    assert "<style" not in page and "onload" not in page


def test_the_licences_of_what_is_bundled_are_told() -> None:
    told = (BUILT / "LICENCES.txt").read_text()
    for name in ("@cornerstonejs/core", "@cornerstonejs/tools", "@kitware/vtk.js", "openseadragon", "preact"):
        assert f"{name} " in told
    assert "The package holds no text of its licence" not in told.split("preact ")[1][:400]


def test_no_text_is_ever_set_as_html() -> None:
    for file in (WEB / "src").rglob("*.ts*"):
        text = file.read_text()
        assert not any(word in text for word in ("innerHTML", "dangerouslySetInnerHTML", "insertAdjacentHTML")), file
