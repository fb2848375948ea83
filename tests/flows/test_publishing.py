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
from tests.conftest import clean_environment
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

LOOKED_AT = ("branches", "ledger", "artifacts", "publishing", "dependencies")
ALL, TORCH, LEFT = 24, 12, 4
"""Wheels of the release, of torch alone, and of torch that are published in most tests."""


class Released(msgspec.Struct, frozen=True):
    """A world on release day: go was said, everything is promoted, staged and inspected."""

    world: World
    cockpit: Cockpit
    """One for most tests: connecting to S3 takes longer than many of them."""
    plan: Plan
    """What would be published."""
    staged: dict[str, bytes]
    """The staged wheels of all packages, byte for byte."""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Released]:
    """Staged without the runner, whose entries in the ledger other tests look at."""
    directory = tmp_path_factory.mktemp("publishing") / "world"
    with pytest.MonkeyPatch.context() as patch, World.start(directory, scenario="matrix") as world:
        for name, value in clean_environment(directory).items():
            patch.setenv(name, value)
        cockpit = cockpit_on(world)
        make_ready(world, cockpit)
        for step in asyncio.run(cockpit.plan("stage", {})).steps:
            step.apply(lambda _: None, threading.Event())
        outcome = asyncio.run(carry_out(cockpit, "inspect"))
        assert outcome.ending is Ending.DONE, outcome.problem
        plan = asyncio.run(cockpit.plan("publish", {}))
        yield Released(world, cockpit, plan, staged_bytes(world))


@pytest.fixture
def world(released: Released) -> Iterator[World]:
    """The same, with everything on the index but the last wheels of torch."""
    order = names(released.plan)
    take_away(released.world, *order)
    for name in (*order[: TORCH - LEFT], *order[TORCH:]):
        released.world.index.publish_wheel(name, released.staged[name], released.world.clock.now())
    yield released.world
    released.world.faults.clear()
    released.world.index.limits = Limits()
    take_away(released.world, *order)


@pytest.fixture
def cockpit(released: Released) -> Cockpit:
    """The cockpit that everything was done with."""
    return released.cockpit


def torch_of(released: Released) -> dict[str, bytes]:
    """The staged wheels of torch."""
    return {name: body for name, body in released.staged.items() if name.startswith("torch-")}


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
    """Every staged wheel of the release, byte for byte."""
    found = {}
    for package, version in (("torch", VERSION), ("torchvision", VISION)):
        prefix = f"{package}-{version}-pypi-staging/"
        for item in channel(world).list_objects_v2(Bucket=AREA, Prefix=prefix)["Contents"]:
            held = channel(world).get_object(Bucket=AREA, Key=item["Key"])
            found[item["Key"].removeprefix(prefix)] = held["Body"].read()
    return found


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
    world, cockpit, plan = released.world, released.cockpit, released.plan
    take_away(world, *names(plan))
    assert plan.blockers == ()
    assert plan.target == f"torch {VERSION} and torchvision {VISION} → rehearsal"
    outcome = await cockpit.carry_out(plan, Reports())
    assert (outcome.ending, len(outcome.done)) == (Ending.DONE, ALL), outcome.problem
    torch = published(world, "torch", VERSION)
    listed = torch | published(world, "torchvision", VISION)
    assert list(listed) == names(plan), "torch before its libraries, one system after the other"
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in released.staged.items()}
    assert digests == listed
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
    fetched = [file.name for file in (tmp_path / "d").iterdir()]
    assert fetched == [name.replace(f"torch-{VERSION}", f"torchvision-{VISION}")]
    take_away(world, *names(plan))


def test_the_staged_wheels_differ_from_the_channel_in_their_version_alone(
    released: Released,
) -> None:
    store = channel(released.world)
    for name, body in torch_of(released).items():
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
    assert "The release team decides: this candidate ships” is not settled" in said
    assert "v2.15.0-rc1 of pytorch/pytorch is not pinned" in said
    assert "release day is in 8 d" in said
    assert "the staged wheels of torch have not been inspected" in said
    alone = await cockpit.plan("publish", {"package": "torchvision"})
    assert "8 of 12 wheels of torch 2.15.0 are published: it goes first" in alone.blockers
    before = count(world)
    with pytest.raises(Refused):
        await cockpit.carry_out(plan, Reports())
    assert count(world) == before


