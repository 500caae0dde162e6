"""Generated radiographs of other body parts: limbs, hands, knees, skulls, pelves, spines, breasts, abdomens.

Not anatomy to learn from: rays through tubes and ellipsoids of soft tissue, bone and gas, in the arrangement and with
the brightness of such films. Every seed is another body, position and exposure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .picture_drr import expose
from .pictures import Grey, Picture, resized

Point = tuple[float, float]
_SOFT, _BONE, _MARROW, _GAS = 0.019, 0.055, 0.028, -0.018
"""Attenuation per mm; of gas, what is missing against soft tissue."""
_SEEDS = 8


class Scene:
    """Line integrals of what lies in the beam, on a grid of 1 mm whose origin is the middle; rows grow downwards."""

    def __init__(self, height_mm: int, width_mm: int, rng: np.random.Generator) -> None:
        self.rng = rng
        self.line = np.zeros((height_mm, width_mm))
        self._rows, self._columns = np.mgrid[:height_mm, :width_mm] - np.asarray([[[height_mm]], [[width_mm]]]) / 2

    def tube(self, points: Sequence[Point], radii: Sequence[float], per_mm: float = _SOFT) -> None:
        """A tube of round section along points (x, y) in mm, its radius changing from point to point."""
        depth = np.zeros(self.line.shape)
        for start, end, first, last in zip(points, points[1:], radii, radii[1:], strict=False):
            depth = np.maximum(depth, self._chord(start, end, first, last))
        self.line += depth * per_mm

    def bone(self, points: Sequence[Point], radii: Sequence[float], cortex: float = 0.28) -> None:
        """A hollow tube: dense around, marrow within; `cortex` is the wall as a part of the radius."""
        self.tube(points, radii, _BONE)
        self.tube(points, [radius * (1 - cortex) for radius in radii], _MARROW - _BONE)

    def blob(self, centre: Point, radii: tuple[float, float, float], per_mm: float, turn: float = 0.0) -> None:
        """An ellipsoid: half axes across, down and along the beam in mm, turned by radians."""
        x, y = self._columns - centre[0], self._rows - centre[1]
        across, down = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
        inside = 1 - (across / radii[0]) ** 2 - (down / radii[1]) ** 2
        self.line += 2 * radii[2] * np.sqrt(np.maximum(inside, 0)) * per_mm

    def shell(self, centre: Point, radii: tuple[float, float, float], wall: float, turn: float = 0.0) -> None:
        """The bony wall of an ellipsoid, `wall` mm thick."""
        self.blob(centre, radii, _BONE, turn)
        self.blob(centre, (radii[0] - wall, radii[1] - wall, radii[2] - wall), -_BONE, turn)

    def trunk(self, half_width: float, half_depth: float) -> None:
        """Soft tissue from top to bottom, of oval section."""
        inside = 1 - np.abs(self._columns / half_width) ** 2.5
        self.line += 2 * half_depth * np.maximum(inside, 0) ** 0.4 * _SOFT

    def _chord(self, start: Point, end: Point, first: float, last: float) -> NDArray[np.float64]:
        along = np.subtract(end, start)
        x, y = self._columns - start[0], self._rows - start[1]
        part = np.clip((x * along[0] + y * along[1]) / max(float(along @ along), 1e-9), 0, 1)
        radius = first + part * (last - first)
        gap = (x - part * along[0]) ** 2 + (y - part * along[1]) ** 2
        chord: NDArray[np.float64] = 2 * np.sqrt(np.maximum(radius ** 2 - gap, 0))
        return chord


def bone_pictures() -> Iterator[Picture]:
    """Every part, `_SEEDS` bodies each; every second body is held out."""
    for part, (draw, size) in _PARTS.items():
        for seed in range(_SEEDS):
            rng = np.random.default_rng((len(part), seed))
            scene = Scene(*size, rng)
            draw(scene)
            yield Picture(f"{part} {seed}", part, _finished(scene.line, rng), seed % 2 == 1)


def _finished(line: NDArray[np.float64], rng: np.random.Generator) -> Grey:
    """Turned a little, exposed, collimated or not, at twice the grid."""
    turned = ndimage.rotate(line, rng.uniform(-12, 12), order=1, reshape=False, mode="nearest")
    texture = ndimage.gaussian_filter(rng.standard_normal(line.shape), 3) * 0.08
    fine = _refined(turned * (1 + texture))
    grey = expose(fine, rng, 0.5)
    if rng.random() < 0.4:
        top, bottom, left, right = rng.integers(8, 60, 4)
        framed = np.zeros_like(grey)
        framed[top:-bottom, left:-right] = grey[top:-bottom, left:-right]
        return framed
    return grey


def _refined(line: NDArray[np.float64]) -> Grey:
    """A line integral at half the pixel size."""
    top = max(float(line.max()), 1e-6)
    return resized(np.asarray(line / top, np.float32), line.shape[0] * 2, line.shape[1] * 2) * np.float32(top)


def _limb(scene: Scene) -> None:
    """One or two long bones with a joint, as of arm, forearm or leg."""
    wide, rng = scene.rng.uniform(28, 55), scene.rng
    joint = rng.uniform(60, 130) * rng.choice([-1, 1])
    scene.tube([(0, -230), (rng.uniform(-8, 8), joint), (0, 230)], [wide, wide * 0.8, wide * rng.uniform(0.6, 1.1)])
    pair = rng.random() < 0.5
    for side in (-0.4, 0.4) if pair else (0.0,):
        x, thick = side * wide, wide * (0.17 if pair else 0.3)
        scene.bone([(x, -230), (x, joint - 25), (x, joint - 6)], [thick, thick, thick * 1.9])
    scene.bone([(0, joint + 6), (0, joint + 25), (0, 230)], [wide * 0.55, wide * 0.3, wide * 0.28])


def _hand(scene: Scene) -> None:
    """Forearm, wrist and five rays."""
    rng = scene.rng
    scene.tube([(0, 150), (0, 70), (0, 10)], [24, 26, 30])
    scene.blob((0, 10), (40, 46, 14), _SOFT)
    for x in (-11, 9):
        scene.bone([(x, 150), (x, 75), (x, 62)], [5, 5.5, 10])
    for row, count in ((50, 3), (38, 4)):
        for x in np.linspace(-18, 18, count):
            scene.blob((float(x), row + rng.uniform(-2, 2)), (8, 7, 7), _BONE * 0.7)
    for ray, angle in enumerate(np.radians(np.linspace(-46, 24, 5)) + rng.uniform(-0.05, 0.05)):
        length = (36, 52, 54, 50, 42)[ray] * rng.uniform(0.9, 1.1)
        _ray(scene, (ray * 10 - 20.0, 26.0), angle, length)


def _ray(scene: Scene, start: Point, angle: float, length: float) -> None:
    """Metacarpal and three phalanges."""
    at, step = np.asarray(start), np.asarray([np.sin(angle), -np.cos(angle)])
    scene.tube([(at[0], at[1]), tuple(at + step * length * 2.4)], [11, 8])
    for part, thick in ((1.0, 5.0), (0.62, 4.6), (0.4, 4.0), (0.26, 3.4)):
        end = at + step * length * part
        shaft = [tuple(at + step * 2), tuple(at + step * length * part * 0.5), tuple(end - step * 2)]
        scene.bone(shaft, [thick * 1.25, thick * 0.85, thick * 1.2])
        at = end + step * 1.5


def _knee(scene: Scene) -> None:
    """Femur above, tibia and fibula below, the kneecap before them; one knee or both."""
    rng = scene.rng
    for middle in ((-75.0, 75.0) if rng.random() < 0.5 else (0.0,)):
        scene.tube([(middle, -180), (middle, 0), (middle, 180)], [70, 58, 50])
        scene.bone([(middle, -180), (middle, -60), (middle, -30)], [17, 18, 30])
        for side in (-18, 18):
            scene.blob((middle + side, -18), (20, 22, 26), _BONE * 0.6)
        scene.bone([(middle, 12), (middle, 40), (middle, 180)], [36, 20, 16])
        scene.bone([(middle + 34, 28), (middle + 32, 180)], [8, 6])
        scene.blob((middle, -30), (20, 22, 10), _BONE * 0.5)


def _foot(scene: Scene) -> None:
    """Ankle and foot from the side."""
    rng = scene.rng
    scene.tube([(40, -130), (40, 30), (-90, 70)], [42, 40, 22])
    scene.tube([(40, 30), (80, 70)], [38, 30])
    scene.bone([(34, -130), (36, -20), (38, -4)], [14, 14, 22])
    scene.bone([(58, -130), (56, 0)], [7, 8])
    scene.blob((40, 18), (28, 16, 16), _BONE * 0.7)
    scene.blob((72, 48), (32, 18, 16), _BONE * 0.7, turn=0.3)
    for x in np.linspace(6, -22, 3):
        scene.blob((float(x), 34 - x * 0.4), (13, 13, 14), _BONE * 0.65)
    for ray in range(3):
        y = 40 + 7 * ray + rng.uniform(-2, 2)
        scene.bone([(-24, y), (-80, y + 26), (-104, y + 30)], [6, 5, 7])


def _skull(scene: Scene) -> None:
    """A head from the front or the side, with jaw, teeth and neck."""
    rng = scene.rng
    lateral = rng.random() < 0.5
    half, turn = (96.0, 0.1) if lateral else (74.0, 0.0)
    face = -42.0 if lateral else 0.0
    scene.blob((0, -30), (half + 7, 98, 78), _SOFT)
    scene.shell((0, -32), (half, 90, 72), rng.uniform(5, 8), turn)
    scene.tube([(30 if lateral else 0, 40), (36 if lateral else 0, 160)], [58, 62])
    scene.blob((face, 58), (52, 44, 40), _SOFT)
    for side in (-30, 30):
        scene.blob((face + side * (0.2 if lateral else 1), 0), (20, 17, 22), _GAS * 0.6)
        scene.shell((face + side * (0.2 if lateral else 1), 0), (22, 19, 22), 3)
    scene.blob((face, -22), (16, 12, 16), _GAS)
    scene.blob((face, 30), (9, 20, 20), _GAS)
    scene.bone([(face - 44, 44), (face - 30, 88), (face, 98), (face + 30, 88), (face + 44, 44)], [8, 9, 10, 9, 8])
    for x in np.linspace(-22, 22, 9):
        for y in (62, 76):
            scene.blob((face + float(x), y), (3, 7, 4), _BONE * 1.5)
    _vertebrae(scene, 38.0 if lateral else 0.0, (60, 160), (13, 8))


def _vertebrae(scene: Scene, x: float, rows: tuple[float, float], half: tuple[float, float]) -> None:
    """A column of vertebral bodies, half widths and half heights in mm."""
    for y in np.arange(rows[0], rows[1], 2.5 * half[1]):
        for dx in (-half[0] * 0.5, 0.0, half[0] * 0.5):
            scene.blob((x + dx, float(y)), (half[0] * 0.62, half[1], half[0]), _BONE * 0.28)
        scene.blob((x, float(y)), (half[0] * 0.2, half[1] * 0.6, half[0]), _BONE * 0.3)


def _gas(scene: Scene, rows: tuple[float, float], half_width: float) -> None:
    """Pockets of gas in the bowel."""
    for _ in range(int(scene.rng.integers(6, 18))):
        centre = (scene.rng.uniform(-half_width, half_width), scene.rng.uniform(*rows))
        size = scene.rng.uniform(8, 26)
        scene.blob(centre, (size, size * scene.rng.uniform(0.5, 1.1), size), _GAS, scene.rng.uniform(0, 3))


def _wings(scene: Scene, y: float) -> None:
    """Both iliac wings and the sacrum between them."""
    for side in (-1, 1):
        scene.shell((side * 78, y), (44, 62, 30), 7, turn=side * 0.5)
    scene.blob((0, y + 12), (34, 44, 24), _BONE * 0.4)


def _pelvis(scene: Scene) -> None:
    """Wings, sacrum, hips, thighs and bowel gas."""
    scene.trunk(scene.rng.uniform(165, 190), scene.rng.uniform(95, 125))
    _vertebrae(scene, 0, (-150, -60), (24, 14))
    _gas(scene, (-130, -10), 110)
    _wings(scene, -50)
    for side in (-1, 1):
        hip = (side * 92.0, 44.0)
        scene.shell(hip, (30, 30, 28), 6)
        scene.blob(hip, (23, 23, 23), _BONE * 0.7)
        scene.bone([hip, (side * 122, 76), (side * 116, 160)], [15, 19, 16])
        loop = [(side * 34, 52), (side * 70, 58), (side * 62, 100), (side * 30, 88), (side * 34, 52)]
        scene.bone(loop, [9] * 5)
    scene.bone([(-34, 54), (34, 54)], [9, 9])


def _abdomen(scene: Scene) -> None:
    """Spine, lower ribs, wings and much bowel gas."""
    rng = scene.rng
    scene.trunk(rng.uniform(150, 180), rng.uniform(90, 120))
    _vertebrae(scene, 0, (-190, 120), (23, 14))
    _gas(scene, (-120, 130), 115)
    scene.blob((-80, -110), (80, 60, 70), _SOFT * 0.25)
    for number in range(3):
        for side in (-1, 1):
            y = -180 + 26 * number
            scene.bone([(side * 24, y), (side * 90, y + 24), (side * 140, y + 70)], [6, 6, 5])
    _wings(scene, 150)


def _spine(scene: Scene) -> None:
    """A spine from the side in a slim or a thick part of the body, with the arches behind."""
    rng = scene.rng
    scene.trunk(rng.uniform(80, 130), rng.uniform(90, 150))
    bend, step = rng.uniform(10, 30), rng.uniform(26, 34)
    for y in np.arange(-190, 190, step):
        x = bend * np.cos(y / 90)
        scene.blob((x, y), (19, step * 0.42, 20), _BONE * 0.5)
        scene.bone([(x + 24, y), (x + 52, y + 16)], [6, 4])


def _breast(scene: Scene) -> None:
    """A compressed breast at one edge of the picture."""
    rng = scene.rng
    edge, size = -scene.line.shape[1] / 2, rng.uniform(80, 130)
    scene.blob((edge, 0), (size, size * rng.uniform(1.0, 1.3), 26), _SOFT)
    streaks = sum(ndimage.gaussian_filter(rng.standard_normal(scene.line.shape), width) * width for width in (2, 5, 12))
    scene.line *= 1 + 0.12 * np.clip(streaks / np.std(streaks), -2, 2)
    scene.tube([(edge, -170), (edge, -60)], [60, 5], _SOFT)


_PARTS = {
    "generated_limb": (_limb, (420, 200)),
    "generated_hand": (_hand, (290, 220)),
    "generated_knee": (_knee, (340, 320)),
    "generated_foot": (_foot, (260, 280)),
    "generated_skull": (_skull, (310, 260)),
    "generated_pelvis": (_pelvis, (310, 400)),
    "generated_abdomen": (_abdomen, (420, 360)),
    "generated_spine": (_spine, (400, 280)),
    "generated_breast": (_breast, (320, 220)),
}
"""What is drawn, and height and width in mm."""
