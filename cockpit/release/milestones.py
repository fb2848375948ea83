"""The release's milestone on GitHub."""

from __future__ import annotations

from datetime import datetime

import msgspec


class MilestoneItem(msgspec.Struct, frozen=True):
    """An issue or pull request of the milestone."""

    number: int
    title: str
    is_pull: bool
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    url: str
    state: str = "open"
    """`open` or `closed`."""
    closed_at: datetime | None = None
    updated_at: datetime | None = None
    """When it last changed or was commented on."""
    done: bool = False
    """Whether it was closed as completed, or merged."""


class Milestone(msgspec.Struct, frozen=True):
    """The milestone whose title is exactly the version."""

    title: str
    number: int | None = None
    """None when GitHub has no milestone of this title."""
    open_items: tuple[MilestoneItem, ...] = ()
    closed_count: int = 0
    url: str = ""
