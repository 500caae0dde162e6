"""Bones of the chest as fields, and their painting into a CT volume."""

import numpy as np

from .grid import Array, Grid
from .profiles import profile
from .shapes import FAR, box_around, coverage, ellipsoid, paint, sweep
from .thorax import Tube, path, tubes_field

CORTEX_HU, MARROW_HU, DISC_HU, CARTILAGE_HU = 800.0, 200.0, 90.0, 130.0
_VERTEBRA_MM = 23.5
_FIRST_RIB_Z = 142.0
_RIB_OFFSET_MM = 6.0
_RIB_THICK_MM, _RIB_TALL_MM = 3.6, 7.4

_RIB_DROP = (34, 52, 66, 78, 88, 95, 99, 100, 92, 80, 52, 36)
_RIB_END = (0.82, 0.80, 0.79, 0.77, 0.75, 0.73, 0.69, 0.65, 0.60, 0.54, 0.42, 0.28)
_CLAVICLES = path(6.0, (14, -56, 100), (34, -65, 104), (70, -62, 112), (104, -42, 124), (134, -14, 134), (152, 2, 138))
_HUMERUS = Tube((176, 14, 144), (206, 6, 44), (22, 12))


def rib_fields(grid: Grid, cage: Array) -> tuple[Array, Array]:
    """Return the fields of the twelve pairs of ribs and of their cartilages.

    Ribs run in the shell around the cage. At the angle s from the back (0) to the front (1) rib i lies at a
    height that falls with s, less near the spine and more towards the front, as on a real film.
    """
    bone, cartilage = np.full(grid.shape, FAR), np.full(grid.shape, FAR)
    shell = np.flatnonzero(np.abs(cage - np.float32(_RIB_OFFSET_MM)) < _RIB_THICK_MM + 6)
    if shell.size == 0:
        return bone, cartilage
    x, y, z = (np.broadcast_to(a, grid.shape).reshape(-1)[shell] for a in grid.axes())
    level = grid.axes()[2][:, 0, 0]
    middle = profile("cage_mid", level)[shell // (grid.shape[1] * grid.shape[2])]
    s = np.arctan2(np.abs(x), y - middle) / np.float32(np.pi)
    across2 = ((cage.reshape(-1)[shell] - np.float32(_RIB_OFFSET_MM)) / np.float32(_RIB_THICK_MM)) ** 2
    fall, round_mm = 0.25 * s + 0.9 * s**2, np.float32(100 * np.pi)
    hard, soft = np.full(shell.size, FAR), np.full(shell.size, FAR)
    for i, (drop, end) in enumerate(zip(_RIB_DROP, _RIB_END, strict=True)):
        head, tip = _FIRST_RIB_Z - i * _VERTEBRA_MM, 0.25 * end + 0.9 * end**2
        near = slice(*np.searchsorted(z, (head - drop - 16, head + 14)))
        height = (z[near] - (head - drop * fall[near])) / np.float32(_RIB_TALL_MM)
        tube = (np.sqrt(across2[near] + height**2) - 1) * np.float32(_RIB_THICK_MM)
        np.minimum(hard[near], np.maximum(tube, (s[near] - np.float32(end)) * round_mm), out=hard[near])
        if i < 7:
            rise = z[near] - (head - drop * tip) - 130 * np.maximum(s[near] - np.float32(end), 0)
            tube = (np.sqrt(across2[near] + (rise / np.float32(7)) ** 2) - 1) * np.float32(_RIB_THICK_MM)
            np.minimum(soft[near], np.maximum(tube, (np.float32(end) - s[near]) * round_mm), out=soft[near])
    bone.reshape(-1)[shell], cartilage.reshape(-1)[shell] = hard, soft
    return bone, cartilage


def _vertebrae(grid: Grid) -> tuple[Array, Array, Array]:
    """Return the fields of vertebral bodies, of their arches with processes, and of the column with its discs."""
    x, y, z = grid.axes()
    level = z[:, 0, 0]
    mid = profile("spine", level)
    wide = np.interp(level, [-200, 0, 150], [22, 17, 14]).astype(np.float32)
    turn = (z - _FIRST_RIB_Z) / np.float32(_VERTEBRA_MM)
    along = np.abs(turn - np.round(turn)) * np.float32(_VERTEBRA_MM)
    waist = (1 - 0.10 * np.cos(along[:, 0, 0] / 9.6 * np.pi / 2)).astype(np.float32)
    column = sweep(grid, wide * waist, np.float32(0.82) * wide * waist, mid, 2.3)
    bodies = np.maximum(column, along - np.float32(9.6))
    behind = y - mid[:, None, None]
    canal = np.sqrt(x**2 + (behind - 24) ** 2) - np.float32(8.5)
    ring = np.sqrt((x / np.float32(1.25)) ** 2 + (behind - 24) ** 2) - 14
    arch = np.maximum(ring, along + np.abs(x) / 4 - 9)
    lean = np.abs(turn - np.round(turn) + (behind - 40) * np.float32(0.012)) * np.float32(_VERTEBRA_MM)
    spinous = np.sqrt((x / np.float32(3)) ** 2 + ((behind - 46) / 13) ** 2 + (lean / 6) ** 2) * 3 - 3
    across = np.sqrt((behind - 26 - (np.abs(x) - 15) / 4) ** 2 + (along - (np.abs(x) - 14) / 12) ** 2)
    transverse = np.maximum(across - 5 + np.abs(x) / 18, np.maximum(np.abs(x) - 33, 13 - np.abs(x)))
    arch = np.minimum(np.minimum(arch, spinous), transverse)
    return bodies, np.asarray(np.maximum(arch, 1 - canal), dtype=np.float32), column


def _mirrored(tubes: list[Tube]) -> list[Tube]:
    """Return the tubes of the patient's left and their mirror images."""
    flip = [Tube((-a[0], a[1], a[2]), (-b[0], b[1], b[2]), r) for a, b, r in tubes]
    return tubes + flip


def arms_field(grid: Grid) -> Array:
    """Return the field of the soft tissue of both hanging arms; valid up to 12 mm outside."""
    return tubes_field(grid, _mirrored([Tube((178, 14, 140), (250, 2, -110), (42, 36))]), 0, 8)


def _paint_scapulae(hu: Array, grid: Grid, cage: Array) -> None:
    """Paint the shoulder blades: a thin triangle in the shell behind the ribs, with a thick side border."""
    for sign in (-1, 1):
        side = (60, 160) if sign > 0 else (-160, -60)
        cuts, part = grid.crop((side, (20, 125), (0, 150)))
        if min(part.shape) < 2:
            continue
        x, _, z = part.axes()
        out = sign * x
        lateral = 112 + (z - 20) * np.float32(0.30)
        layer = cage[cuts] - 21 - (z - 70) * np.float32(0.06)
        blade = np.maximum(np.abs(layer) - 2, np.maximum(out - lateral, 88 - (z - 20) * np.float32(0.12) - out))
        blade = np.maximum(np.maximum(blade, 22 - z), z - 132)
        border = np.maximum(np.sqrt((out - lateral) ** 2 + layer**2) - 5, np.maximum(22 - z, z - 140))
        paint(hu[cuts], coverage(np.minimum(blade, border), part), 450.0)


def _paint_bone(hu: Array, grid: Grid, field: Array, cortex_mm: float, marrow: float) -> Array:
    """Paint a shell of cortex around marrow and return the coverage of the whole bone."""
    whole = coverage(field, grid)
    paint(hu, whole, CORTEX_HU)
    paint(hu, coverage(field + np.float32(cortex_mm), grid), marrow)
    return whole


def _paint_spine(hu: Array, grid: Grid) -> Array:
    covered = np.zeros(grid.shape, np.float32)
    cuts, part = grid.crop(((-45, 45), (-10, 125), (-400, 400)))
    if min(part.shape) >= 2:
        bodies, arches, column = _vertebrae(part)
        paint(hu[cuts], coverage(column + 1, part), DISC_HU)
        whole = _paint_bone(hu[cuts], part, bodies, 1.0, MARROW_HU)
        np.maximum(whole, _paint_bone(hu[cuts], part, arches, 1.2, MARROW_HU), out=whole)
        covered[cuts] = whole
    return covered


def _paint_front(hu: Array, grid: Grid, arms: bool) -> None:
    """Paint sternum, clavicles and, when they hang, the upper arms."""
    cuts, part = grid.crop(box_around([(0, -70, 95), (0, -98, -50)], 32))
    if min(part.shape) >= 2:
        handle = ellipsoid(part, (0, -62, 88), (30, 6, 24), _tilt(-0.42))
        blade = ellipsoid(part, (0, -86, 8), (18, 5.5, 62), _tilt(-0.20))
        _paint_bone(hu[cuts], part, np.minimum(blade, handle), 1.2, MARROW_HU)
    cuts, part = grid.crop(((-400, 400), (-80, 50), (0, 180)))
    if min(part.shape) >= 2:
        limbs = tubes_field(part, _mirrored([*_CLAVICLES, _HUMERUS] if arms else _CLAVICLES), 0, 3)
        _paint_bone(hu[cuts], part, limbs, 1.8, MARROW_HU + 60)


def _tilt(angle: float) -> Array:
    """Return axes turned about x so that the upper end leans back for a negative angle."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, s], [0, -s, c]], dtype=np.float32)


def paint_skeleton(hu: Array, grid: Grid, cage: Array, arms: bool) -> dict[str, Array]:
    """Paint all bones into `hu` in place.

    Args:
        hu: CT numbers, float32, z, y, x order.
        grid: sampling of `hu`.
        cage: field of the inner chest wall on the same grid.
        arms: whether the arms hang at the sides, as on a film, or are out of sight, as in a CT.

    Returns:
        Coverage of "ribs" and "spine", float32 0..1.
    """
    ribs, cartilage = rib_fields(grid, cage)
    paint(hu, coverage(cartilage, grid), CARTILAGE_HU)
    _paint_scapulae(hu, grid, cage)
    covered = {"ribs": _paint_bone(hu, grid, ribs, 1.1, MARROW_HU), "spine": _paint_spine(hu, grid)}
    _paint_front(hu, grid, arms)
    return covered
