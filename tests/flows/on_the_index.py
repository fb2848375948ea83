"""A world whose release is ready to go to the package index, and what the index holds."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from cockpit.operations.runner import Outcome
from cockpit.rehearsal.matrix import vision_wheels, wheels
from cockpit.rehearsal.packages import Build, ChannelObject, torch_wheel, vision_wheel
from cockpit.rehearsal.people import ADA, CAPTAIN
from cockpit.rehearsal.world import World
from cockpit.release.record import CandidatePinned
from cockpit.release.signoffs import Signed
from cockpit.runtime import Cockpit
from tests.flows.releases import Reports, channel, promote
from tests.flows.test_sign_off import cockpit_of

VERSION, VISION = "2.15.0", "0.30.0"
TAG = "refs/tags/v2.15.0-rc1"
AREA = "pytorch-backup"


def candidate_of(world: World) -> str:
    """The commit of the world's candidate."""
    return world.forge.repositories["pytorch/pytorch"].seen_refs[TAG]


def put(world: World, item: ChannelObject) -> None:
    """Put an object where it belongs, as an upload job does."""
    channel(world).put_object(
        Bucket=item.bucket, Key=item.key, Body=item.body, Metadata=item.metadata
    )


def complete_channel(world: World) -> None:
    """Every wheel of the matrix in the test channel, all from the candidate's commit."""
    matrix = world.scenario.matrix
    build = Build(VERSION, candidate_of(world), world.clock.now())
    for target in matrix.targets:
        for wheel in wheels(matrix, target):
            put(world, torch_wheel(build, wheel, prefix="test/"))
    for wheel in vision_wheels(matrix):
        vision = Build(VISION, "", world.clock.now())
        put(world, vision_wheel(vision, wheel, torch=VERSION, prefix="test/"))


def say_go(world: World, commit: str) -> None:
    """The signatures of two who may give them."""
    for person in (CAPTAIN, ADA):
        cockpit_of(world, person).backends.ledger.append(Signed("go-decision", commit))


def pin(cockpit: Cockpit, commit: str) -> None:
    """The candidate, as it was first seen."""
    cockpit.backends.ledger.append(
        CandidatePinned("pytorch/pytorch", TAG.rpartition("/")[2], commit, commit)
    )


def reach_release_day(world: World) -> None:
    """Move the world's clock to the evening of release day."""
    day = datetime.combine(world.scenario.release_day, time(18), UTC)
    world.clock.advance(max(day - world.clock.now(), timedelta()))
    world.settle()


def make_ready(world: World, cockpit: Cockpit) -> None:
    """Everything that publishing rests on, but staging and inspection."""
    reach_release_day(world)
    complete_channel(world)
    for package in ("torch", "torchvision"):
        promote(world, package)
    pin(cockpit, candidate_of(world))
    say_go(world, candidate_of(world))


async def carry_out(cockpit: Cockpit, operation: str, **arguments: str) -> Outcome:
    """Plan an operation and carry it out."""
    plan = await cockpit.plan(operation, arguments)
    return await cockpit.carry_out(plan, Reports())


def published(world: World, project: str, version: str) -> dict[str, str]:
    """Name → SHA-256 of what the index holds, in the order of publishing."""
    files = [file for file in world.index.files(project) if file.version == version]
    return {file.filename: file.digests["sha256"] for file in files}
