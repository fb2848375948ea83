"""Signing off on a world: by the keys of the page, and from the command line; voided live."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from cockpit.app import CockpitApp
from cockpit.cli import main
from cockpit.config import load
from cockpit.errors import ConfigError
from cockpit.operations.plan import Danger
from cockpit.operations.runner import Ending, StepReport
from cockpit.rehearsal.people import REVIEWER, Person
from cockpit.rehearsal.world import World
from cockpit.release.checklist import ItemState, Progress, item_states
from cockpit.release.record import PlanConfirmed
from cockpit.release.signoffs import Signed
from cockpit.runtime import Cockpit
from tests.flows.releases import cockpit_on, files
from tests.flows.walked import DOCS, Captain, quiet, steps_of
from tests.ui.still import shown, until

PAGE = DOCS / "sign-off.md"


def ignore(_: StepReport) -> None:
    """An observer that does not look."""


def cockpit_of(world: World, person: Person) -> Cockpit:
    """Somebody else's cockpit on the world, on a machine of their own."""
    text = world.config_path.read_text()
    own = world.config_path.with_name(f"{person.login}.toml")
    begin = text.index("[identity]")
    end = text.index("[[", begin)
    identity = f'name = "{person.name}"\nemail = "{person.email}"\nalways = true\n\n'
    text = f"{text[:begin]}[identity]\n{identity}{text[end:]}"
    own.write_text(text.replace('folder = "cockpit"', f'folder = "{person.login}"'))
    return Cockpit(load(own))


async def say(cockpit: Cockpit, operation: str, **words: str) -> Ending:
    plan = await cockpit.plan(operation, words)
    return (await cockpit.carry_out(plan, ignore)).ending


async def item_of(cockpit: Cockpit, item: str) -> ItemState:
    await cockpit.refresh("branches", "ledger")
    states = item_states(cockpit.process, cockpit.state)
    return next(found for found in states if found.item.id == item)


async def test_the_keys_of_the_page_sign_skip_and_report(world: World) -> None:
    cockpit = quiet(world)
    await cockpit.refresh("branches", "ledger", "milestone")
    app = CockpitApp(cockpit)

    async def nothing() -> None:
        """The world need not go on."""

    async with app.run_test(size=(80, 24)) as driven:
        captain = Captain(cockpit, app, driven, nothing, feeds=("ledger",))
        await until(driven, lambda: "NEXT" in shown(app))
        for step in steps_of(PAGE):
            await captain.take(step)
        page = shown(app)
    said = [word for _, word in cockpit.backends.ledger.read().events(Signed)]
    assert [word.note for word in said] == ["posted to the list"]
    said_of = cockpit.state.record.words
    kinds = [type(word).__name__ for words in said_of.values() for _, word in words]
    assert sorted(kinds) == ["NotApplicable", "Problem", "Signed", "Skipped", "Withdrawn"]
    assert "1 skipped" in page
    for item in said_of:
        assert item not in page, "it goes on at an item of which nothing was said"


async def test_only_what_was_bound_to_it_is_voided_live_in_a_second_cockpit(world: World) -> None:
    mine, theirs = cockpit_on(world), cockpit_of(world, REVIEWER)
    assert await say(mine, "pin-candidates") is Ending.DONE
    assert await say(mine, "sign", item="dates-announced") is Ending.DONE
    assert await say(mine, "sign", item="performance", note="fine") is Ending.DONE
    assert await say(mine, "sign", item="docker-pin") is Ending.DONE
    assert (await item_of(theirs, "docker-pin")).progress is Progress.SIGNED

    signed = (await item_of(theirs, "docker-pin")).said.signers[0]
    assert signed.digest, "it is bound to the plan of its operation"
    subject = mine.backends.ledger.read().words["docker-pin"][0][1].subject
    mine.backends.ledger.append(PlanConfirmed("release-changes", subject, "0" * 64))
    voided = await item_of(theirs, "docker-pin")
    assert voided.progress is Progress.VOID
    assert "the plan of release-changes is another" in voided.words
    assert (await item_of(theirs, "performance")).said.signers
    assert (await item_of(theirs, "dates-announced")).progress is Progress.SIGNED

    world.push_tag("pytorch/pytorch", "v2.15.0-rc2")
    retagged = await item_of(theirs, "performance")
    assert retagged.progress is Progress.VOID
    assert retagged.words.endswith("v2.15.0-rc2 is another commit")
    assert (await item_of(theirs, "dates-announced")).progress is Progress.SIGNED
    assert await say(mine, "pin-candidates") is Ending.DONE
    assert await say(mine, "sign", item="performance", note="as before") is Ending.DONE
    assert (await item_of(theirs, "performance")).said.signers

    world.move_tag("pytorch/pytorch", "v2.15.0-rc2")
    moved = await item_of(theirs, "performance")
    assert moved.progress is Progress.VOID
    assert "v2.15.0-rc2 was moved from" in moved.words
    assert (await item_of(theirs, "dates-announced")).progress is Progress.SIGNED
    again = await theirs.plan("sign", {"item": "performance"})
    assert any("was moved from" in blocker for blocker in again.blockers)


