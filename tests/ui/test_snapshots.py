"""How dashboard and builds look at three sizes, as text.

`python -m tests.ui.test_snapshots` draws them anew.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cockpit.app import CockpitApp
from cockpit.release.jobs import EarlierBuilds, JobState
from cockpit.release.milestones import Milestone
from cockpit.release.state import ReleaseState
from tests.release.states import (
    RC1,
    builds,
    failure,
    feed,
    green_jobs,
    item,
    job,
    nomination,
    pull,
    tracked,
    with_,
)
from tests.ui.still import Driven, StillCockpit, rows_of, shown, until

FOLDER = Path(__file__).parent.parent / "snapshots"
_AT_REST = 20
"""Looks in a row that have to find the same picture."""
SIZES = ((80, 24), (120, 40), (200, 60))


def busy() -> ReleaseState:
    """A release with something in every state, at a time that stands still."""
    jobs = green_jobs()
    states = (JobState.FAILED, JobState.RUNNING, JobState.QUEUED)
    changed = [
        job(found.id, found.name, state=state) for found, state in zip(jobs, states, strict=False)
    ]
    milestone = Milestone("2.15.0", 62, (item(1), item(2)), 141, "https://github.example/62")
    pulls = (pull(12, "Fix SDPA stride on MPS"), pull(13, 'Revert "Inductor: [wide] loads"'))
    return with_(
        builds=feed(builds(*changed, *jobs[3:]), "GitHub"),
        earlier=feed(EarlierBuilds((builds(*jobs, of=RC1),)), "GitHub"),
        milestone=feed(milestone, failure=failure()),
        picks=feed(tracked(pulls, (nomination(148601, 12), nomination(148377, 13)), ())),
    )


async def drawn(size: tuple[int, int], *keys: str) -> str:
    """The dashboard at a size, or where keys lead to from there."""
    app = CockpitApp(StillCockpit(busy()))
    async with app.run_test(size=size) as driven:
        await until(driven, lambda: "12 s ago" in shown(app) and "NEXT" in shown(app))
        for key in keys:
            await driven.press(key)
        await until(driven, lambda: not keys or "NEXT" not in shown(app))
        return await settled(app, driven)


async def settled(app: CockpitApp, driven: Driven) -> str:
    """The screen once it has been the same for a while."""
    before, same = "", 0

    def at_rest() -> bool:
        nonlocal before, same
        now = "\n".join(rows_of(app)) + "\n"
        before, same = now, same + 1 if now == before else 0
        return same > _AT_REST

    await until(driven, at_rest, "the screen comes to rest")
    return before


PICTURES: dict[str, tuple[str, ...]] = {"dashboard": (), "builds": ("2", "enter")}


def approved_file(name: str, size: tuple[int, int]) -> Path:
    """Where the approved picture is."""
    return FOLDER / f"{name}-{size[0]}x{size[1]}.txt"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", PICTURES)
async def test_it_looks_as_it_was_approved(name: str, size: tuple[int, int]) -> None:
    approved = approved_file(name, size).read_text(encoding="utf-8")
    assert await drawn(size, *PICTURES[name]) == approved


def main() -> None:
    """Approve what is drawn now."""
    FOLDER.mkdir(exist_ok=True)
    for name, keys in PICTURES.items():
        for size in SIZES:
            text = asyncio.run(drawn(size, *keys))
            approved_file(name, size).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
