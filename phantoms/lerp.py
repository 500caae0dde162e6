"""Linear interpolation along one axis, with the same rounding on every machine and number of threads."""

import numpy as np

from .grid import Array


def lerp(values: Array, at: Array, axis: int) -> Array:
    """Return `values` at fractional positions `at` (n,) along `axis`; beyond its ends the end value holds."""
    last = values.shape[axis] - 1
    place = np.clip(at, 0, last)
    low = np.minimum(place.astype(np.intp), max(last - 1, 0))
    share = (place - low).astype(np.float32)
    shape = [1] * values.ndim
    shape[axis] = -1
    part = share.reshape(shape)
    upper = np.minimum(low + 1, last)
    mixed = values.take(low, axis=axis) * (1 - part) + values.take(upper, axis=axis) * part
    return np.asarray(mixed, dtype=np.float32)
