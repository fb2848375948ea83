"""From the test channel to an installed package: the whole way, and what goes wrong on it."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.backends.ports import Taken
from cockpit.config import parse
from cockpit.errors import AccessDenied, Conflict, Refused, Unreachable
from cockpit.operations.plan import Plan, StepState
from cockpit.operations.runner import Ending, StepOutcome, StepReport
from cockpit.operations.runner import Outcome as RunOutcome
from cockpit.rehearsal.faults import Fault
from cockpit.rehearsal.index import Limits
from cockpit.rehearsal.matrix import Wheel
from cockpit.rehearsal.packages import Build, torch_wheel
from cockpit.rehearsal.world import World
from cockpit.release.gates import GATES
from cockpit.release.publishing import Way, publications
from cockpit.release.record import StepDone, WheelsInspected
from cockpit.release.verdicts import Outcome
from cockpit.runtime import Cockpit
from tests.flows.killed import killed_at
from tests.flows.on_the_index import (
    AREA,
    VERSION,
    VISION,
    candidate_of,
    carry_out,
    make_ready,
    published,
    put,
)
from tests.flows.releases import Reports, channel, cockpit_on

LOOKED_AT = ("branches", "ledger", "artifacts", "publishing")
ALL, TORCH, LEFT = 24, 12, 4
"""Wheels of the release, of torch alone, and of torch that are published in most tests."""


class Released(msgspec.Struct, frozen=True):
    """A world whose release was staged, inspected and published, with what the plan was."""

    world: World
    plan: Plan
    outcome: RunOutcome


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Released]:
    """A world on release day in which everything was done once."""
    directory = tmp_path_factory.mktemp("publishing") / "world"
    with World.start(directory, scenario="matrix") as world:
        cockpit = cockpit_on(world)
        make_ready(world, cockpit)
        for operation in ("stage", "inspect"):
            outcome = asyncio.run(carry_out(cockpit, operation))
            assert outcome.ending is Ending.DONE, outcome.problem
        plan = asyncio.run(cockpit.plan("publish", {}))
        yield Released(world, plan, asyncio.run(cockpit.carry_out(plan, Reports())))


@pytest.fixture
def world(released: Released) -> Iterator[World]:
    """The same, with the last wheels of torch not on the index yet; put back afterwards."""
    world, index = released.world, released.world.index
    kept = {file.filename: file for file in index.files() if file.version in (VERSION, VISION)}
    bodies = {name: (index.folder / name).read_bytes() for name in kept}
    take_away(world, *names(released.plan)[TORCH - LEFT : TORCH])
    yield world
    world.faults.clear()
    index.limits = Limits()
    take_away(world, *kept)
    for name, file in kept.items():
        index.add(file, bodies[name])


def take_away(world: World, *files: str) -> None:
    """Have the index forget files, and that their names were ever used."""
    for name in files:
        if world.index.path(name) is not None:
            world.index.delete(name)
        world.index._used.discard(name)


def names(plan: Plan) -> list[str]:
    """The files of a plan, in its order."""
    return [step.facts.summary.split()[1] for step in plan.steps]


def count(world: World) -> int:
    """How many files of this release the index has."""
    return len(published(world, "torch", VERSION)) + len(published(world, "torchvision", VISION))


def staged_bytes(world: World) -> dict[str, bytes]:
    """Every staged wheel of torch, byte for byte."""
    store = channel(world)
    listed = store.list_objects_v2(Bucket=AREA, Prefix=f"torch-{VERSION}-pypi-staging/")
    return {
        item["Key"].rpartition("/")[2]: store.get_object(Bucket=AREA, Key=item["Key"])[
            "Body"
        ].read()
        for item in listed["Contents"]
    }


def pip(world: World, *words: str) -> None:
    """Run pip on the loopback index alone, for a Python and a system of the release."""
    command = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", words[0]]
    command += ["--index-url", f"{world.index_url}/simple/", "--no-deps", "--no-cache-dir"]
    command += ["--platform", "manylinux_2_28_x86_64", "--python-version", "3.12"]
    command += ["--only-binary", ":all:", "--quiet", *words[1:]]
    environ = {"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert done.returncode == 0, done.stderr


async def test_what_is_published_can_be_installed(released: Released, tmp_path: Path) -> None:
    world, plan, outcome = released.world, released.plan, released.outcome
    cockpit = cockpit_on(world)
    assert plan.blockers == ()
    assert plan.target == f"torch {VERSION} and torchvision {VISION} → rehearsal"
    assert (outcome.ending, len(outcome.done)) == (Ending.DONE, ALL), outcome.problem
    listed = published(world, "torch", VERSION) | published(world, "torchvision", VISION)
    assert list(listed) == names(plan), "torch before its libraries, one system after the other"
    staged = staged_bytes(world)
    torch = published(world, "torch", VERSION)
    assert {n: hashlib.sha256(b).hexdigest() for n, b in staged.items()} == torch
    recorded = {event.step for _, event in cockpit.backends.ledger.read().events(StepDone)}
    assert {step.facts.key for step in plan.steps} <= recorded, "an entry a file"
    again = await cockpit.plan("publish", {})
    assert again.digest == plan.digest
    assert (await cockpit.carry_out(again, Reports())).ending is Ending.NOTHING_TO_DO
    await cockpit.refresh(*LOOKED_AT)
    for gate in ("wheels-staged", "staged-wheels-valid", "index-published", "triton-on-index"):
        assert GATES[gate].judge(cockpit.state).outcome is Outcome.PASSED, gate
    name = f"torch-{VERSION}-cp312-cp312-manylinux_2_28_x86_64.whl"
    hashed = tmp_path / "requirements.txt"
    hashed.write_text(f"torch=={VERSION} --hash=sha256:{torch[name]}\n", encoding="utf-8")
    pip(world, "install", "--require-hashes", "--target", str(tmp_path / "t"), "-r", str(hashed))
    version = (tmp_path / "t" / "torch" / "version.py").read_text(encoding="utf-8")
    assert candidate_of(world) in version
    metadata = tmp_path / "t" / f"torch-{VERSION}.dist-info" / "METADATA"
    text = metadata.read_text(encoding="utf-8")
    assert f"\nVersion: {VERSION}\n" in text
    assert "Python :: 3.14\n" in text
    assert "Python :: 3.15\n" not in text
    pip(world, "download", "--dest", str(tmp_path / "d"), f"torchvision=={VISION}")
    assert [f.name for f in (tmp_path / "d").iterdir()] == [
        name.replace("torch-2.15.0", "torchvision-0.30.0")
    ]


def test_the_staged_wheels_differ_from_the_channel_in_their_version_alone(world: World) -> None:
    store = channel(world)
    for name, body in staged_bytes(world).items():
        macos = "macosx" in name
        local = "" if macos else "+cu130" if "x86_64" in name and "manylinux" in name else "+cpu"
        folder = local.strip("+") or "cpu"
        key = f"whl/test/{folder}/{name.replace(VERSION, VERSION + local)}"
        source = store.get_object(Bucket="pytorch", Key=key)["Body"].read()
        with (
            zipfile.ZipFile(io.BytesIO(source)) as before,
            zipfile.ZipFile(io.BytesIO(body)) as after,
        ):
            assert after.testzip() is None
            full = f"torch-{VERSION}{local}.dist-info"
            bare = f"torch-{VERSION}.dist-info"
            expected = [n.replace(full, bare) for n in before.namelist()]
            assert after.namelist() == expected
            module = f"torch-{VERSION}.dist-info/METADATA"
            old = before.read(f"{full}/METADATA").decode().replace(f"{VERSION}{local}", VERSION)
            assert after.read(module).decode() == re.sub(r"Classifier: .* 3\.15\n", "", old)
            assert after.read("torch/version.py") == before.read("torch/version.py")
            for left in after.namelist():
                if left.startswith(bare):
                    assert local == "" or local.encode() not in after.read(left), left


def with_settings(world: World, *replaced: tuple[str, str]) -> Cockpit:
    """A cockpit with another ledger of its own, and other settings."""
    text = world.config_path.read_text(encoding="utf-8")
    text = text.replace("[ledger]\n", '[ledger]\nref = "refs/cockpit/other"\n')
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    return Cockpit(parse(text, world.directory / "other.toml"))


async def test_nothing_goes_out_before_everything_is_as_it_must_be(world: World) -> None:
    cockpit = with_settings(world, ("release_day = 2026-10-28", "release_day = 2026-11-05"))
    plan = await cockpit.plan("publish", {})
    said = "\n".join(plan.blockers)
    assert "go-decision is not signed for v2.15.0-rc1" in said
    assert "release day is in 8 d" in said
    assert "the staged wheels of torch have not been inspected" in said
    alone = await cockpit.plan("publish", {"package": "torchvision"})
    assert "8 of 12 wheels of torch 2.15.0 are published: it goes first" in alone.blockers
    before = count(world)
    with pytest.raises(Refused):
        await cockpit.carry_out(plan, Reports())
    assert count(world) == before


async def resumed(world: World) -> None:
    """Running again ends with every file there, once, and as it was staged."""
    world.faults.clear()
    outcome = await carry_out(cockpit_on(world), "publish")
    assert outcome.succeeded, outcome.problem
    assert count(world) == ALL
    digests = {n: hashlib.sha256(b).hexdigest() for n, b in staged_bytes(world).items()}
    assert published(world, "torch", VERSION) == digests


def sent(world: World) -> int:
    """How many uploads the index has been asked for."""
    return world.requests("index").writes


async def test_a_500_after_storing_and_a_lost_answer_are_settled_by_hash(world: World) -> None:
    world.faults.add(Fault(kind="error-after-storing", times=2))
    world.faults.add(Fault(kind="response-lost", service="index", methods=("POST",), after=2))
    before = sent(world)
    outcome = await carry_out(cockpit_on(world), "publish", package="torch")
    assert outcome.ending is Ending.DONE, outcome.problem
    assert len(outcome.done) == LEFT
    assert sent(world) - before == LEFT, "no file was sent twice"
    assert count(world) == ALL


async def test_an_upload_that_never_arrived_stops_and_is_taken_up_again(world: World) -> None:
    cockpit = cockpit_on(world)
    world.faults.add(Fault(kind="bad-credentials", service="index", methods=("POST",), times=1))
    refused = await carry_out(cockpit, "publish", package="torch")
    assert isinstance(refused.problem, AccessDenied)
    assert count(world) == ALL - LEFT, "a refused credential is no lost answer"
    world.faults.add(Fault(kind="server-error", service="index", methods=("POST",), after=1))
    outcome = await carry_out(cockpit, "publish")
    assert outcome.ending is Ending.FAILED
    assert isinstance(outcome.problem, Unreachable)
    assert "run the same plan again" in outcome.problem.hint
    assert count(world) == ALL - LEFT + 1
    await cockpit.refresh(*LOOKED_AT)
    verdict = GATES["index-published"].judge(cockpit.state)
    assert (verdict.outcome, verdict.pending) == (Outcome.FAILED, True)
    assert f"{TORCH - LEFT + 1} of {TORCH} wheels of torch are on the index" in verdict.text
    await resumed(world)


@pytest.mark.parametrize("same", [True, False], ids=["the same file", "another file"])
async def test_already_exists_is_settled_by_hash(world: World, same: bool) -> None:
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("publish", {"package": "torch"})
    at = TORCH - LEFT
    name, bytes_of = names(plan)[at], staged_bytes(world)
    before = count(world)
    # Somebody has published it, and the listing does not tell yet.
    body = bytes_of[name] if same else bytes_of[names(plan)[0]]
    world.index.publish_wheel(name, body, world.clock.now())
    world.faults.add(Fault(kind="late-listing", after=TORCH + at, times=2))
    reports = Reports()
    outcome = await cockpit.carry_out(plan, reports)
    if same:
        assert outcome.ending is Ending.DONE, outcome.problem
        assert outcome.done[0].split()[1] == name, "it was uploaded, and found to be there"
        assert count(world) == ALL
        return
    assert isinstance(outcome.problem, Conflict)
    assert "published as another file" in outcome.problem.title
    assert count(world) == before + 1, "it stopped at once"
    await cockpit.refresh(*LOOKED_AT)
    assert publications(cockpit.state)["torch"][at].way is Way.OTHER_PUBLISHED
    blockers = (await cockpit.plan("publish", {})).blockers
    assert any("on the index as another file" in blocker for blocker in blockers)


async def test_a_name_that_is_used_up_without_a_file_is_a_conflict(world: World) -> None:
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("publish", {"package": "torch"})
    world.index.burn(names(plan)[TORCH - LEFT])
    outcome = await cockpit.carry_out(plan, Reports())
    assert outcome.ending is Ending.CONFLICT
    assert outcome.problem is not None
    assert "is used up" in outcome.problem.title
    assert count(world) == ALL - LEFT


async def test_a_file_too_large_at_17_of_24_stops_there(released: Released, world: World) -> None:
    order = names(released.plan)
    take_away(world, *order[TORCH:])
    observed: list[StepReport] = []

    def observe(report: StepReport) -> None:
        observed.append(report)
        if count(world) == 16:
            world.index.limits = Limits(file=10)

    outcome = await cockpit_on(world).carry_out(released.plan, observe)
    assert outcome.ending is Ending.FAILED
    assert outcome.problem is not None
    assert order[16] in outcome.problem.title
    assert "File too large" in outcome.problem.detail
    assert observed[-1].outcome is StepOutcome.FAILED
    assert count(world) == 16
    world.index.limits = Limits()
    await resumed(world)


async def test_a_second_captain_sees_the_holder_and_publishes_nothing(world: World) -> None:
    first, second = cockpit_on(world), cockpit_on(world)
    plan = await first.plan("publish", {})
    loop = asyncio.get_running_loop()
    rival: list[asyncio.Future[object]] = []

    def observe(report: object) -> None:
        if count(world) == ALL - LEFT + 1 and not rival:
            rival.append(asyncio.ensure_future(second.carry_out(plan, Reports()), loop=loop))

    outcome = await first.carry_out(plan, observe)
    assert outcome.ending is Ending.DONE, outcome.problem
    (refused,) = await asyncio.gather(*rival, return_exceptions=True)
    assert isinstance(refused, Refused)
    assert "holds the lease" in refused.title
    assert count(world) == ALL


async def test_killed_between_files_and_after_an_upload_it_goes_on(world: World) -> None:
    at = TORCH - LEFT
    await killed_at(world.config_path, "publish", at, "verify")
    assert count(world) == at + TORCH + 1, "it was uploaded, and nobody recorded it"
    await killed_at(world.config_path, "publish", at + 2, "apply")
    assert count(world) == at + TORCH + 2
    await resumed(world)


async def test_a_rebuilt_wheel_is_never_staged_over_the_other_unasked(
    released: Released, world: World
) -> None:
    cockpit = cockpit_on(world)
    target = world.scenario.matrix.targets[0]
    rebuilt = torch_wheel(
        Build(VERSION, "f" * 40, world.clock.now()), Wheel(target, "cu130", "3.12"), prefix="test/"
    )
    before = channel(world).get_object(Bucket="pytorch", Key=rebuilt.key)
    body, labels = before["Body"].read(), before["Metadata"]
    put(world, rebuilt)
    try:
        refused = await cockpit.plan("stage", {"package": "torch"})
        assert any("is published: it cannot be staged" in b for b in refused.blockers)
        take_away(world, *names(released.plan)[:TORCH])
        outcome = await carry_out(cockpit, "stage", package="torch")
        assert outcome.ending is Ending.CONFLICT
        assert outcome.problem is not None
        assert "--replace" in outcome.problem.detail
        blocked = await cockpit.plan("publish", {"package": "torch"})
        assert any("staged from a file that has been replaced" in b for b in blocked.blockers)
        anew = await carry_out(cockpit, "stage", package="torch", replace="yes")
        assert (anew.ending, len(anew.done)) == (Ending.DONE, 1)
        looked = await carry_out(cockpit, "inspect", package="torch")
        assert looked.ending is Ending.DONE
        *_, (_, event) = cockpit.backends.ledger.read().events(WheelsInspected)
        assert any("was built from fffffff, not from" in flaw for flaw in event.flaws)
        assert any("fffffff" in b for b in (await cockpit.plan("publish", {})).blockers)
    finally:
        channel(world).put_object(Bucket="pytorch", Key=rebuilt.key, Body=body, Metadata=labels)
    assert (await carry_out(cockpit, "stage", package="torch", replace="yes")).succeeded
    assert (await carry_out(cockpit, "inspect", package="torch")).succeeded


async def test_staging_again_gives_the_same_bytes_and_a_rival_is_seen(world: World) -> None:
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("stage", {"package": "torchvision"})
    first = plan.steps[0]
    name = first.facts.summary.split()[1]
    key = f"torchvision-{VISION}-pypi-staging/{name}"
    store = channel(world)
    before = store.get_object(Bucket=AREA, Key=key)["Body"].read()
    store.delete_object(Bucket=AREA, Key=key)
    assert first.probe().state is StepState.TODO
    first.apply(lambda _: None, threading.Event())
    assert store.get_object(Bucket=AREA, Key=key)["Body"].read() == before
    with pytest.raises(Conflict):
        first.apply(lambda _: None, threading.Event())
    assert (await carry_out(cockpit, "inspect", package="torchvision")).succeeded


def test_what_the_index_says_is_told_apart(world: World, tmp_path: Path) -> None:
    index = cockpit_on(world).backends.package_index
    name = next(name for name in staged_bytes(world) if world.index.path(name) is None)
    body = staged_bytes(world)[name]
    path = tmp_path / name
    path.write_bytes(body)
    told: list[tuple[int, int]] = []
    assert index.upload(path, lambda *sent: told.append(sent)).taken is Taken.YES
    assert told[-1][0] == told[-1][1] > len(body)
    assert index.upload(path, lambda *_: None).taken is Taken.NAME_USED
    world.faults.add("unreachable@index:0")
    assert index.upload(path, lambda *_: None).taken is Taken.UNCLEAR
    with pytest.raises(Unreachable):
        index.project("torch", VERSION)
    world.faults.clear()
    assert index.project("no-such-project", "1.0") is None
    listed = index.project("torch", VERSION)
    assert listed is not None
    assert listed.file(name) is not None
    assert listed.other_bytes > 0