async def test_who_lacks_the_duty_is_told_and_what_is_wrong_is_named(shared_world: World) -> None:
    captain, reviewer = cockpit_on(shared_world), cockpit_of(shared_world, REVIEWER)
    before = files(shared_world.remotes)
    plan = await reviewer.plan("sign", {"item": "tracker-open"})
    (blocker,) = plan.blockers
    assert blocker.startswith("it takes a captain")
    assert ", and Noor Haddad is none: there is Robin Castellan" in blocker
    assert not (await reviewer.plan("sign", {"item": "performance"})).blockers
    stranger = cockpit_of(shared_world, Person("Eve", "eve", "eve@example.org"))
    assert (
        "does not know eve@example.org"
        in (await stranger.plan("sign", {"item": "performance"})).blockers[0]
    )
    gate = await captain.plan("sign", {"item": "candidate-builds"})
    assert "nobody signs" in gate.blockers[0]
    waived = await captain.plan("waive", {"item": "candidate-builds", "words": "no"})
    assert "override it" in waived.blockers[0]
    assert (await captain.plan("withdraw-problem", {"item": "colab", "words": "x"})).blockers
    for words in (
        {"item": "nothing"},
        {"item": "performance", "link": "not a link"},
        {"item": "performance", "file": "/nowhere/at/all"},
    ):
        with pytest.raises(ConfigError):
            await captain.plan("sign", words)
    with pytest.raises(ConfigError, match="Nothing is said"):
        await captain.plan("report-problem", {"item": "performance", "words": " "})
    assert files(shared_world.remotes) == before


def test_the_command_line_signs_tells_and_hands_over(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def told(*words: str, ends: int = 0) -> str:
        assert main(["--config", str(world.config_path), *words]) == ends
        captured = capsys.readouterr()
        return captured.out if not ends else captured.out + captured.err

    shown = tmp_path / "perf.csv"
    shown.write_text("fast")
    words = ("sign", "performance", "--note", "fine", "--link", "https://x/1", "--file", str(shown))
    refused = told(*words, ends=4)
    assert "Not confirmed" in refused
    assert hashlib.sha256(b"fast").hexdigest() in refused
    told(*words, "--yes")
    assert "signed performance" in told("ledger", "--by", "robin", "--since", "1h")
    assert told("ledger", "--by", "nobody") == "Nothing of the ledger is like that.\n"
    assert told("ledger", "--markdown").startswith("| when | who | what | kind | entry |")
    entry = json.loads(told("ledger", "--json", "--since", "1h").splitlines()[2])["entry"]
    assert entry["event"]["files"][0]["name"] == "perf.csv"
    assert "no time" in told("ledger", "--since", "yesterday", ends=2)
    handed = told("handover", "--since", "1h")
    assert "Robin Castellan: signed performance" in handed
    assert "### What is next" in handed


async def test_the_last_signature_says_what_it_unlocks_and_is_typed(world: World) -> None:
    process = world.config_path.with_name("short.toml")
    process.write_text(_SHORT)
    text = world.config_path.read_text()
    config = text.replace("[release]\n", '[release]\nprocess = "short.toml"\n', 1)
    world.config_path.write_text(config)
    captain = cockpit_on(world)
    first = await captain.plan("sign", {"item": "docs"})
    assert not first.typed
    assert await say(captain, "sign", item="docs") is Ending.DONE
    last = await captain.plan("sign", {"item": "go"})
    assert last.typed
    assert last.danger is Danger.REMOTE
    assert last.sections[0].title == "Yours is the last signature: this becomes possible"
    assert last.sections[0].lines == ("tag-final: The final tag",)
    assert (await captain.carry_out(last, ignore)).ending is Ending.DONE
    again = await captain.plan("sign", {"item": "go"})
    assert again.digest == last.digest
    assert (await captain.carry_out(again, ignore)).ending is Ending.NOTHING_TO_DO


_SHORT = """
[[roles]]
id = "captain"
duty = "captain"
[[phases]]
id = "promotion"
number = 4
title = "Promotion"
[[items]]
id = "docs"
phase = "promotion"
title = "The documentation was read"
kind = "manual"
owner = "captain"
[[items]]
id = "go"
phase = "promotion"
title = "It ships"
kind = "manual"
owner = "captain"
needs = ["docs"]
[[items]]
id = "final-tag"
phase = "promotion"
title = "The final tag"
kind = "auto"
owner = "captain"
gate = "final-tag"
operation = "tag-final"
needs = ["docs", "go"]
"""
