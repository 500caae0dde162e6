"""Which slices are shown, and in which order."""

from __future__ import annotations

import pytest

from caseloom.readers.recipes.sampling import MOST_PATCHES, MOST_SLICES, sample_slices, shown_order


def test_the_published_caps() -> None:
    assert (MOST_SLICES, MOST_PATCHES) == (85, 126)


@pytest.mark.parametrize("count", [0, 1, 2, 64, 84, 85])
def test_up_to_85_slices_are_all_shown(count: int) -> None:
    assert sample_slices(count) == tuple(range(count))


def test_86_slices_lose_the_first() -> None:
    assert sample_slices(86) == tuple(range(1, 86))


def test_300_slices_as_in_the_published_example() -> None:
    chosen = sample_slices(300)
    assert chosen[:3] == (4, 7, 11)
    assert chosen[-2:] == (295, 299)


def test_no_slice_is_shown_twice_and_the_last_always() -> None:
    for count in range(86, 3000):
        chosen = sample_slices(count)
        assert len(set(chosen)) == 85
        assert list(chosen) == sorted(chosen)
        assert chosen[0] > 0
        assert chosen[-1] == count - 1


@pytest.mark.parametrize(("numbers", "order"), [
    ([1, 2, 3], (0, 1, 2)), ([3, 2, 1], (2, 1, 0)), ([900, 50, 7], (2, 1, 0)), ([5, 5, 4, 4], (3, 2, 1, 0)),
    ([None, 2, 1], (0, 1, 2)), ([3, 1, 2], (0, 1, 2)), ([1, 1, 1], (0, 1, 2)), ([2, 1, 2], (0, 1, 2)),
    ([None, None], (0, 1)), ([4], (0,)), ([], ()), ([0, -1], (1, 0)),
])
def test_planes_are_shown_as_the_scanner_numbered_them(numbers: list[int | None], order: tuple[int, ...]) -> None:
    assert shown_order(numbers) == order
