"""Duds, freezes and the final tag on a whole world: from the plan to what everybody sees."""

from __future__ import annotations

import threading

import pytest

from cockpit.errors import CockpitError, ConfigError, Refused
from cockpit.operations.plan import StepState
from cockpit.operations.runner import Ending, StepReport
from cockpit.rehearsal.world import World
from cockpit.release.board import board
from cockpit.release.record import Dud, Frozen, Unfrozen
from cockpit.runtime import Cockpit
from tests.flows.releases import channel, cockpit_on, files, promote, refs

VISION = {"repository": "vision"}
FINAL = "pytorch/vision.git:refs/tags/v0.30.0"
BAD = {"name": "v2.15.0-rc1", "reason": "its macOS wheels do not import"}


def ignore(_: StepReport) -> None:
    """An observer that does not look."""


async def run(cockpit: Cockpit, operation: str, **arguments: str) -> Ending:
    """Plan and carry out."""
    plan = await cockpit.plan(operation, arguments)
    return (await cockpit.carry_out(plan, ignore)).ending


async def vision_promoted(world: World) -> Cockpit:
    """A cockpit in whose ledger every candidate is pinned, with vision's wheels promoted."""
    promote(world, "torchvision")
    cockpit = cockpit_on(world)
    assert await run(cockpit, "pin-candidates") is Ending.DONE
    return cockpit


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("mark-dud", BAD),
        ("mark-dud", {"name": "2.15.0", "reason": "superseded"}),
        ("freeze", {"repository": "pytorch", "reason": "rc2 is validated"}),
        ("unfreeze", {"repository": "pytorch", "reason": "one more fix"}),
        ("tag-final", VISION),
    ],
)
async def test_a_plan_writes_nothing_anywhere(
    shared_world: World, operation: str, arguments: dict[str, str]
) -> None:
    before = files(shared_world.remotes)
    assert (await cockpit_on(shared_world).plan(operation, arguments)).steps
    assert files(shared_world.remotes) == before


async def test_a_dud_is_skipped_by_numbers_candidate_and_builds(world: World) -> None:
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("mark-dud", BAD)
    before = refs(world)
    assert (await cockpit.carry_out(plan, ignore)).ending is Ending.DONE
    assert set(refs(world)) - set(before) == {"ledger.git:refs/cockpit/2.15.0"}
    await cockpit.refresh()
    assert cockpit.state.candidate is None
    tagging = await cockpit.plan("tag-candidate", {})
    assert tagging.target == "v2.15.0-rc2"
    assert tagging.sections[0].title.endswith("since the cut")
    events = [event for _, event in cockpit.state.record.events(Dud)]
    assert [(event.name, event.reason) for event in events] == [(BAD["name"], BAD["reason"])]
    again = await cockpit.plan("mark-dud", BAD)
    assert again.digest == plan.digest
    assert (await cockpit.carry_out(again, ignore)).ending is Ending.NOTHING_TO_DO


async def test_a_number_is_not_given_up_by_a_slip(shared_world: World) -> None:
    cockpit = cockpit_on(shared_world)
    far = await cockpit.plan("mark-dud", {"name": "v2.15.0-rc9", "reason": "typed in haste"})
    assert any("never tagged" in blocker for blocker in far.blockers)
    following = await cockpit.plan("mark-dud", {"name": "v2.15.0-rc2", "reason": "burnt"})
    assert following.blockers == ()
    assert any("given up" in warning for warning in following.warnings)
    assert "v2.15.0-rc3" in following.sections[0].lines[-1]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("v2.14.0-rc1", "another version"),
        ("2.1", "a line"),
        ("v2.15.0-rc0", "no candidate has that number"),
        ("v2.15.0-rc1; rm -rf /", "a shell"),
        ("v2.15.0-rc1", " \n "),
    ],
)
async def test_a_dud_needs_a_name_of_this_release_and_a_reason(
    shared_world: World, name: str, reason: str
) -> None:
    with pytest.raises(ConfigError):
        await cockpit_on(shared_world).plan("mark-dud", {"name": name, "reason": reason})


async def test_a_dud_version_ends_the_release(world: World) -> None:
    cockpit = cockpit_on(world)
    assert await run(cockpit, "mark-dud", name="2.15.0", reason="superseded") is Ending.DONE
    tagging = await cockpit.plan("tag-candidate", {})
    assert any("2.15.0 was declared a dud by" in blocker for blocker in tagging.blockers)
    with pytest.raises(CockpitError, match="no candidate"):
        await cockpit.plan("tag-final", {})
    await cockpit.refresh()
    assert any("superseded" in line.text for line in board(cockpit.state).blocked)


