"""Work that the clock or a person may stop: it runs aside, and whoever waits for it can leave."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import copy_context
from threading import Event, Thread
from threading import enumerate as enumerate_threads
from typing import TypeVar

T = TypeVar("T")
ASIDE = "chat, aside"
GLANCE = 0.2
"""Seconds after which whoever waits looks whether a person has stopped it."""


def still_at_work() -> bool:
    """Whether something that nobody waits for any more has not come to its end."""
    return any(thread.name == ASIDE for thread in enumerate_threads())


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
    done = Event()
    aside = Thread(target=copy_context().run, args=(_done, work, given, raised, done), daemon=True, name=ASIDE)
    aside.start()
    end = time.monotonic() + seconds
    while not done.wait(min(GLANCE, max(0.0, end - time.monotonic()))) and time.monotonic() < end:
        continue  # a signal that another thread of the process received is looked at between two waits
    if not done.is_set():
        raise TimeUp
    aside.join()  # nothing is left of it but its last line, and nothing counts as still at work
    if raised:
        raise raised[0]
    return given[0]


def _done(work: Callable[[], T], given: list[T], raised: list[BaseException], done: Event) -> None:
    """The work, with what it gives or raises put where whoever waits finds it."""
    try:
        given.append(work())
    except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
        raised.append(error)
    finally:
        done.set()
