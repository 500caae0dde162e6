"""Words of a scanned page: level it, turn it upright, read it with PP-OCR through rapidocr (ONNX), map boxes back.

The line classifier of rapidocr stays off: it turns "99+" into "+66" at full confidence. No model is fetched: the
detection and recognition weights lie in the rapidocr package.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Gray = NDArray[np.uint8]
"""(rows, columns), 0 black to 255 white."""

MAX_SKEW = 5.0
"""Degrees; a page that lies more askew is read as it lies."""
SKEW_STEP = 0.1
LEAST_SKEW = 0.15
"""Degrees below which levelling would only blur."""
MAX_SIDE = 3000
"""Longer sides are shrunk by rapidocr before detection."""
GOOD_SCORE = 0.80
"""Mean score of lines, weighted by length, above which a page is taken to be upright."""

LONE = 2
"""Characters of a line that can stand taller than wide on an upright page."""

_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class ReadWord:
    """One word: corners on the picture as given, box on the upright level picture, score of its line (0..1)."""

    text: str
    box: tuple[float, float, float, float]
    place: tuple[float, float, float, float]
    confidence: float


@dataclass(frozen=True)
class Reading:
    """What was read on a picture, turned counter-clockwise by `turn` (0, 90, 180, 270) and then by `skew` degrees."""

    words: tuple[ReadWord, ...]
    turn: int
    skew: float
    score: float
    """Mean line score weighted by length, 0..1; 0 when nothing was read."""
    sideways: bool
    """Most longer lines stand upright: the picture has to be turned by 90 degrees."""


def read_picture(pixels: Gray, turn: int = 0) -> Reading:
    """Read a scanned page whichever way it lies.

    Args:
        pixels: uint8 (rows, columns).
        turn: what is expected first, degrees counter-clockwise.

    Returns:
        The reading with the best score among the turns that were tried; boxes in pixels of `pixels`.
    """
    first = read_turned(pixels, turn)
    if first.score >= GOOD_SCORE and not first.sideways:
        return first
    others = (90, 270) if first.sideways else (180,)
    readings = [first]
    for more in others:
        readings.append(read_turned(pixels, (turn + more) % 360))
        if readings[-1].score >= GOOD_SCORE:
            break
    upright = [reading for reading in readings if not reading.sideways] or readings
    return max(upright, key=lambda reading: reading.score)


def read_turned(pixels: Gray, turn: int) -> Reading:
    """Turn, level and read."""
    turned = np.rot90(pixels, turn // 90)
    skew = skew_of(turned)
    level = levelled(turned, skew)
    lines = read_lines(level)
    longer = [line for line in lines if len(line.text) >= 4]
    sideways = sum(line.stands for line in longer) * 2 > len(longer)
    if not sideways:
        lines = [read_upright(line, level) for line in lines]
    letters = sum(len(line.text) for line in lines)
    score = sum(len(line.text) * line.score for line in lines) / letters if letters else 0.0
    words = tuple(ReadWord(text=text, place=place, confidence=line.score,
                           box=original_box(place, turned.shape, turn, skew))
                  for line in lines for text, place in words_of(line))
    return Reading(words=words, turn=turn, skew=skew, score=score, sideways=sideways)


def read_upright(line: ReadLine, level: Gray) -> ReadLine:
    """A lone character of an upright page, read again as it stands; other lines as they are.

    rapidocr turns every box that is half as tall again as wide before it reads it, which makes a dash a 1.
    """
    if not line.stands or len(line.text) > LONE:
        return line
    x0, y0, x1, y1 = line.box
    beside = 0.3 * (y1 - y0)
    crop = level[max(0, math.floor(y0) - 2):math.ceil(y1) + 3, max(0, math.floor(x0 - beside)):math.ceil(x1 + beside)]
    text, score = read_letters([crop])[0]
    return replace(line, text=text or line.text, score=round(score, 4), letters=())


def skew_of(pixels: Gray) -> float:
    """Angle in degrees by which turning counter-clockwise levels the text lines, -5..5, in steps of 0.1.

    Projection profile: the angle at which the ink per row changes most sharply (Postl, US patent 4723297; Bloomberg,
    Kopec and Dasari, SPIE 2422, 1995: sum of squared differences of neighbouring rows).
    """
    rows, columns = ink(pixels)
    if rows.size < 200:
        return 0.0

    def sharpness(angle: float) -> float:
        slanted = np.round(rows + columns * np.tan(np.radians(angle))).astype(np.int64)
        profile = np.bincount(slanted - slanted.min()).astype(np.float64)
        return float(np.sum(np.diff(profile) ** 2))

    coarse = max(np.arange(-MAX_SKEW, MAX_SKEW + 0.01, 0.5), key=lambda a: (sharpness(float(a)), -abs(a)))
    fine = max(coarse + np.arange(-0.5, 0.51, SKEW_STEP), key=lambda a: (sharpness(float(a)), -abs(a)))
    angle = -round(float(fine), 2)
    return angle if LEAST_SKEW <= abs(angle) <= MAX_SKEW else 0.0


def ink(pixels: Gray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns of dark pixels, seen against their surroundings, on a copy of at most 1200 pixels a side."""
    image = Image.fromarray(pixels)
    image.thumbnail((1200, 1200), Image.Resampling.BOX)
    around = np.asarray(image.filter(ImageFilter.BoxBlur(15)), dtype=np.int16)
    dark = np.asarray(image, dtype=np.int16) < around - 25
    margin = max(4, round(0.02 * min(dark.shape)))  # the edge of the sheet is no line of text
    dark[:margin], dark[-margin:], dark[:, :margin], dark[:, -margin:] = False, False, False, False
    rows, columns = np.nonzero(dark)
    return rows.astype(np.float64), columns.astype(np.float64)


