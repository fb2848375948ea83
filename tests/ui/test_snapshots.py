"""How the dashboard looks at three sizes, as text: `python -m tests.ui.test_snapshots` redraws."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cockpit.app import CockpitApp
from cockpit.release.jobs import JobState
from cockpit.release.milestones import Milestone
from cockpit.release.state import ReleaseState
from tests.release.states import (
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
from tests.ui.still import StillCockpit, rows_of, shown, until

FOLDER = Path(__file__).parent.parent / "snapshots"
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
        milestone=feed(milestone, failure=failure()),
        picks=feed(tracked(pulls, (nomination(148601, 12), nomination(148377, 13)), ())),
    )


async def drawn(size: tuple[int, int]) -> str:
    """The dashboard at a size."""
    app = CockpitApp(StillCockpit(busy()))
    async with app.run_test(size=size) as driven:
        await until(driven, lambda: "12 s ago" in shown(app) and "NEXT" in shown(app))
        for _ in range(3):
            await driven.pause()
        return "\n".join(rows_of(app)) + "\n"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_dashboard_looks_as_it_was_approved(size: tuple[int, int]) -> None:
    approved = FOLDER / f"dashboard-{size[0]}x{size[1]}.txt"
    assert await drawn(size) == approved.read_text(encoding="utf-8")


def main() -> None:
    """Approve what is drawn now."""
    FOLDER.mkdir(exist_ok=True)
    for width, height in SIZES:
        text = asyncio.run(drawn((width, height)))
        (FOLDER / f"dashboard-{width}x{height}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
