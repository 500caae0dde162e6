"""Images over REST: the voxels, pixels and tiles that the tools read, and the evidence in its place on them."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from caseloom.agent.door import open_case
from caseloom.app.server.images import Images, deep_zoom_levels, series_of
from caseloom.core.settings import Limits
from caseloom.sources.film import load_film
from caseloom.sources.slide import open_slide
from caseloom.sources.volume import load_volume


@pytest.fixture(scope="module")
def pictures(shared: tuple[TestClient, str], demo_parts: Path) -> tuple[TestClient, str, dict[str, str], Path]:
    """The case of images: its address, keys of its series by viewer, its folder."""
    client, _ = shared
    case = client.post("/api/cases", json={"folder": "pictures"}).json()["id"]
    studies = client.get(f"/api/cases/{case}/studies").json()["studies"]
    keys = {series["viewer"]: series["key"] for study in studies for series in study["series"]}
    return client, f"/api/cases/{case}", keys, demo_parts / "pictures"


def series_in(folder: Path, kind: str):
    case = open_case(folder)
    return case, [series for study in case.studies for series in study.series if series.kind == kind][-1]


def test_slices_are_the_volumes_own(pictures) -> None:
    client, case, keys, folder = pictures
    shown = client.get(f"{case}/volumes/{keys['volume']}").json()
    opened, series = series_in(folder, "ct")
    volume = load_volume(series, opened.root, Limits())
    assert (shown["slices"], shown["rows"], shown["columns"]) == volume.voxels.shape
    assert (shown["unit"], shown["dtype"], shown["window"]) == ("HU", "int16", [40.0, 400.0])
    np.testing.assert_allclose(shown["affine"], volume.geometry.affine)
    raw = client.get(f"{case}/volumes/{keys['volume']}/slices/30").content
    np.testing.assert_array_equal(np.frombuffer(raw, "<i2").reshape(volume.voxels.shape[1:]), volume.voxels[30])
    assert client.get(f"{case}/volumes/{keys['volume']}/slices/{shown['slices']}").status_code == 404


def test_films_hang_upright(pictures) -> None:
    client, case, keys, folder = pictures
    shown = client.get(f"{case}/films/{keys['film']}").json()
    opened, series = series_in(folder, "film")
    film = load_film(series, opened.root, Limits())
    pixels = np.frombuffer(client.get(f"{case}/films/{keys['film']}/pixels").content, "<u2")
    np.testing.assert_allclose(pixels.reshape(shown["rows"], shown["columns"]) / 65535, film.pixels, atol=1e-5)
    assert shown["sides_known"]


def test_tiles_are_the_slides_own(pictures) -> None:
    client, case, keys, folder = pictures
    shown = client.get(f"{case}/slides/{keys['slide']}").json()
    opened, series = series_in(folder, "slide")
    with open_slide(series, opened.root, Limits()) as slide:
        full = slide.levels[0]
        assert (shown["width"], shown["height"], shown["levels"]) == (full.width, full.height, deep_zoom_levels(slide))
        there = slide.read_scaled((512, 512, 512, 512), 512, 512)
    last = shown["levels"] - 1
    answer = client.get(f"{case}/slides/{keys['slide']}/tiles/{last}/1/1")
    assert answer.headers["content-type"] == "image/jpeg"
    tile = np.asarray(Image.open(BytesIO(answer.content)))
    assert np.abs(tile.astype(int) - there.astype(int)).mean() < 4
    smallest = Image.open(BytesIO(client.get(f"{case}/slides/{keys['slide']}/tiles/0/0/0").content))
    assert smallest.size == (1, 1)
    for level, column, row in ((last, 99, 0), (last, 0, 99), (shown["levels"], 0, 0)):
        assert client.get(f"{case}/slides/{keys['slide']}/tiles/{level}/{column}/{row}").status_code == 404


def test_pages_are_drawn_anew(pictures) -> None:
    client, case, keys, _ = pictures
    pages = client.get(f"{case}/documents/{keys['document']}").json()["pages"]
    answer = client.get(f"{case}/documents/{keys['document']}/pages/1")
    image = Image.open(BytesIO(answer.content))
    assert image.width / image.height == pytest.approx(pages[0]["width"] / pages[0]["height"], rel=0.01)
    assert client.get(f"{case}/documents/{keys['document']}/pages/{len(pages) + 1}").status_code == 404


def test_a_series_of_another_kind_is_told(pictures) -> None:
    client, case, keys, _ = pictures
    answer = client.get(f"{case}/volumes/{keys['film']}")
    assert (answer.status_code, "film" in answer.json()["detail"]) == (404, True)
    assert client.get(f"{case}/films/S99-1").status_code == 404


def test_evidence_lies_where_the_report_says(shared: tuple[TestClient, str]) -> None:
    client, case = shared
    report = client.get(f"{case}/report").json()
    places = {one["evidence"]: one for one in client.get(f"{case}/evidence").json()["places"]}
    assert set(places) == {item["id"] for item in report["evidence"]}
    span = next(item for item in report["evidence"] if item["kind"] == "document_span")
    series = places[span["id"]]["series"]
    mark = next(one for one in client.get(f"{case}/series/{series}/marks").json()["marks"]
                if one["evidence"] == span["id"])
    assert (mark["box"], mark["first"]) == (span["locator"]["bbox"], span["locator"]["page"])
    assert all(span["id"] in report["sections"][int(at.split("-")[1]) - 1]["sentences"][int(at.split("-")[2]) - 1][
        "evidence"] for at in mark["sentences"])


def test_looks_are_in_the_trail_once_a_series(pictures) -> None:
    client, case, keys, _ = pictures
    for column in range(3):
        client.get(f"{case}/slides/{keys['slide']}/tiles/11/{column}/0")
    seen = [entry for entry in client.get(f"{case}/trail").json()["entries"]
            if entry["action"] == "images seen" and entry["about"]["what"] == keys["slide"]]
    assert len(seen) == 1


def test_a_browser_is_told_what_it_has(pictures) -> None:
    client, case, keys, _ = pictures
    tile = f"{case}/slides/{keys['slide']}/tiles/11/0/0"
    first = client.get(tile)
    again = client.get(tile, headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_what_was_used_longest_ago_makes_room(pictures, tmp_path: Path) -> None:
    client, case, keys, _ = pictures
    service = client.app.state.service
    opened = service.opened(service.registry.get(case.rpartition("/")[2]))
    _, series = series_of(opened, keys["volume"])
    images = Images(tmp_path / "images", service.home.cache, service.settings.limits, most_bytes=1000)
    images.folder.mkdir()
    old, lately = images.folder / "old.npy", images.folder / "lately.npy"
    for file in (old, old.with_suffix(".json"), lately):
        file.write_bytes(b"x" * 600)
    os.utime(old, (1, 1))
    images.volume(opened, series)
    assert not old.exists()
    assert not old.with_suffix(".json").exists()
    assert lately.exists()  # it was asked for within the last minute
    assert images.is_decoded(series)
