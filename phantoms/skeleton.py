"""Bones of the chest as fields, and their painting into a CT volume."""

import numpy as np

from .grid import Array, Grid
from .profiles import profile
from .shapes import FAR, box_around, coverage, ellipsoid, paint, sweep
from .thorax import Tube, tubes_field

CORTEX_HU, MARROW_HU, DISC_HU, CARTILAGE_HU = 850.0, 220.0, 90.0, 140.0
_VERTEBRA_MM = 23.5
_FIRST_RIB_Z = 142.0
_RIB_OFFSET_MM = 6.0

_RIB_DROP = (34, 52, 66, 78, 88, 95, 99, 100, 92, 80, 52, 36)
_RIB_END = (0.82, 0.80, 0.79, 0.77, 0.75, 0.73, 0.69, 0.65, 0.60, 0.54, 0.42, 0.28)
_CLAVICLE = ((14, -56, 108), (34, -66, 112), (70, -62, 124), (104, -40, 138), (134, -12, 146), (152, 4, 146))
_HUMERUS = Tube((178, 14, 148), (214, 6, 60), (23, 13))


def rib_fields(grid: Grid, cage: Array) -> tuple[Array, Array]:
    """Return the fields of the twelve pairs of ribs and of their cartilages.

    Ribs run in the shell around the cage. At the angle s from the back (0) to the front (1) rib i lies at a
    height that falls with s, less near the spine and more towards the front, as on a real film.
    """
    x, y, z = grid.axes()
    level = z[:, 0, 0]
    s = np.arctan2(np.abs(x) + np.float32(1e-3), y - profile("cage_mid", level)[:, None, None]) / np.float32(np.pi)
    shell = (cage - np.float32(_RIB_OFFSET_MM)) / np.float32(3.6)
    fall = np.asarray(0.25 * s + 0.9 * s**2, dtype=np.float32)
    bone, cartilage = np.full(grid.shape, FAR), np.full(grid.shape, FAR)
    rows = np.arange(level.size)
    for i, (drop, end) in enumerate(zip(_RIB_DROP, _RIB_END, strict=True)):
        head = _FIRST_RIB_Z - i * _VERTEBRA_MM
        keep = rows[(level > head - 1.2 * drop - 14) & (level < head + 14)]
        if keep.size < 2:
            continue
        cut = slice(keep[0], keep[-1] + 1)
        height = (z[cut] - (head - drop * fall[cut])) / np.float32(7.6)
        tube = (np.sqrt(shell[cut] ** 2 + height**2) - 1) * np.float32(3.6)
        lateral = s[cut] * np.float32(np.pi * 100)
        bone[cut] = np.minimum(bone[cut], np.maximum(tube, lateral - np.float32(end * np.pi * 100)))
        if i < 7:
            rise = z[cut] - (head - drop * (0.25 * end + 0.9 * end**2)) - 130 * np.maximum(s[cut] - end, 0)
            tube = (np.sqrt(shell[cut] ** 2 + (rise / np.float32(7)) ** 2) - 1) * np.float32(3.6)
            cartilage[cut] = np.minimum(cartilage[cut], np.maximum(tube, np.float32(end * np.pi * 100) - lateral))
    return bone, cartilage


def _vertebrae(grid: Grid) -> tuple[Array, Array, Array]:
    """Return the fields of vertebral bodies, of their arches with processes, and of the canal."""
    x, y, z = grid.axes()
    level = z[:, 0, 0]
    mid = profile("spine", level)
    wide = np.interp(level, [-200, 0, 150], [22, 17, 14]).astype(np.float32)
    phase = np.abs((z - _FIRST_RIB_Z) / np.float32(_VERTEBRA_MM) - np.round((z - _FIRST_RIB_Z) / np.float32(_VERTEBRA_MM)))
    along = phase * np.float32(_VERTEBRA_MM)
    waist = 1 - 0.08 * np.cos(along[:, 0, 0] / 9.6 * np.pi / 2)
    column = sweep(grid, (wide * waist).astype(np.float32), 0.82 * wide, mid, 2.3)
    bodies = np.maximum(column, along - np.float32(9.6))
    behind = y - mid[:, None, None]
    canal = np.sqrt(x**2 + (behind - 24) ** 2) - np.float32(8.5)
    ring = np.maximum(np.sqrt((x / np.float32(1.25)) ** 2 + (behind - 24) ** 2) - 15, 2 - canal)
    arch = np.maximum(ring, along - 7)
    spinous = np.maximum(np.maximum(np.abs(x) - 3, np.abs(behind - 48) - 13), along - 6)
    across = np.sqrt((behind - 26 - 0.25 * (np.abs(x) - 15)) ** 2 + along**2) - np.float32(4.2)
    transverse = np.maximum(np.maximum(across, np.abs(x) - 36), 13 - np.abs(x))
    arch = np.minimum(np.minimum(arch, spinous), transverse)
    return bodies, np.asarray(np.maximum(arch, 1 - canal), dtype=np.float32), column


