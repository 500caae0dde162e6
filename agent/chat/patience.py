"""Work that the clock or a person may stop: it runs aside, and whoever waits for it can leave."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


class TimeUp(Exception):
    """The work was not done in time."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """What the work gives, or raises.

    A measurement or a model cannot be broken off in the middle. Whoever waits leaves at once all the same, when the
    time is up or at Ctrl-C: the work then goes on to its end in a thread that keeps no process alive, and what it
    gives is dropped.

    Args:
        seconds: most that is waited for.
        work: called once.

    Raises:
        TimeUp: it was not done in time.
    """
    given: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            given.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            raised.append(error)

    aside = Thread(target=copy_context().run, args=(run,), daemon=True, name="chat")
    aside.start()
    aside.join(max(0.0, seconds))
    if raised:
        raise raised[0]
    if not given:
        raise TimeUp
    return given[0]