async def resumed(released: Released) -> None:
    """Running again ends with every file there, once, and as it was staged."""
    world = released.world
    world.faults.clear()
    outcome = await released.cockpit.carry_out(released.plan, Reports())
    assert outcome.succeeded, outcome.problem
    assert count(world) == ALL
    digests = {n: hashlib.sha256(b).hexdigest() for n, b in torch_of(released).items()}
    assert published(world, "torch", VERSION) == digests


def sent(world: World) -> int:
    """How many uploads the index has been asked for."""
    return world.requests("index").writes


async def test_a_500_after_storing_and_a_lost_answer_are_settled_by_hash(
    released: Released, world: World
) -> None:
    world.faults.add(Fault(kind="error-after-storing", times=2))
    world.faults.add(Fault(kind="response-lost", service="index", methods=("POST",), after=2))
    before = sent(world)
    outcome = await released.cockpit.carry_out(released.plan, Reports())
    assert outcome.ending is Ending.DONE, outcome.problem
    assert len(outcome.done) == LEFT
    assert sent(world) - before == LEFT, "no file was sent twice"
    assert count(world) == ALL


async def test_an_upload_that_never_arrived_stops_and_is_taken_up_again(
    released: Released, world: World
) -> None:
    cockpit, plan = released.cockpit, released.plan
    world.faults.add(Fault(kind="bad-credentials", service="index", methods=("POST",), times=1))
    refused = await cockpit.carry_out(plan, Reports())
    assert isinstance(refused.problem, AccessDenied)
    assert count(world) == ALL - LEFT, "a refused credential is no lost answer"
    world.faults.add(Fault(kind="server-error", service="index", methods=("POST",), after=1))
    outcome = await cockpit.carry_out(plan, Reports())
    assert outcome.ending is Ending.FAILED
    assert isinstance(outcome.problem, Unreachable)
    assert "run the same plan again" in outcome.problem.hint
    assert count(world) == ALL - LEFT + 1
    await cockpit.refresh(*LOOKED_AT)
    verdict = GATES["index-published"].judge(cockpit.state)
    assert (verdict.outcome, verdict.pending) == (Outcome.FAILED, True)
    assert f"{TORCH - LEFT + 1} of {TORCH} wheels of torch are on the index" in verdict.text
    await resumed(released)


@pytest.mark.parametrize("same", [True, False], ids=["the same file", "another file"])
async def test_already_exists_is_settled_by_hash(
    released: Released, world: World, same: bool
) -> None:
    cockpit, plan, bytes_of = released.cockpit, released.plan, released.staged
    at = TORCH - LEFT
    name = names(plan)[at]
    before = count(world)
    # Somebody has published it, and the listing does not tell yet.
    body = bytes_of[name] if same else bytes_of[names(plan)[0]]
    world.index.publish_wheel(name, body, world.clock.now())
    world.faults.add(Fault(kind="late-listing", after=TORCH + at, path="/simple/torch/", times=2))
    outcome = await cockpit.carry_out(plan, Reports())
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


async def test_a_name_that_is_used_up_without_a_file_is_a_conflict(
    released: Released, world: World
) -> None:
    world.index.burn(names(released.plan)[TORCH - LEFT])
    outcome = await released.cockpit.carry_out(released.plan, Reports())
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

    outcome = await released.cockpit.carry_out(released.plan, observe)
    assert outcome.ending is Ending.FAILED
    assert outcome.problem is not None
    assert order[16] in outcome.problem.title
    assert "File too large" in outcome.problem.detail
    assert observed[-1].outcome is StepOutcome.FAILED
    assert count(world) == 16
    world.index.limits = Limits()
    await resumed(released)


async def test_a_second_captain_sees_the_holder_and_publishes_nothing(
    released: Released, world: World
) -> None:
    first, second, plan = released.cockpit, cockpit_on(world), released.plan
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


async def test_killed_between_an_upload_and_its_record_it_goes_on(
    released: Released, world: World
) -> None:
    before = count(world)
    await killed_at(world.config_path, "publish", TORCH - LEFT + 1, "verify")
    assert count(world) == before + 2, "the second was uploaded, and nobody recorded it"
    sent_before = sent(world)
    await resumed(released)
    assert sent(world) - sent_before == LEFT - 2, "no file was sent twice"


