"""What is read before the cut, on a world whose next release has not been cut."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cockpit.rehearsal.world import World
from cockpit.release.checklist import Progress, item_states
from cockpit.release.gates import GATES
from cockpit.release.phases import PhaseId, standing
from cockpit.release.picks import PickReading
from cockpit.release.preparation import Part, Preparation
from cockpit.release.verdicts import Outcome, Verdict
from cockpit.runtime import Cockpit
from cockpit.views.picks import picks_pane
from tests.flows.releases import cockpit_on, files
from tests.flows.upcoming import upcoming

ALL = ("milestone-ready", "triton-pinned", "workflows-cover", "base-green", "nightlies-green")


def verdicts(cockpit: Cockpit) -> dict[str, Verdict]:
    return {gate: GATES[gate].judge(cockpit.state) for gate in ALL}


async def test_everything_is_read_and_green_before_the_cut(
    shared_world: World, tmp_path: Path
) -> None:
    cockpit = upcoming(shared_world, tmp_path)
    before = files(shared_world.remotes)
    await cockpit.refresh()
    found = verdicts(cockpit)

    assert {gate: verdict.outcome for gate, verdict in found.items()} == dict.fromkeys(
        ALL, Outcome.PASSED
    )
    assert standing(cockpit.state).phase is PhaseId.PREPARATION
    assert cockpit.state.picks.whole == PickReading()
    assert picks_pane(cockpit.state).table.empty == "picks begin with the cut of release/2.16"
    assert "picks begin with the cut" in GATES["picks-decided"].judge(cockpit.state).text
    core_nightly, vision_nightly = found["nightlies-green"].evidence
    assert core_nightly.text.startswith("pytorch nightly: 4 workflows passed on ")
    assert vision_nightly.text.startswith("vision nightly: 4 workflows passed on ")
    assert "/actions/runs/" in core_nightly.url
    assert "release/3.8.x of Triton" in found["triton-pinned"].text
    assert found["workflows-cover"].headline == "8 targets covered and 8 more"
    assert all(verdict.taken_at for verdict in found.values())
    assert files(shared_world.remotes) == before
    items = {entry.item.id: entry for entry in item_states(cockpit.process, cockpit.state)}
    assert items["trunk-green"].progress is Progress.PASSED
    assert items["milestone-ready"].progress is Progress.PASSED


async def test_nothing_is_read_once_the_core_is_cut(shared_world: World) -> None:
    cockpit = cockpit_on(shared_world)
    await cockpit.refresh("branches", "milestone")
    asked = len(cockpit.command_log.lines)
    await cockpit.refresh("preparation")

    assert cockpit.state.preparation.whole == Preparation()
    assert len(cockpit.command_log.lines) == asked
    assert {verdict.outcome for verdict in verdicts(cockpit).values()} == {Outcome.NOT_APPLICABLE}


async def test_without_github_the_rest_is_still_known(world: World, tmp_path: Path) -> None:
    cockpit = upcoming(world, tmp_path)
    world.faults.add("unreachable@github")
    await cockpit.refresh("branches", "preparation")
    value = cockpit.state.preparation.whole
    assert value is not None
    found = verdicts(cockpit)

    assert set(value.unread) == {Part.BASES, Part.NIGHTLIES}
    for gate in ("base-green", "nightlies-green"):
        assert found[gate].outcome is Outcome.UNKNOWN
        assert "cannot be reached" in found[gate].text
    for gate in ("triton-pinned", "workflows-cover"):
        assert found[gate].outcome is Outcome.PASSED


async def test_a_target_that_no_workflow_builds_is_found(
    shared_world: World, tmp_path: Path
) -> None:
    pythons = ('pythons = ["', 'pythons = ["3.99t", "')
    cockpit = upcoming(shared_world, tmp_path, pythons)
    await cockpit.refresh("branches", "preparation")
    verdict = verdicts(cockpit)["workflows-cover"]

    assert verdict.outcome is Outcome.FAILED
    assert verdict.headline == "pytorch linux x86_64: Python 3.99t and 3 more"


async def test_a_triton_that_cannot_be_reached_is_unknown(
    shared_world: World, tmp_path: Path
) -> None:
    cockpit = upcoming(shared_world, tmp_path, ("triton-lang/triton.git", "triton-lang/gone.git"))
    await cockpit.refresh("branches", "preparation")
    verdict = verdicts(cockpit)["triton-pinned"]

    assert verdict.outcome is Outcome.UNKNOWN
    assert "gone.git cannot be reached" in verdict.text
    assert verdicts(cockpit)["base-green"].outcome is Outcome.PASSED


async def test_nightlies_that_stopped_are_not_green(world: World, tmp_path: Path) -> None:
    world.clock.advance(timedelta(days=4))
    cockpit = upcoming(world, tmp_path)
    await cockpit.refresh("branches", "preparation")
    verdict = verdicts(cockpit)["nightlies-green"]

    assert verdict.outcome is Outcome.FAILED
    assert verdict.headline.startswith("pytorch nightly: the last was started 4 d ago")


async def test_a_nightly_that_started_nothing_is_unknown(world: World, tmp_path: Path) -> None:
    world.push_commit("pytorch/vision", "nightly")
    cockpit = upcoming(world, tmp_path)
    await cockpit.refresh("branches", "preparation")
    verdict = verdicts(cockpit)["nightlies-green"]

    assert verdict.outcome is Outcome.UNKNOWN
    assert "vision nightly: no run of Build *" in verdict.text


async def test_a_base_that_nobody_checked_is_unknown(world: World, tmp_path: Path) -> None:
    world.push_commit("pytorch/pytorch", "viable/strict")
    cockpit = upcoming(world, tmp_path)
    await cockpit.refresh("branches", "preparation")
    verdict = verdicts(cockpit)["base-green"]

    assert verdict.outcome is Outcome.UNKNOWN
    assert "pytorch pull: no data on" in verdict.text