async def test_a_dud_silences_the_alarm_of_its_moved_tag(world: World) -> None:
    cockpit = await vision_promoted(world)
    world.move_tag("pytorch/pytorch", "v2.15.0-rc1")
    blocked = await cockpit.plan("tag-candidate", {})
    alarm = next(text for text in blocked.blockers if "was moved from" in text)
    assert ", by " in alarm
    assert alarm.endswith("UTC")
    await cockpit.refresh()
    assert board(cockpit.state).blocked[0].text.startswith("v2.15.0-rc1 was moved from")
    assert await run(cockpit, "mark-dud", **BAD) is Ending.DONE
    await cockpit.refresh()
    assert cockpit.state.moved == ()
    assert (await cockpit.plan("tag-candidate", {})).blockers == ()
    pinning = await cockpit.plan("pin-candidates", {})
    assert not any("v2.15.0-rc1" in step.facts.key for step in pinning.steps)


async def test_a_deleted_tag_raises_the_alarm_with_who_did_it(world: World) -> None:
    cockpit = await vision_promoted(world)
    await cockpit.refresh()
    world.delete_tag("pytorch/pytorch", "v2.15.0-rc1")
    await cockpit.refresh("branches")
    (alarm,) = cockpit.state.moved
    assert alarm.now is None
    assert alarm.change is not None
    assert alarm.describe().endswith("UTC")
    assert alarm.pin.commit_sha[:10] in alarm.describe()


async def test_an_alarm_is_raised_though_nobody_tells_who(world: World) -> None:
    cockpit = await vision_promoted(world)
    world.move_tag("pytorch/pytorch", "v2.15.0-rc1")
    world.faults.add("unreachable@github")
    await cockpit.refresh("ledger")
    await cockpit.refresh("branches")
    (alarm,) = cockpit.state.moved
    assert alarm.change is None
    assert "could not be asked" in alarm.describe()


async def test_a_frozen_branch_warns_and_is_seen_by_everybody(world: World) -> None:
    first, second = cockpit_on(world), cockpit_on(world)
    why = "rc2 is being validated"
    assert await run(first, "freeze", repository="pytorch", reason=why) is Ending.DONE
    await second.refresh()
    frozen = second.state.record.frozen(second.config.core)
    assert frozen is not None
    assert (frozen.name, frozen.reason) == ("release/2.15", why)
    assert any(why in line.text for line in board(second.state).risky)
    tagging = await second.plan("tag-candidate", {})
    assert any(why in warning for warning in tagging.warnings)
    assert not any("frozen" in blocker for blocker in tagging.blockers)
    others = await second.plan("tag-candidate", VISION)
    assert not any(why in warning for warning in others.warnings)
    assert await run(second, "freeze", repository="pytorch", reason="x") is Ending.NOTHING_TO_DO
    assert await run(second, "unfreeze", repository="pytorch", reason="fix") is Ending.DONE
    ledger = first.backends.ledger.read()
    assert ledger.frozen(first.config.core) is None
    assert len(list(ledger.events(Frozen))) == len(list(ledger.events(Unfrozen))) == 1


async def test_only_a_branch_that_was_cut_is_frozen(world: World) -> None:
    config = world.config_path
    config.write_text(config.read_text().replace('version = "2.15.0"', 'version = "2.16.0"', 1))
    plan = await cockpit_on(world).plan("freeze", {"repository": "pytorch", "reason": "early"})
    assert plan.blockers == ("pytorch/pytorch has no release/2.16",)


async def test_the_final_tag_lands_on_the_final_candidate_and_is_pinned(world: World) -> None:
    cockpit = await vision_promoted(world)
    before = refs(world)
    plan = await cockpit.plan("tag-final", VISION)
    assert plan.blockers == ()
    assert any("will not be released" in warning for warning in plan.warnings)
    assert plan.target == "v0.30.0"
    assert (await cockpit.carry_out(plan, ignore)).ending is Ending.DONE
    after = refs(world)
    assert set(after) - set(before) == {FINAL}
    pins = {pin.tag: pin.commit_sha for pin in cockpit.backends.ledger.read().pins}
    assert after[FINAL] == pins["v0.30.0"] == pins["v0.30.0-rc1"]
    again = await cockpit.plan("tag-final", VISION)
    assert again.digest == plan.digest
    assert (await cockpit.carry_out(again, ignore)).ending is Ending.NOTHING_TO_DO


@pytest.mark.parametrize("steps_before_the_crash", [1, 2])
async def test_a_crashed_final_tag_is_taken_to_its_end(
    world: World, steps_before_the_crash: int
) -> None:
    cockpit = await vision_promoted(world)
    plan = await cockpit.plan("tag-final", VISION)
    for step in plan.steps[:steps_before_the_crash]:
        step.apply(lambda _: None, threading.Event())
    again = cockpit_on(world)
    resumed = await again.plan("tag-final", VISION)
    assert resumed.digest == plan.digest
    assert (await again.carry_out(resumed, ignore)).succeeded
    assert all(step.probe().state is StepState.DONE for step in resumed.steps)


