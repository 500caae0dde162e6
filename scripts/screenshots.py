"""Pictures of the workbench with the demo case, for docs/workbench.md.

    python scripts/screenshots.py [--out docs/screenshots] [--home FOLDER]

A folder given with --home keeps the reviewed case, so that the next pictures come sooner. It wants the packages of the
`dev` extra and Chromium (`CHROMIUM` names it where it is not /usr/bin/chromium).
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from caseloom import write_demo

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
Scheme = Literal["light", "dark"]
LAPTOP, TABLET = (1366, 768), (768, 1024)
OTHERS: tuple[tuple[str, tuple[int, int], Scheme], ...] = (("dark", LAPTOP, "dark"), ("tablet", TABLET, "light"))
MOST_BYTES = 300_000
REVIEW_MS = 900_000
PATIENCE_MS = 120_000
TITLE = "Follow-up, November 2025"


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The address of a server, with its token, over a folder that holds the demo case."""
    roots = home / "roots"
    if not (roots / "case").is_dir():
        roots.mkdir(parents=True, exist_ok=True)
        write_demo(roots)
    command = [sys.executable, "-m", "caseloom", "serve", "--port", "0", "--root", str(roots)]
    process = subprocess.Popen(command, text=True, stderr=subprocess.PIPE,
                               env=os.environ | {"CASELOOM_HOME": str(home / "state")})
    try:
        yield next(found[1] for line in process.stderr or () if (found := re.search(r"serves at (\S+)", line)))
    finally:
        process.terminate()
        process.wait(timeout=60)


def opened(browser: Browser, address: str, size: tuple[int, int] = LAPTOP, scheme: Scheme = "light") -> Page:
    """A page of a browser's session of its own, on the list of cases."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    page.get_by_role("heading", name="Cases", exact=True).wait_for()
    return page


def reviewed(page: Page, keep: Callable[[Page, str], None]) -> None:
    """Open the demo case, reviewed; on the way to its first review a picture of the progress is kept."""
    page.locator(".list, .empty").first.wait_for()
    if page.get_by_role("link", name=TITLE).count() == 0:
        page.get_by_role("button", name="New case").click()
        page.get_by_role("button", name="On the server").click()
        page.get_by_label("Folder or .zip").fill("case")
        page.get_by_label("Title").fill(TITLE)
        page.get_by_role("button", name="Register and review").click()
        page.locator(".steps .done").nth(3).wait_for(timeout=REVIEW_MS)
        keep(page, "progress")
    else:
        page.get_by_role("link", name=TITLE).click()
    page.get_by_role("article", name="Report").wait_for(timeout=REVIEW_MS)


def compared(page: Page) -> None:
    """Go to the nodule of the impression, on both CTs."""
    page.get_by_role("tab", name="Report").click()
    page.locator(".line", has_text="nodule candidate").first.locator(".words").click()
    expect(page.locator(".pane")).to_have_count(2, timeout=PATIENCE_MS)
    for pane in page.locator(".pane").all():
        expect(pane).not_to_have_attribute("data-shown", "-1", timeout=PATIENCE_MS)
    page.locator(".panes").focus()
    page.keyboard.press("2")
    still(page)


def still(page: Page) -> None:
    """Wait until nothing is fetched or moved any more."""
    page.mouse.move(700, 20)
    page.wait_for_load_state("networkidle")
    for picture in page.locator(".sheet img").all():
        picture.evaluate("picture => picture.decode()")
    page.wait_for_timeout(1200)


def show(page: Page, kind: str, number: int = 0) -> None:
    """Open a series by its kind, the latest first."""
    page.locator(".series", has_text=kind).nth(number).click()
    page.locator(".view .viewer").wait_for()
    still(page)


def tour(browser: Browser, address: str, keep: Callable[[Page, str], None]) -> None:
    """Every view once."""
    page = opened(browser, address)
    reviewed(page, keep)
    compared(page)
    keep(page, "comparison")
    page.get_by_label("Beside").select_option("")
    page.locator(".marks li button", has_text="candidate 11").first.click()
    still(page)
    keep(page, "volume")
    show(page, "Film")
    keep(page, "film")
    show(page, "Slide")
    page.locator(".marks li button").nth(1).click()
    still(page)
    keep(page, "slide")
    page.get_by_role("tab", name="Labs").click()
    page.locator(".lab-card", has_text="Hemoglobin").locator(".dot").last.click()
    still(page)
    keep(page, "labs")
    page.get_by_role("tab", name="Timeline").click()
    page.get_by_role("searchbox", name="Search", exact=True).fill("nodule")
    page.locator(".moment.words").wait_for()
    show(page, "Health record")
    keep(page, "timeline")
    chat(page)
    keep(page, "chat")
    edit(page)
    keep(page, "edit")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Approve").click()
    keep(page, "approval")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Back to the cases").click()
    page.locator(".list").wait_for()
    keep(page, "cases")
    page.get_by_role("link", name="Doctor").click()
    page.locator(".parts").wait_for()
    keep(page, "doctor")


def chat(page: Page) -> None:
    """Ask, unless it was asked before."""
    page.get_by_role("tab", name="Chat").click()
    page.locator(".turn, .examples").first.wait_for(timeout=120_000)
    for question in ("How did haemoglobin change since March?", "Has the nodule grown?", "Is there a brain MRI?"):
        if page.locator(".asked", has_text=question).count() == 0:
            count = page.locator(".answered").count()
            page.get_by_label("Question about this case").fill(question)
            page.keyboard.press("Enter")
            expect(page.locator(".answered")).to_have_count(count + 1, timeout=120_000)
    still(page)
    page.locator(".answered", has_text="nodule").locator(".cite:not(.more)").last.click()
    still(page)


def edit(page: Page) -> None:
    """Write a number that no evidence holds."""
    page.get_by_role("tab", name="Report").click()
    page.get_by_role("button", name="Edit: Pulmonary nodule").first.click()
    page.get_by_label("Sentence", exact=True).fill("Pulmonary nodule candidate, right lung: grew from 7.8 mm to 16 mm.")
    page.get_by_label("Your name").fill("Dr. Ana Ruiz")
    expect(page.locator(".stands")).to_contain_text("Not supported", timeout=PATIENCE_MS)
    still(page)


def main() -> None:
    """Take the pictures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    asked.add_argument("--home", type=Path)
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> None:
        file = given.out / f"{name}.png"
        page.screenshot(path=file)
        if file.stat().st_size > MOST_BYTES:
            with Image.open(file) as picture:
                picture.convert("RGB").quantize(256).save(file, optimize=True)

    with TemporaryDirectory() as made, served(given.home or Path(made)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        tour(browser, address, keep)
        for name, size, scheme in OTHERS:
            page = opened(browser, address, size, scheme)
            reviewed(page, keep)
            compared(page)
            keep(page, name)
        browser.close()


if __name__ == "__main__":
    main()
