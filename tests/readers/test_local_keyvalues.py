"""Who attends to whom, and what is forgotten."""

from __future__ import annotations

import pytest
import torch

from caseloom.readers.local.keyvalues import NO_PICTURE, SHARED, Frozen, KeyValues, Slots, visible
from caseloom.readers.local.prefixes import PrefixStore, Whose

CPU = torch.device("cpu")
TEXT = NO_PICTURE


def slots(*entries: tuple[int, int, int]) -> Slots:
    return Slots(*torch.tensor(entries, dtype=torch.int32).reshape(-1, 3).T)


BEGINNING = slots((SHARED, 0, TEXT), (SHARED, 1, 0), (SHARED, 2, 0), (SHARED, 3, TEXT))
ROWS = slots((0, 4, TEXT), (0, 5, TEXT), (1, 4, 1), (1, 5, 1))


def test_a_picture_sees_all_of_itself_and_text_sees_what_came_before() -> None:
    assert visible(BEGINNING, BEGINNING, None).int().tolist() == [
        [1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 1]]


def test_rows_see_the_beginning_and_themselves_but_no_other_row() -> None:
    assert visible(ROWS, BEGINNING + ROWS, None).int().tolist() == [
        [1, 1, 1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0, 0, 1, 1], [1, 1, 1, 1, 0, 0, 1, 1]]


def test_a_window_counts_positions_not_slots() -> None:
    assert visible(ROWS, BEGINNING + ROWS, 2).int().tolist() == [
        [0, 0, 0, 1, 1, 0, 0, 0], [0, 0, 0, 0, 1, 1, 0, 0],
        [0, 0, 0, 1, 0, 0, 1, 1], [0, 0, 0, 0, 0, 0, 1, 1]]


def fed(cache: KeyValues, queries: Slots) -> None:
    """As a forward pass does: each layer writes, then the tokens are committed."""
    for layer in range(2):
        marks = queries.position.float()[None, None, :, None].expand(1, 2, -1, 3) + 100 * layer
        cache.update(marks, -marks, layer)
    cache.commit(queries)


def test_what_no_coming_token_sees_is_forgotten() -> None:
    cache = KeyValues((2, None), CPU)
    fed(cache, BEGINNING)
    fed(cache, ROWS)

    cache.drop({1: 6}, worth=0)

    assert cache.slots[2].position.tolist() == [5]
    assert cache.slots[None].row.tolist() == [SHARED] * 4 + [1, 1]
    keys, _ = cache.update(torch.zeros(1, 2, 1, 3), torch.zeros(1, 2, 1, 3), 0)
    assert keys[0, 0, :, 0].tolist() == [5, 0]


def test_a_step_that_failed_leaves_no_trace() -> None:
    cache = KeyValues((2, None), CPU)
    fed(cache, BEGINNING)
    cache.update(torch.full((1, 2, 3, 3), 9.0), torch.full((1, 2, 3, 3), 9.0), 1)

    keys, _ = cache.update(torch.full((1, 2, 1, 3), 7.0), torch.full((1, 2, 1, 3), 7.0), 1)

    assert keys[0, 0, :, 0].tolist() == [100, 101, 102, 103, 7]


def test_a_frozen_beginning_is_never_written_to() -> None:
    cache = KeyValues((2, None), CPU)
    fed(cache, BEGINNING)
    frozen = cache.freeze(4)
    before = [keys.clone() for keys, _ in frozen.layers]

    fed(cache, ROWS)
    continued = KeyValues((2, None), CPU, frozen)
    fed(continued, ROWS)
    continued.drop({0: 90}, worth=0)

    assert all((keys == kept).all() for (keys, _), kept in zip(frozen.layers, before, strict=True))
    assert len(frozen.slots[None]) == 4


def frozen_of(length: int) -> tuple[list[int], Frozen]:
    cache = KeyValues((None, None), CPU)
    fed(cache, slots(*[(SHARED, position, TEXT) for position in range(length)]))
    return list(range(length)), cache.freeze(length)


@pytest.mark.parametrize(("scope", "weights", "found"), [("P-1", "w", 60), ("P-2", "w", None), ("P-1", "x", None)])
def test_the_longest_beginning_of_the_same_patient_and_weights_is_found(
    scope: str, weights: str, found: int | None
) -> None:
    store = PrefixStore(10**6)
    for length in (40, 60):
        keys, frozen = frozen_of(length)
        store.keep(Whose("P-1", "w"), keys, frozen)
    kept = store.longest(Whose(scope, weights), list(range(80)))
    assert (kept.length if kept else None) == found
    shorter = store.longest(Whose("P-1", "w"), [*range(50), 999, *range(51, 90)])
    assert shorter is not None
    assert shorter.length == 40


def test_kept_beginnings_are_bounded() -> None:
    _, frozen = frozen_of(40)
    store = PrefixStore(2 * frozen.nbytes)
    for start in (0, 100, 200):
        store.keep(Whose("P-1", "w"), list(range(start, start + 40)), frozen)
    kept = [store.longest(Whose("P-1", "w"), list(range(start, start + 40))) is not None for start in (0, 100, 200)]
    assert kept == [False, True, True]
    store.clear()
    assert store.longest(Whose("P-1", "w"), list(range(200, 240))) is None