def _mirrored(tube: Tube, sign: int) -> Tube:
    (x0, *a), (x1, *b) = tube.start, tube.end
    return Tube((sign * x0, a[0], a[1]), (sign * x1, b[0], b[1]), tube.radius)


def _limbs(grid: Grid) -> Array:
    """Return the field of clavicles and upper arms, both sides."""
    bones = [Tube(a, b, (6.0, 6.0)) for a, b in zip(_CLAVICLE, _CLAVICLE[1:], strict=False)] + [_HUMERUS]
    return tubes_field(grid, [_mirrored(t, sign) for t in bones for sign in (-1, 1)], 0, 3)


def _paint_scapulae(hu: Array, grid: Grid, cage: Array) -> None:
    """Paint the shoulder blades: a thin triangle in the shell behind the ribs, with a thick side border."""
    for sign in (-1, 1):
        side = (60, 160) if sign > 0 else (-160, -60)
        cuts, part = grid.crop((side, (20, 125), (0, 150)))
        if min(part.shape) < 2:
            continue
        x, y, z = part.axes()
        out = sign * x
        lateral = 112 + (z - 20) * np.float32(0.30)
        plate = np.abs(cage[cuts] - 21 - (z - 70) * np.float32(0.06)) - 2
        blade = np.maximum(np.maximum(plate, out - lateral), 88 - (z - 20) * np.float32(0.12) - out)
        blade = np.maximum(np.maximum(blade, 22 - z), z - 132)
        border = np.maximum(np.sqrt((out - lateral) ** 2 + (plate + 2) ** 2) - 5, np.maximum(22 - z, z - 140))
        field = np.asarray(np.minimum(blade, border), dtype=np.float32)
        paint(hu[cuts], coverage(field), 450.0)


def _paint_bone(hu: Array, field: Array, cortex_mm: float, marrow: float) -> Array:
    """Paint a shell of cortex around marrow and return the coverage of the whole bone."""
    whole = coverage(field)
    paint(hu, whole, CORTEX_HU)
    paint(hu, coverage(field + np.float32(cortex_mm)), marrow)
    return whole


def paint_skeleton(hu: Array, grid: Grid, cage: Array) -> dict[str, Array]:
    """Paint all bones into `hu` in place.

    Args:
        hu: CT numbers, float32, z, y, x order.
        grid: sampling of `hu`.
        cage: field of the inner chest wall on the same grid.

    Returns:
        Coverage of "ribs" and "spine", float32 0..1.
    """
    ribs, cartilage = rib_fields(grid, cage)
    paint(hu, coverage(cartilage), CARTILAGE_HU)
    _paint_scapulae(hu, grid, cage)
    rib_cover = _paint_bone(hu, ribs, 1.1, MARROW_HU)
    del ribs, cartilage
    cuts, part = grid.crop(((-45, 45), (-10, 125), (-1e4, 1e4)))
    spine = np.zeros(grid.shape, np.float32)
    if min(part.shape) >= 2:
        bodies, arches, column = _vertebrae(part)
        paint(hu[cuts], coverage(column + 1), DISC_HU)
        spine[cuts] = _paint_bone(hu[cuts], bodies, 1.3, MARROW_HU)
        arch_cover = _paint_bone(hu[cuts], arches, 1.5, MARROW_HU + 150)
        np.maximum(spine[cuts], arch_cover, out=spine[cuts])
    _paint_front(hu, grid)
    return {"ribs": rib_cover, "spine": spine}


def _paint_front(hu: Array, grid: Grid) -> None:
    """Paint sternum, clavicles and upper arms."""
    cuts, part = grid.crop(box_around([(0, -70, 95), (0, -98, -50)], 32))
    if min(part.shape) >= 2:
        body = ellipsoid(part, (0, -86, 10), (19, 5.5, 68), None)
        handle = ellipsoid(part, (0, -62, 88), (30, 6, 24), _tilt(-0.42))
        body = ellipsoid(part, (0, -86, 8), (18, 5.5, 62), _tilt(-0.20))
        _paint_bone(hu[cuts], np.minimum(body, handle), 1.2, MARROW_HU)
    _paint_bone(hu, _limbs(grid), 1.8, MARROW_HU + 60)


def _tilt(angle: float) -> Array:
    """Return axes turned about x so that the upper end leans back for a negative angle."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, s], [0, -s, c]], dtype=np.float32)
