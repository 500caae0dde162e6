"""Boxes and masks of the localization tool on films with truth drawn by people.

    python -m caseloom.evals.film_accuracy FOLDER [--names] [--weights FILE.safetensors] [--write docs/accuracy.md]

FOLDER holds index.json, images/ and masks/ (or lung_masks/), one entry for each film, in either of two formats:

    {"image": ..., "mask": ..., "patientid": ...}       one mask of both lungs, of the whole film at any scale
    {"filename": ..., "regions": [{"class": ..., "bbox_xywh": [x, y, width, height], "mask": ...}]}
                                                        Left Lung, Right Lung, Cardiomediastinum: each mask is the crop
                                                        at its box, in any colour on black; sides are the patient's

Without regions a film is taken to stand as usual, the patient's right at its left. Prints, for each structure that is
drawn, the Dice coefficient of the masks and the intersection over union of the masks' boxes; what the tool refused, and
structures that it did not find, are counted and score 0. Goals: Dice of the lungs 0.965, boxes of each lung 0.93 on
films of patients of the training films' source and 0.90 on others, box of heart and mediastinum 0.75.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors.torch import load_file

from ..core.case import FileKind
from ..core.errors import RefusedFile
from ..core.settings import Limits
from ..sources.film import load_film
from ..tools.localization.gate import accept, refuse_blank
from ..tools.localization.masks import Mask
from ..tools.localization.network import WEIGHTS, ChestFilmNet
from ..tools.localization.segment import segment_film
from .chest_films import split_lungs
from .pictures import series_of
from .sections import machine, today, write_section
from .train_chest_film import box_iou, dice

NAMES = {"Right Lung": "Right lung", "Left Lung": "Left lung", "Cardiomediastinum": "Cardiomediastinum"}
Scores = dict[str, tuple[float, float]]
"""Dice coefficient and IoU of boxes, by structure."""


@dataclass(frozen=True)
class Drawn:
    """One film and what people drew on it.

    Args:
        path: of the film.
        masks: (rows, columns) bool, by structure.
    """

    path: Path
    masks: Mapping[str, Mask]


def main() -> None:
    """Print a line for each structure."""
    parser = argparse.ArgumentParser(description="The localization tool on films with drawn truth.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--names", action="store_true", help="also a line for each film")
    parser.add_argument("--weights", type=Path, help="of another network; its gate is not asked")
    parser.add_argument("--write", type=Path, help="also put the table into this Markdown file")
    asked = parser.parse_args()
    network = ChestFilmNet()
    network.load_state_dict(load_file(asked.weights or WEIGHTS))
    lines = [f"Measured on {today()} by `evals/film_accuracy.py` ({machine()}).", "",
             *table(asked.folder, network.eval(), gated=asked.weights is None, names=asked.names)]
    sys.stdout.write("\n".join([*lines, ""]))
    if asked.write:
        write_section(asked.write, f"Films with drawn truth, {asked.folder.name}", lines)


def table(folder: Path, network: ChestFilmNet, *, gated: bool = True, names: bool = False) -> list[str]:
    """The scores of all films of a folder, as lines of Markdown.

    Args:
        folder: see the module.
        network: in evaluation mode.
        gated: refuse what its gate does not take for a frontal chest film.
        names: also a line for each film.
    """
    columns: dict[str, list[tuple[float, float]]] = defaultdict(list)
    lines = ["| what | films | Dice, mean (lowest) | IoU of boxes, mean (lowest) |", "|---|---|---|---|"]
    refused = 0
    for drawn in drawn_films(folder):
        scores = score(drawn, network, gated=gated)
        refused += scores is None
        for name in drawn.masks:
            columns[name].append(scores[name] if scores else (0.0, 0.0))
        if names:
            lines += [f"| {drawn.path.name}, {name} | 1 | {both[0]:.3f} | {both[1]:.3f} |"
                      for name, both in (scores or {}).items()] or [f"| {drawn.path.name}, refused | 1 | - | - |"]
    for name, both in columns.items():
        (dices, boxes), count = np.transpose(both), len(both)
        lines.append(f"| {name} | {count} | {dices.mean():.3f} ({dices.min():.3f}) | {boxes.mean():.3f} "
                     f"({boxes.min():.3f}) |")
    return [*lines, f"| refused | {refused} | | |"]


def score(drawn: Drawn, network: ChestFilmNet, *, gated: bool = True) -> Scores | None:
    """What the network finds on a film against what is drawn; None where the gate refuses the film."""
    film = load_film(series_of([drawn.path], FileKind.FILM, "OT"), drawn.path.parent, Limits())
    found = segment_film(network, film.pixels)
    try:
        refuse_blank(film.pixels)
        if gated:
            accept(film, found)
    except RefusedFile:
        return None
    masks = {"Right lung": found.image_left, "Left lung": found.image_right, "Cardiomediastinum": found.heart}
    masks["Both lungs"] = found.image_left | found.image_right
    return {name: (dice(masks[name], mask), box_iou(masks[name], mask)) for name, mask in drawn.masks.items()}


def drawn_films(folder: Path) -> Iterator[Drawn]:
    """The films of a folder that have truth."""
    for entry in json.loads((folder / "index.json").read_text(encoding="utf-8")):
        path = folder / "images" / entry.get("image", entry.get("filename"))
        masks = _regions(folder, entry) if "regions" in entry else _lungs(folder, path, entry)
        if masks:
            yield Drawn(path, masks)


def _lungs(folder: Path, path: Path, entry: Mapping[str, Any]) -> dict[str, Mask]:
    """Both lungs from one mask, which may be of another scale than the film."""
    name = entry.get("mask", entry.get("lung_mask"))
    file = next((file for kind in ("masks", "lung_masks") if (file := folder / kind / str(name)).is_file()), None)
    if file is None:
        return {}
    with Image.open(path) as film, Image.open(file) as mask:
        lungs = np.asarray(mask.convert("L").resize(film.size, Image.Resampling.NEAREST)) > 127
    image_left, image_right = split_lungs(lungs)
    return {"Right lung": image_left, "Left lung": image_right, "Both lungs": image_left | image_right}


def _regions(folder: Path, entry: Mapping[str, Any]) -> dict[str, Mask]:
    """Lungs and cardiomediastinum, each crop put where its box is."""
    masks: dict[str, Mask] = {}
    for region in entry["regions"]:
        name = NAMES.get(region["class"])
        if name is None or "mask" not in region:
            continue
        x, y, width, height = (round(edge) for edge in region["bbox_xywh"])
        whole = masks.setdefault(name, np.zeros((entry["height"], entry["width"]), bool))
        with Image.open(folder / "masks" / region["mask"]) as crop:
            coloured = crop.convert("RGB").resize((width, height), Image.Resampling.NEAREST)
            whole[y:y + height, x:x + width] |= np.asarray(coloured).max(axis=-1) > 0
    if {"Right lung", "Left lung"} <= masks.keys():
        masks["Both lungs"] = masks["Right lung"] | masks["Left lung"]
    return masks


if __name__ == "__main__":
    main()
