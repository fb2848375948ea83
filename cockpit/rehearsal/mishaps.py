"""Faults that strike the world itself and not a request; each gives what undoes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from cockpit.rehearsal.channels import Channels
from cockpit.rehearsal.faults import KINDS, Fault, FaultError
from cockpit.rehearsal.model import Forge


def delay_runs(forge: Forge, seconds: float) -> Callable[[], None]:
    """Have the runs of a push appear late."""
    forge.runs_appear_after = timedelta(seconds=seconds)

    def at_once() -> None:
        forge.runs_appear_after = timedelta()

    return at_once


def lengthen_logs(forge: Forge, fault: Fault) -> Callable[[], None]:
    """Have the log of every job be longer."""
    megabytes = fault.megabytes or KINDS[fault.kind].megabytes
    forge.log_padding = int(megabytes * 1_000_000)

    def as_usual() -> None:
        forge.log_padding = 0

    return as_usual


def delay_index(channels: Channels | None, seconds: float) -> Callable[[], None]:
    """Have the index pages be built late; raises FaultError where there are no channels yet."""
    if channels is None:
        raise FaultError("there are no channels yet")
    channels.index_late_by = timedelta(seconds=seconds)

    def on_time() -> None:
        channels.index_late_by = timedelta()

    return on_time
