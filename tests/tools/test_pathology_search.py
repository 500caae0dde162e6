"""Searching a slide by words, by example and by a model; what is written for other programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from made_slide import halve, paint_nuclei, scatter, slide_series, slide_study, stain, write_tiff
from PIL import Image
from scripted_reader import ScriptedReader

from caseloom.agent.door import run_tool
from caseloom.core.errors import UsageError
from caseloom.core.evidence import SlideRegion
from caseloom.core.refusal import RefusalCode
from caseloom.core.result import AnswerStatus, ToolResult
from caseloom.memory.home import Home
from caseloom.memory.patch_index import PatchIndex
from caseloom.phantoms.slide import write_slide
from caseloom.phantoms.specs import SlideSpec
from caseloom.readers.measure import MeasureReader
from caseloom.readers.request import Picture
from caseloom.sources.slide import Region
from caseloom.tools.base import ToolContext
from caseloom.tools.pathology import PathologyTool
from caseloom.tools.slide_search import SlideSearch

CMU = "CMU-1-Small-Region"
CORNERS = {"dense": (224, 224), "pink": (224, 1120), "dense too": (1120, 1120)}
"""Level-0 (x, y) of squares of 672 pixels on the made slide; all else is tissue with few nuclei."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("CASELOOM_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1.008 x 1.008 mm at 0.5 µm per pixel: two squares crowded with nuclei, one of eosin alone."""
    pixels = paint_nuclei((1008, 1008), scatter(500, (1008, 1008), 25.0, seed=1), seed=2)
    crowded = paint_nuclei((336, 336), scatter(900, (336, 336), 9.0, seed=3), seed=4)
    for name, (x, y) in CORNERS.items():
        square = stain(np.full((672, 672), 0.03), np.full((672, 672), 0.45)) if name == "pink" else crowded
        pixels[y:y + 672, x:x + 672] = square[::-1] if name == "dense too" else square
    return write_tiff(tmp_path_factory.mktemp("slide") / "slide.tif", [pixels, halve(pixels)], 0.5)


def places(result: ToolResult) -> list[SlideRegion]:
    known = {item.id: item.locator for item in result.evidence}
    ranked = sorted((item for item in result.findings if item.site), key=lambda item: item.site or "")
    return [known[item.evidence[0]] for item in ranked]


def overview_caption(result: ToolResult) -> str:
    return next(item.caption for item in result.evidence if item.caption.startswith("Whole slide"))


def middle_in(place: SlideRegion, corner: str) -> bool:
    x, y = CORNERS[corner]
    return x <= place.x + place.width / 2 <= x + 672 and y <= place.y + place.height / 2 <= y + 672


@pytest.mark.parametrize(("query", "corners", "name"), [
    ("dense nuclei", ("dense", "dense too"), "Region of high nuclear density"),
    ("low haematoxylin", ("pink",), "Region of low haematoxylin density"),
    ("stroma", ("pink",), "Region of high eosin above haematoxylin")])
def test_words_for_what_is_measured_rank_the_regions(
        made: Path, query: str, corners: tuple[str, ...], name: str) -> None:
    result = run_tool("pathology", made, query=query)
    assert any(middle_in(places(result)[0], corner) for corner in corners)
    assert {item.name for item in result.findings if item.site} == {name}
    assert {item.reader for item in result.findings} == {"measure"}
    assert f"heat map of {name.split(' of ')[1].split(' ', 1)[1]}," in overview_caption(result)
    answer = result.answer
    assert answer.status is AnswerStatus.ANSWERED
    assert answer.steps[0].arguments == {"query": query}
    assert "Region 1 at {0.x},{0.y},{0.width},{0.height}".format(places(result)[0]) in answer.text
    assert {key for sentence in answer.sentences for key in sentence.evidence} <= {item.id for item in result.evidence}


def test_few_nuclei_are_looked_for_where_the_field_is_wholly_tissue(made: Path, tmp_path: Path) -> None:
    pixels = np.full((2464, 2464, 3), 244, np.uint8)
    pixels[224:2240, 224:2240] = tifffile.imread(made, key=0)
    result = run_tool("pathology", write_tiff(tmp_path / "slide.tif", [pixels], 0.5), query="few nuclei")
    ranked = places(result)
    assert "lowest first among fields wholly on tissue" in result.answer.text
    assert min(min(place.x, place.y) for place in ranked) >= 224
    assert max(max(place.x, place.y) + 448 for place in ranked) <= 2240


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SlideSpec]:
    """The generated slide of the demo, smaller."""
    spec = SlideSpec(width=4480, height=3328, region=(2400, 1200, 1000, 900))
    path = tmp_path_factory.mktemp("planted") / "slide.tif"
    write_slide(spec, path)
    return path, spec


@pytest.mark.parametrize("options", [{}, {"query": "dense nuclei"}, {"like": (2450, 1250, 448, 448)}])
def test_the_planted_region_of_the_generated_slide_is_first(
        planted: tuple[Path, SlideSpec], options: dict[str, object]) -> None:
    path, spec = planted
    first = places(run_tool("pathology", path, **options))[0]  # type: ignore[arg-type]
    left, top, width, height = spec.region
    assert left <= first.x + first.width / 2 <= left + width
    assert top <= first.y + first.height / 2 <= top + height


def test_other_words_are_declined_and_nothing_is_ranked(made: Path) -> None:
    result = run_tool("pathology", made, query="invasive carcinoma")
    assert result.answer.status is AnswerStatus.DECLINED
    assert "dense or few nuclei" in result.answer.text
    assert not places(result)
    assert "Tissue area" in {item.name for item in result.findings}


def test_the_region_like_the_given_one_is_the_other_crowd(made: Path, home: Home) -> None:
    result = run_tool("pathology", made, like=(336, 336, 448, 448))
    first = places(result)[0]
    assert middle_in(first, "dense too") or middle_in(first, "dense")
    found = [item for item in result.findings if item.site]
    assert {item.name for item in found} == {"Region like the given one"}
    distances = [item.value.number for item in sorted(found, key=lambda item: item.site)]
    assert distances == sorted(distances)
    assert {item.value.unit for item in found} == {"distance"}
    assert "heat map of likeness to the given place," in overview_caption(result)
    again = run_tool("pathology", made, like=(336, 336, 448, 448))
    assert places(again) == places(result)
    assert (home.path / "patches").is_dir()


def test_turned_tissue_is_alike_and_the_example_itself_is_left_out(made: Path) -> None:
    x, y = CORNERS["dense"]
    result = run_tool("pathology", made, like=(x, y, 672, 672))
    assert middle_in(places(result)[0], "dense too")
    assert not any(middle_in(place, "dense") for place in places(result))


@pytest.mark.parametrize(("options", "said"), [
    ({"query": "stroma", "like": (0, 0, 9, 9)}, "one of the two"), ({"query": " "}, "empty"),
    ({"like": (1, 2, 3)}, "four whole numbers"), ({"like": (1, 2, 0, 3)}, "four whole numbers"),
    ({"embedder": "."}, "one of the two"), ({"query": "stroma", "embedder": "."}, "no readable config.json")])
def test_a_search_that_cannot_be_meant_is_wrong_usage(made: Path, options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run_tool("pathology", made, **options)  # type: ignore[arg-type]


def test_a_place_off_the_slide_is_declined_with_what_the_slide_has(made: Path) -> None:
    answer = run_tool("pathology", made, like=(2000, 0, 500, 500)).answer
    assert answer.status is AnswerStatus.DECLINED
    assert "0,0,2016,2016" in answer.text


def test_a_slide_without_a_scale_is_not_searched(tmp_path: Path, made: Path) -> None:
    path = write_tiff(tmp_path / "slide.tif", [tifffile.imread(made, key=0)], None)
    answer = run_tool("pathology", path, query="dense nuclei").answer
    assert answer.status is AnswerStatus.DECLINED
    assert "how large its pixels are" in answer.text


def write_toy_clip(folder: Path) -> Path:
    """A random CLIP checkpoint of toy size with a tokenizer of six words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, PreTrainedTokenizerFast

    torch.manual_seed(0)
    words = {word: place for place, word in enumerate(["[pad]", "[unk]", "[bos]", "[eos]", "dense", "nuclei"])}
    plain = Tokenizer(models.WordLevel(words, "[unk]"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain, **{f"{kind}_token": f"[{kind}]" for kind in ("pad", "unk", "eos")})
    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(text_config={**size, "vocab_size": 6, "max_position_embeddings": 8, "eos_token_id": 3},
                        vision_config={**size, "image_size": 32, "patch_size": 8}, projection_dim=8)
    CLIPModel(config).save_pretrained(folder)
    side = {"height": 32, "width": 32}
    CLIPProcessor(CLIPImageProcessor(size=side, crop_size=side), tokenizer).save_pretrained(folder)
    return folder


def test_a_clip_checkpoint_ranks_by_text_and_by_example(made: Path, tmp_path: Path) -> None:
    folder = write_toy_clip(tmp_path / "toy-clip")
    for options, what in (({"query": "carcinoma of any kind"}, "the query"),
                          ({"like": (336, 336, 448, 448)}, "the given place")):
        result = run_tool("pathology", made, embedder=folder, **options)  # type: ignore[arg-type]
        assert f"heat map of likeness to {what}," in overview_caption(result)
        found = [item for item in result.findings if item.site]
        assert len(found) == 5
        assert {item.value.unit for item in found} == {"cosine"}
        assert all(item.reader.startswith("toy-clip (clip, ") and -1 <= item.value.number <= 1 for item in found)
        values = [item.value.number for item in sorted(found, key=lambda item: item.site)]
        assert values == sorted(values, reverse=True)
        assert result.answer.status is AnswerStatus.ANSWERED


def test_each_ranked_region_is_asked_by_itself(made: Path, home: Home) -> None:
    reader = ScriptedReader(lambda request: "Crowded. Final Answer: yes")
    search = SlideSearch("dense nuclei", None, None, lambda slide, name: PatchIndex(home, slide, name))
    context = ToolContext(root=made.parent, patient=None, opaque_patient="P-1", reader=reader, pictures=None,
                          cache=made.parent, question="Is there carcinoma?", search=search)
    result = PathologyTool().run(slide_study(slide_series(made.parent, [made])), context)
    read = [item for item in result.findings if item.is_read]
    assert len(read) == len(reader.requests) == len(places(result)) - len(read)
    assert {item.site for item in read} == {f"slide region {number}" for number in range(1, len(read) + 1)}
    stored = tifffile.imread(made, key=0)
    for request, finding in zip(reader.requests, read, strict=True):
        (picture,) = (part for part in request.parts if isinstance(part, Picture))
        place = next(item.locator for item in result.evidence if item.id == finding.evidence[0])
        assert (place.width, place.height) == (896, 896)
        assert (picture.pixels == stored[place.y:place.y + 896, place.x:place.x + 896]).all()
    assert "reads carcinoma as present" in result.answer.text
    assert result.answer.text.startswith(f"{len(read)} regions of the slide of 2025-03-04, by nuclear density")


def test_geojson_holds_tissue_and_regions_in_level_0_pixels(made: Path, tmp_path: Path) -> None:
    result = run_tool("pathology", made, query="dense nuclei", out=tmp_path / "out")
    (path,) = (tmp_path / "out").glob("*.geojson")
    collection = json.loads(path.read_text(encoding="utf-8"))
    tissue, *regions = collection["features"]
    assert collection["type"] == "FeatureCollection"
    assert tissue["geometry"]["type"] == "MultiPolygon"
    ring = np.array(tissue["geometry"]["coordinates"][0][0])
    assert (ring[0] == ring[-1]).all()
    assert ring.min() <= 20
    assert 1990 <= ring.max() <= 2016
    for number, (feature, place) in enumerate(zip(regions, places(result), strict=True), 1):
        assert feature["geometry"]["coordinates"][0][0] == [place.x, place.y]
        assert feature["geometry"]["coordinates"][0][2] == [place.x + place.width, place.y + place.height]
        properties = feature["properties"]
        assert (properties["objectType"], properties["name"]) == ("annotation", f"Region {number}")
        assert properties["classification"]["name"] == "Region of high nuclear density"
        assert properties["measurements"]["Nuclear density (nuclei/mm2)"] > 1000
    saved = ToolResult.model_validate_json((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert saved.findings == result.findings


def test_a_damaged_tile_is_left_out_and_said(made: Path, tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "slide.tif", [tifffile.imread(made, key=0)], 0.5)
    with tifffile.TiffFile(path) as file:
        place, size = file.pages[0].dataoffsets[9], file.pages[0].databytecounts[9]
    data = bytearray(path.read_bytes())
    data[place:place + size] = b"\xff" * size
    path.write_bytes(data)
    result = run_tool("pathology", path)
    assert any(text.startswith("1 tile of a slide cannot be decoded") for text in result.warnings)
    damaged = Region(256, 256, 256, 256)
    for region in places(result):
        assert region.x >= damaged.x + damaged.width or region.x + region.width <= damaged.x or (
            region.y >= damaged.y + damaged.height or region.y + region.height <= damaged.y)


def test_a_blurred_half_of_a_slide_is_not_searched_and_said(made: Path, tmp_path: Path) -> None:
    from scipy import ndimage

    pixels = tifffile.imread(made, key=0)
    pixels[:, 1008:] = ndimage.gaussian_filter(pixels[:, 1008:], (5, 5, 0))
    result = run_tool("pathology", write_tiff(tmp_path / "slide.tif", [pixels], 0.5))
    assert any("out of focus" in text for text in result.warnings)
    assert middle_in(places(result)[0], "dense")


def test_a_grey_or_huge_or_tiny_tiff_is_one_refusal(tmp_path: Path) -> None:
    grey = tmp_path / "grey.tif"
    tifffile.imwrite(grey, np.zeros((300, 300), np.uint8), photometric="minisblack")
    dot = tmp_path / "dot.tif"
    tifffile.imwrite(dot, np.zeros((1, 1, 3), np.uint8), photometric="rgb")
    text = tmp_path / "broken.svs"
    text.write_bytes(b"II*\x00\xff\xff\xff\x00")
    codes = {path.name: [item.code for item in run_tool("pathology", path).refused] for path in (grey, dot, text)}
    assert codes == {"grey.tif": [RefusalCode.UNSUPPORTED], "dot.tif": [RefusalCode.NOT_AN_IMAGE],
                     "broken.svs": [RefusalCode.TRUNCATED]}


def test_a_stack_of_focal_planes_is_read_by_its_first_and_said(made: Path, tmp_path: Path) -> None:
    plane = tifffile.imread(made, key=0)[:600, :600]
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([plane, 255 - plane]), photometric="rgb",
                     resolution=(20_000, 20_000), resolutionunit="CENTIMETER")
    warnings = run_tool("pathology", tmp_path / "stack.tif").warnings
    assert "a slide's file holds 2 images of its full size; only the first was read" in warnings


def test_label_and_macro_are_neither_shown_nor_written(shared_data: Path, tmp_path: Path) -> None:
    from openslide import OpenSlide

    svs = shared_data / "wsi" / f"{CMU}.svs"
    with OpenSlide(svs) as slide:
        hidden = [np.asarray(slide.associated_images[name].convert("RGB").resize((64, 64))).astype(int)
                  for name in ("label", "macro") if name in slide.associated_images]
    assert hidden
    run_tool("pathology", svs, query="dense nuclei", out=tmp_path / "out")
    for path in (tmp_path / "out" / "overlays").iterdir():
        with Image.open(path) as drawn:
            small = np.asarray(drawn.convert("RGB").resize((64, 64))).astype(int)
        assert all(np.abs(small - image).mean() > 20 for image in hidden)


def test_svs_and_dicom_twin_answer_alike(shared_data: Path) -> None:
    folder = shared_data / "wsi"
    for options in ({"query": "dense nuclei"}, {"like": (898, 673, 449, 449)}):
        one, other = (places(run_tool("pathology", path, **options))  # type: ignore[arg-type]
                      for path in (folder / f"{CMU}.svs", folder / f"{CMU}.dicom"))
        assert len(one) == len(other) >= 3
        for first, second in zip(one, other, strict=True):
            assert max(abs(first.x - second.x), abs(first.y - second.y)) <= 224


def test_the_reader_that_measures_answers_no_question_beside_a_search(made: Path, home: Home) -> None:
    search = SlideSearch("dense nuclei", None, None, lambda slide, name: PatchIndex(home, slide, name))
    context = ToolContext(root=made.parent, patient=None, opaque_patient="P-1", reader=MeasureReader(), pictures=None,
                          cache=made.parent, question="Is there carcinoma?", search=search)
    result = PathologyTool().run(slide_study(slide_series(made.parent, [made])), context)
    assert not [item for item in result.findings if item.is_read]
    assert "measured and searched only" in result.answer.text
