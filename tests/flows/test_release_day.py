"""The morning of release day: nothing is in the way once the final candidate is pinned."""

from __future__ import annotations

from pathlib import Path

from cockpit.operations.runner import Ending
from cockpit.rehearsal.world import World
from cockpit.release.board import board
from cockpit.release.gates import GATES
from cockpit.release.verdicts import Outcome
from tests.flows.releases import cockpit_on


async def test_nothing_blocks_a_pinned_final_candidate(tmp_path: Path) -> None:
    with World.start(tmp_path / "world", scenario="final") as world:
        cockpit = cockpit_on(world)
        plan = await cockpit.plan("pin-candidates", {})
        assert (await cockpit.carry_out(plan, lambda _: None)).ending is Ending.DONE
        assert await cockpit.verify() == {}
        await cockpit.refresh()
        found = board(cockpit.state)
        assert found.blocked == ()
        for gate in ("milestone-validated", "triton-on-index", "credentials-alive", "unfrozen"):
            verdict = GATES[gate].judge(cockpit.state)
            assert verdict.outcome is Outcome.PASSED, verdict
        candidate = cockpit.state.candidate
        assert candidate is not None
        assert candidate.tag.name == "v2.15.0-rc2"
