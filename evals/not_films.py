"""How the gate of the localization tool tells frontal chest films from other pictures.

    python -m caseloom.evals.not_films DATA [--weights FILE] [--names] [--write docs/accuracy.md]

Prints per kind how many pictures are refused, apart for the half that tuning may look at and the half held out, and
for pictures with black and white exchanged; then what is refused of true films and their variants. The header is left
out: every picture comes as a plain file would. Films may have served to train what the gate rests on, so refused films
are counted too low. Some ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from ..core.errors import RefusedFile
from ..sources.film import Film
from ..tools.localization.gate import accept, refuse_blank
from ..tools.localization.network import ChestFilmNet, load_network, shipped_network
from ..tools.localization.segment import segment_film
from .picture_bones import bone_pictures
from .picture_files import DOCUMENTS, IMAGES, PHOTOS, SLIDE, file_pictures, unreadable
from .picture_films import FOLDERS, SINGLE, film_pictures, spoiled_films
from .picture_patterns import pattern_pictures
from .picture_volumes import VOLUMES, volume_pictures
from .pictures import Grey, Picture, found, with_inverted
from .sections import machine, today, write_section

__all__ = ["Picture", "absent", "films", "not_films", "refusal"]

Counts = dict[str, list[int]]
"""Refused and all of: tuning, tuning inverted, held out, held out inverted."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="What the gate for chest films refuses.")
    parser.add_argument("data", type=Path, help="folder of real sample data")
    parser.add_argument("--names", action="store_true", help="also name every wrongly judged picture, of the tuning "
                        "half only")
    parser.add_argument("--write", type=Path, help="also put the tables into this Markdown file")
    parser.add_argument("--weights", type=Path, help="of a network; default: what ships")
    asked = parser.parse_args()
    network = load_network(asked.weights) if asked.weights else shipped_network()
    whose = f"the weights {asked.weights.name}" if asked.weights else "the weights that ship"
    lines = [f"Measured on {today()} by `evals/not_films.py` ({machine()}), with {whose}: refused of all, of pictures "
             "without a header. The half for tuning was looked at, the other half was not; true films and their "
             "variants are from films that the network learned from."]
    lines += [f"Absent: {line}." for line in absent(asked.data)]
    for title, pictures, wrong in (("no film", not_films(asked.data), False), ("film", films(asked.data), True)):
        counts, names = judge(pictures, wrong, network)
        lines += ["", *table(title, counts)]
        sys.stderr.writelines(f"wrong: {name}\n" for name in names if asked.names)
    sys.stdout.write("\n".join([*lines, ""]))
    if asked.write:
        write_section(asked.write, "The gate for chest films", lines)


def not_films(data: Path) -> Iterator[Picture]:
    """All pictures that are no frontal chest film, each also inverted; the same ones in the same order every time.

    Args:
        data: folder of real sample data; what is missing there or among the packages is left out (`absent`).
    """
    return with_inverted(chain(volume_pictures(data), file_pictures(data), bone_pictures(), pattern_pictures(),
                               spoiled_films(data)))


def films(data: Path) -> Iterator[Picture]:
    """All frontal chest films and the variants of each that must be accepted; the kind names the variant."""
    return film_pictures(data)


def absent(data: Path) -> list[str]:
    """Sources that are missing or cannot be decoded here, one line each."""
    files = (*VOLUMES, *IMAGES, *PHOTOS, *DOCUMENTS, SLIDE, *SINGLE)
    missing = [file.name for file in files if not found(file, data)]
    folders = [f"data/{name}" for name in FOLDERS if not (data / name / "index.json").is_file()]
    return [*missing, *folders, *unreadable(data)]


def refusal(pixels: Grey, network: ChestFilmNet) -> str | None:
    """Why the tool refuses a picture without a header; None when it measures it."""
    film = Film(pixels=pixels, stored_shape=(pixels.shape[0], pixels.shape[1]))
    try:
        refuse_blank(pixels)
        accept(film, segment_film(network, pixels))
    except RefusedFile as error:
        return error.reason
    return None


def judge(pictures: Iterable[Picture], refused_is_wrong: bool, network: ChestFilmNet) -> tuple[Counts, list[str]]:
    """Counts per kind, and the names of wrongly judged pictures of the tuning half."""
    counts: Counts = defaultdict(lambda: [0] * 8)
    wrong = []
    for picture in pictures:
        refused = refusal(picture.pixels, network) is not None
        column = 4 * picture.held_out + 2 * picture.name.endswith(", inverted")
        counts[picture.kind][column] += refused
        counts[picture.kind][column + 1] += 1
        if refused == refused_is_wrong and not picture.held_out:
            wrong.append(picture.name)
    return dict(counts), wrong


def table(title: str, counts: Counts) -> list[str]:
    """Lines of Markdown: per kind and in sum, refused of all."""
    total = [sum(column) for column in zip(*counts.values(), strict=True)]
    head = [f"| {title} | tuning | tuning, inverted | held out | held out, inverted |", "|---|---|---|---|---|"]
    return [*head, *(_row(kind, counts[kind]) for kind in sorted(counts)), _row("sum", total)]


def _row(kind: str, numbers: list[int]) -> str:
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return f"| {kind} | " + " | ".join(f"{refused} of {count}" if count else "-" for refused, count in pairs) + " |"


if __name__ == "__main__":
    main()