async def test_a_rebuilt_wheel_is_never_staged_over_the_other_unasked(
    released: Released, world: World
) -> None:
    cockpit = released.cockpit
    target = world.scenario.matrix.targets[0]
    rebuilt = torch_wheel(
        Build(VERSION, "f" * 40, world.clock.now()), Wheel(target, "cu130", "3.12"), prefix="test/"
    )
    name = f"torch-{VERSION}-cp312-cp312-manylinux_2_28_x86_64.whl"
    staged = f"torch-{VERSION}-pypi-staging/{name}"
    places = (("pytorch", rebuilt.key), (AREA, staged))
    held = [channel(world).get_object(Bucket=bucket, Key=key) for bucket, key in places]
    bodies = [each["Body"].read() for each in held]
    before = list(cockpit.backends.ledger.read().events(WheelsInspected))
    put(world, rebuilt)
    refused = await cockpit.plan("stage", {"package": "torch"})
    assert any("is published: it cannot be staged" in blocker for blocker in refused.blockers)
    take_away(world, name)
    outcome = await carry_out(cockpit, "stage", package="torch")
    assert outcome.ending is Ending.CONFLICT
    assert outcome.problem is not None
    assert "--replace" in outcome.problem.detail
    assert channel(world).get_object(Bucket=AREA, Key=staged)["Body"].read() == bodies[1]
    anew = await carry_out(cockpit, "stage", package="torch", replace="yes")
    assert (anew.ending, len(anew.done)) == (Ending.DONE, 1)
    looked = await carry_out(cockpit, "inspect", package="torch")
    assert looked.ending is Ending.DONE
    *_, (_, event) = cockpit.backends.ledger.read().events(WheelsInspected)
    assert any("was built from fffffff, not from" in flaw for flaw in event.flaws)
    blockers = (await cockpit.plan("publish", {"package": "torch"})).blockers
    assert any("fffffff" in blocker for blocker in blockers)
    for (bucket, key), body, each in zip(places, bodies, held, strict=True):
        channel(world).put_object(Bucket=bucket, Key=key, Body=body, Metadata=each["Metadata"])
    cockpit.backends.ledger.append(next(e for _, e in before if e.package == "torch"))


async def test_a_trusted_publisher_is_started_unless_the_index_has_everything(
    world: World,
) -> None:
    cockpit = with_settings(
        world, ("[index]\n", '[index]\nby_workflow = { torchvision = "release-pypi" }\n')
    )
    plan = await cockpit.plan("publish", {"package": "torchvision"})
    assert any("no dry run with these inputs" in blocker for blocker in plan.blockers)
    assert "release-pypi.yml" in plan.steps[0].facts.summary
    assert "package=torchvision" in plan.steps[0].facts.command
    assert {step.probe().state for step in plan.steps} == {StepState.DONE}
    gone = next(iter(published(world, "torchvision", VISION)))
    take_away(world, gone)
    assert [step.probe().state for step in plan.steps] == [StepState.TODO] * 3
    world.index.publish_wheel(gone, b"something else", world.clock.now())
    assert plan.steps[0].probe().state is StepState.CONFLICT
    take_away(world, gone)


async def test_staging_again_gives_the_same_bytes_and_a_rival_is_seen(
    world: World, cockpit: Cockpit
) -> None:
    plan = await cockpit.plan("stage", {"package": "torchvision"})
    assert f" --bucket {AREA} --key " in plan.steps[0].facts.command
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


def test_what_the_index_says_is_told_apart(
    released: Released, world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    index = released.cockpit.backends.publisher
    name, body = next(held for held in released.staged.items() if world.index.path(held[0]) is None)
    path = tmp_path / name
    path.write_bytes(body)
    told: list[tuple[int, int]] = []
    assert index.upload(path, lambda *sent: told.append(sent)).taken is Taken.YES
    assert told[-1][0] == told[-1][1] > len(body)
    assert index.upload(path, lambda *_: None).taken is Taken.NAME_USED
    world.faults.add(Fault(kind="server-error", service="index", methods=("POST",)))
    assert index.upload(path, lambda *_: None).taken is Taken.UNCLEAR
    assert not caplog.records, "twine tells nobody of a retry that is not made"
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