def levelled(pixels: Gray, skew: float) -> Gray:
    """The picture turned by `skew` degrees counter-clockwise about its centre, same size."""
    if skew == 0.0:
        return np.ascontiguousarray(pixels)
    paper = int(np.median(pixels))
    turned = Image.fromarray(np.ascontiguousarray(pixels)).rotate(skew, Image.Resampling.BICUBIC, fillcolor=paper)
    return np.asarray(turned)


def original_box(place: tuple[float, float, float, float], shape: tuple[int, ...], turn: int,
                 skew: float) -> tuple[float, float, float, float]:
    """The box on the picture as given around a box on the turned, levelled one.

    Args:
        place: x0, y0, x1, y1 on the levelled picture.
        shape: rows and columns of the turned picture.
        turn: degrees counter-clockwise by which the picture was turned.
        skew: degrees counter-clockwise by which it was levelled about its centre.
    """
    rows, columns = shape[:2]
    x0, y0, x1, y1 = place
    x, y = np.array([x0, x1, x1, x0]) - columns / 2, np.array([y0, y0, y1, y1]) - rows / 2
    cosine, sine = np.cos(np.radians(skew)), np.sin(np.radians(skew))
    x, y = cosine * x - sine * y + columns / 2, sine * x + cosine * y + rows / 2
    for _ in range(turn // 90):  # each quarter turn counter-clockwise took (x, y) to (y, width - x)
        x, y = rows - y, x
        rows, columns = columns, rows
    return (max(0.0, round(float(x.min()), 2)), max(0.0, round(float(y.min()), 2)),
            min(float(columns), round(float(x.max()), 2)), min(float(rows), round(float(y.max()), 2)))


@dataclass(frozen=True)
class ReadLine:
    """A line as rapidocr gives it; `letters` are (character, x0, y0, x1, y1) without white space."""

    text: str
    score: float
    box: tuple[float, float, float, float]
    stands: bool
    letters: tuple[tuple[str, float, float, float, float], ...]


@lru_cache(maxsize=1)
def engine() -> Any:
    """The OCR engine, quiet and without the line classifier."""
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.use_cls": False, "Global.log_level": "critical", "Global.max_side_len": MAX_SIDE,
                            "Global.return_word_box": True, "Global.return_single_char_box": True})


def read_lines(pixels: Gray) -> list[ReadLine]:
    """Lines of a level picture, as detected."""
    with _ONE_AT_A_TIME:
        result = engine()(np.repeat(pixels[:, :, None], 3, axis=2), use_det=True, use_cls=False, use_rec=True)
    if result.txts is None or result.boxes is None:
        return []
    lines = []
    for text, score, corners, letters in zip(result.txts, result.scores, result.boxes, result.word_results,
                                             strict=True):
        box = around(corners)
        stands = (box[3] - box[1]) > 1.5 * (box[2] - box[0])
        lines.append(ReadLine(text=text, score=round(float(score), 4), box=box, stands=stands,
                              letters=tuple((letter[0], *around(letter[2])) for letter in letters)))
    return lines


def read_letters(crops: Sequence[Gray]) -> list[tuple[str, float]]:
    """What each small picture says as it stands, without a search for lines, and the recogniser's score (0..1)."""
    said = []
    for crop in crops:
        with _ONE_AT_A_TIME:
            result = engine()(np.repeat(crop[:, :, None], 3, axis=2), use_det=False, use_cls=False, use_rec=True)
        said.append((result.txts[0], float(result.scores[0])) if result.txts else ("", 0.0))
    return said


def around(corners: Sequence[Sequence[float]]) -> tuple[float, float, float, float]:
    """The upright box around corners (x, y)."""
    points = np.asarray(corners, dtype=np.float64)
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def words_of(line: ReadLine) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Split a line at its spaces, and where letters stand far apart; each word with its box.

    Letters get the line's full height. When the letters do not add up to the text, the width is shared out evenly.
    """
    x0, y0, x1, y1 = line.box
    spots = [(letter, left, right) for letter, left, _, right, _ in line.letters]
    if "".join(letter for letter, _, _ in spots) != "".join(line.text.split()):
        step = (x1 - x0) / max(1, len(line.text))
        spots = [(letter, x0 + n * step, x0 + (n + 1) * step) for n, letter in enumerate(line.text)
                 if not letter.isspace()]
    words: list[tuple[str, tuple[float, float, float, float]]] = []
    done = 0
    for part in line.text.split():
        for text, left, right in torn_apart(part, spots[done:done + len(part)], y1 - y0):
            words.append((text, (left, y0, right, y1)))
        done += len(part)
    return words


def torn_apart(part: str, spots: list[tuple[str, float, float]], height: float) -> list[tuple[str, float, float]]:
    """One word, or several where a gap wider than the line's height parts its letters."""
    pieces: list[tuple[str, float, float]] = []
    for letter, (_, left, right) in zip(part, spots, strict=True):
        if pieces and left - pieces[-1][2] <= height:
            pieces[-1] = (pieces[-1][0] + letter, pieces[-1][1], right)
        else:
            pieces.append((letter, left, right))
    return pieces