async def test_wheels_are_promoted_before_the_final_tag(world: World) -> None:
    cockpit = cockpit_on(world)
    assert await run(cockpit, "pin-candidates") is Ending.DONE

    async def blockers() -> tuple[str, ...]:
        return (await cockpit.plan("tag-final", VISION)).blockers

    store, [first, *others] = channel(world), promote(world, "torchvision")
    store.delete_object(Bucket="pytorch", Key=first)
    [blocker] = await blockers()
    assert blocker.startswith(f"1 of {len(others) + 1} wheels of torchvision 0.30.0 is not in the")
    assert first.rpartition("/")[2] in blocker
    store.put_object(Bucket="pytorch", Key=first, Body=b"another wheel")
    [blocker] = await blockers()
    assert blocker.startswith("what was promoted differs from the test channel: torchvision-0.30.0")
    promote(world, "torchvision")
    assert await blockers() == ()
    world.faults.add("unreachable@s3")
    assert await blockers() == (
        "whether the wheels are promoted could not be read: S3 cannot be reached",
    )


async def test_what_was_not_pinned_or_is_not_green_is_not_released(
    shared_world: World,
) -> None:
    world = shared_world
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("tag-final", {})
    assert any("is not pinned" in blocker for blocker in plan.blockers)
    assert any(blocker.startswith("builds: ") for blocker in plan.blockers)
    assert any("wheels of torch 2.15.0 are not in the stable" in b for b in plan.blockers)
    assert any("of the support matrix in neither channel" in b for b in plan.blockers)
    before = files(world.remotes)
    with pytest.raises(Refused):
        await cockpit.carry_out(plan, ignore)
    assert files(world.remotes) == before


async def test_builds_that_cannot_be_read_block_the_release(world: World) -> None:
    cockpit = await vision_promoted(world)
    world.faults.add("unreachable@github")
    plan = await cockpit.plan("tag-final", VISION)
    assert any("could not be read" in blocker for blocker in plan.blockers)


async def test_a_final_tag_elsewhere_is_a_conflict(world: World) -> None:
    cockpit = await vision_promoted(world)
    vision = cockpit.config.repository("vision")
    assert vision is not None
    head = refs(world)["pytorch/vision.git:refs/heads/release/0.30"]
    cockpit.backends.git.create_ref(vision, "refs/tags/v0.30.0", head)
    plan = await cockpit.plan("tag-final", VISION)
    assert any(f"exists at {head}" in blocker for blocker in plan.blockers)
    assert plan.steps[0].probe().state is StepState.CONFLICT


async def test_the_final_candidate_may_be_named_but_no_dud_or_stranger(world: World) -> None:
    cockpit = await vision_promoted(world)
    assert await run(cockpit, "tag-candidate", **VISION) is Ending.DONE
    older = await cockpit.plan("tag-final", VISION | {"candidate": "v0.30.0-rc1"})
    assert any("v0.30.0-rc2" in warning for warning in older.warnings)
    newest = await cockpit.plan("tag-final", VISION)
    assert "v0.30.0-rc2" in newest.sentence
    assert newest.blockers, "its builds have only begun"
    assert await run(cockpit, "mark-dud", name="v0.30.0-rc1", reason="old", **VISION) is Ending.DONE
    dead = await cockpit.plan("tag-final", VISION | {"candidate": "v0.30.0-rc1"})
    assert any("declared a dud" in blocker for blocker in dead.blockers)
    with pytest.raises(CockpitError, match=r"has no v0\.30\.0-rc7"):
        await cockpit.plan("tag-final", VISION | {"candidate": "v0.30.0-rc7"})
    with pytest.raises(ConfigError):
        await cockpit.plan("tag-final", VISION | {"candidate": "v0.3.0-rc1"})


async def test_what_is_unpicked_is_shown_before_tagging(world: World) -> None:
    cockpit = cockpit_on(world)
    core = await cockpit.plan("tag-candidate", {})
    assert core.sections[1].title.endswith("still unpicked")
    assert all(warning.partition(": ")[2] for warning in core.warnings if "not merged" in warning)
    assert any(" approved: " in line for line in core.sections[1].lines)
    vision = await cockpit.plan("tag-candidate", VISION)
    assert vision.sections[1].title == "Nothing is still unpicked"
    world.faults.add("unreachable@github")
    unread = await cockpit.plan("tag-candidate", VISION)
    assert any("open pulls" in blocker for blocker in unread.blockers)
