"""The tracking issue on a world: opened, kept in step, and boxes ticked by others' hands."""

from __future__ import annotations

import requests

from cockpit.operations.runner import Ending, StepReport
from cockpit.rehearsal.faults import Fault
from cockpit.rehearsal.people import ADA, MIKA, Person
from cockpit.rehearsal.scenario import CORE, token_of
from cockpit.rehearsal.world import World
from cockpit.release.board import board
from cockpit.release.checklist import Progress, item_states
from cockpit.release.mirror import MirrorIssue, boxes, mirror_title
from cockpit.release.signoffs import Signed
from cockpit.runtime import Cockpit
from tests.flows.releases import cockpit_on

TITLE = "[v.2.15.0] Release Day Checklist"


def ignore(_: StepReport) -> None:
    """An observer that does not look."""


async def run(cockpit: Cockpit, operation: str, **arguments: str) -> Ending:
    plan = await cockpit.plan(operation, arguments)
    return (await cockpit.carry_out(plan, ignore)).ending


def edit(world: World, issue: MirrorIssue, body: str, by: Person) -> None:
    """Somebody edits the issue's text on GitHub."""
    answer = requests.patch(
        f"{world.github_url}/repos/{CORE}/issues/{issue.number}",
        json={"body": body},
        headers={"Authorization": f"token {token_of(by)}"},
        timeout=10,
    )
    answer.raise_for_status()


async def looked_at(cockpit: Cockpit) -> MirrorIssue:
    await cockpit.refresh("mirror", "ledger")
    mirror = cockpit.state.mirror.value
    assert mirror is not None
    assert mirror.issue is not None
    return mirror.issue


def ticked(body: str, item: str) -> str:
    """The text with an item's box ticked, as a click on it does."""
    return "\n".join(
        line.replace("- [ ]", "- [x]", 1) if f"<!-- item {item} " in line else line
        for line in body.splitlines()
    )


async def test_a_box_that_was_ticked_by_hand_is_offered_with_who_did_it_and_counts_once_adopted(
    world: World,
) -> None:
    cockpit = cockpit_on(world)
    assert mirror_title(cockpit.config.version) == TITLE
    await cockpit.refresh("branches", "ledger", "picks")
    tracker = cockpit.state.picks.value
    link = {"link": "https://example.org/run/7"}
    assert await run(cockpit, "sign", item="dates-announced", **link) is Ending.DONE
    plan = await cockpit.plan("mirror-checklist", {})
    assert (await cockpit.carry_out(plan, ignore)).ending is Ending.DONE
    issue = await looked_at(cockpit)
    assert (issue.title, issue.labels) == (TITLE, ("oncall: releng",))
    assert boxes(issue.body)["dates-announced"] == (True, True)
    assert "signed by Robin Castellan · [7](https://example.org/run/7)" in issue.body
    assert await run(cockpit, "mirror-checklist") is Ending.NOTHING_TO_DO
    await cockpit.refresh("picks")
    assert cockpit.state.picks.value == tracker, "the bot's tracker is still the same one"

    edit(world, issue, f"Hello\n\n{ticked(issue.body, 'performance')}\n\nP.S.", ADA)
    edit(world, issue, f"Hi\n\n{ticked(issue.body, 'performance')}\n\nP.S. by Mika", MIKA)
    issue = await looked_at(cockpit)
    (tick,) = cockpit.state.mirror.value.hand_ticks() if cockpit.state.mirror.value else ()
    assert (tick.item, tick.ticked, tick.by) == ("performance", True, ADA.login)
    assert any(
        f"performance ticked on GitHub by @{ADA.login}" in line.text
        for line in board(cockpit.state).risky
    )
    states = {found.item.id: found for found in item_states(cockpit.process, cockpit.state)}
    assert states["performance"].progress is not Progress.SIGNED
    assert not cockpit.state.record.words.get("performance")

    assert await run(cockpit, "mirror-checklist") is Ending.DONE
    issue = await looked_at(cockpit)
    assert issue.body.startswith("Hi\n\n")
    assert issue.body.endswith("\n\nP.S. by Mika")
    assert boxes(issue.body)["performance"] == (True, False), "never taken, never dropped silently"
    assert "not adopted yet" in issue.body

    adopting = await cockpit.plan("adopt-tick", {"item": "performance"})
    assert f"@{ADA.login}" in adopting.sentence
    assert adopting.blockers == ()
    assert (await cockpit.carry_out(adopting, ignore)).ending is Ending.DONE
    entry, word = cockpit.backends.ledger.read().words["performance"][-1]
    assert isinstance(word, Signed)
    assert entry.by == "Robin Castellan"
    assert word.note.startswith(f"ticked on GitHub by @{ADA.login}")
    assert word.links == (issue.url,)
    assert await run(cockpit, "mirror-checklist") is Ending.DONE
    assert boxes((await looked_at(cockpit)).body)["performance"] == (True, True)
    assert "box of colab" in (await cockpit.plan("adopt-tick", {"item": "colab"})).blockers[-1]


async def test_who_ticked_is_unknown_rather_than_guessed_and_a_failed_look_blocks(
    world: World,
) -> None:
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("mirror-checklist", {})
    world.faults.add(Fault(kind="response-lost", path="/issues$", methods=("POST",)))
    assert (await cockpit.carry_out(plan, ignore)).ending is Ending.DONE
    issue = await looked_at(cockpit)
    edit(world, issue, ticked(issue.body, "performance"), ADA)
    world.faults.add(Fault(kind="server-error", path="/graphql", times=0))
    await looked_at(cockpit)
    reading = cockpit.state.mirror
    assert reading.value is not None
    assert reading.reading is not None
    assert "who edited the issue could not be read" in reading.reading.missing
    tick = reading.value.hand_tick("performance")
    assert tick is not None
    assert tick.describe() == "ticked on GitHub by somebody"
    world.faults.clear()
    back = await cockpit.plan("mirror-checklist", {"reset": "yes"})
    assert any("is put back" in warning for warning in back.warnings)
    assert (await cockpit.carry_out(back, ignore)).ending is Ending.DONE
    assert boxes((await looked_at(cockpit)).body)["performance"] == (False, False)
    world.faults.add("unreachable@github")
    blocked = await cockpit.plan("mirror-checklist", {})
    assert any("could not be read" in blocker for blocker in blocked.blockers)
