"""A cut whose process is killed at any boundary between steps ends as an undisturbed one."""

from __future__ import annotations

from pathlib import Path

from cockpit.operations.runner import Ending
from cockpit.rehearsal.world import World
from cockpit.release.record import LeaseTaken
from tests.flows.killed import killed_at
from tests.flows.releases import Reports, cockpit_on, refs
from tests.flows.rewinding import Beginning

MOMENTS = (
    (0, "apply", Ending.DONE),
    (0, "verify", Ending.DONE),
    (1, "apply", Ending.DONE),
    (1, "verify", Ending.NOTHING_TO_DO),
    (1, "done", Ending.NOTHING_TO_DO),
)
"""In which step it dies and when, and how the run after it ends."""


def branches(world: World) -> dict[str, str]:
    """Every ref but the ledger's, whose commits carry the time."""
    return {name: sha for name, sha in refs(world).items() if not name.startswith("ledger")}


async def cut(world: World) -> tuple[str, Ending]:
    """Plan and run in this process; gives the digest and how it ended."""
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("cut-branch", {})
    return plan.digest, (await cockpit.carry_out(plan, Reports())).ending


async def test_killing_it_between_any_two_steps_and_running_again_ends_the_same(
    tmp_path: Path,
) -> None:
    with World.start(tmp_path / "world", scenario="before-cut") as world:
        beginning = Beginning.of(world)
        began = branches(world)
        digest, ending = await cut(world)
        assert ending is Ending.DONE
        undisturbed = branches(world)
        for step, moment, expected in MOMENTS:
            at = f"killed in step {step} at {moment}"
            beginning.rewind()
            assert branches(world) == began
            await killed_at(world.config_path, "cut-branch", step, moment)
            ledger = cockpit_on(world).backends.ledger
            assert ledger.read().lease is not None, f"{at}: it died with the lease"
            assert await cut(world) == (digest, expected), at
            assert branches(world) == undisturbed, at
            taken = len(list(ledger.read().events(LeaseTaken)))
            assert taken == (2 if expected is Ending.DONE else 1), at
