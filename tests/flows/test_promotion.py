"""Promotion on a world: the whole way, and every fault of its stores on the way."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from cockpit.backends.objectstore_writes import WritableStore
from cockpit.config import parse
from cockpit.errors import Refused
from cockpit.operations import patience
from cockpit.operations.plan import Plan
from cockpit.operations.runner import Ending, StepReport
from cockpit.rehearsal import remotes
from cockpit.rehearsal.faults import Fault, FaultKind
from cockpit.rehearsal.packages import BUCKET, MIRROR_BUCKET
from cockpit.rehearsal.serving import ServiceName
from cockpit.rehearsal.world import World
from cockpit.release.gates import GATES
from cockpit.release.index_state import IndexFault
from cockpit.release.promotion import STABLE, Likeness
from cockpit.release.record import StepDone
from cockpit.release.signoffs import Signed
from cockpit.release.verdicts import Outcome
from cockpit.runtime import Cockpit
from tests.flows.killed_promotion import PART, killed_moving
from tests.flows.on_the_index import candidate_of
from tests.flows.promotions import (
    make_ready,
    mirror,
    mirrored,
    promoted,
    stable,
    take_back,
)
from tests.flows.releases import Reports, channel, cockpit_on

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

FILES = 31
TORCH = 10
SERVICES: tuple[ServiceName, ...] = ("s3", "mirror")
LOSING: tuple[FaultKind, ...] = ("response-lost", "half-upload", "reset")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("promotion") / "world"
    with World.start(directory, scenario="small") as world:
        asyncio.run(make_ready(world))
        yield world


@pytest.fixture
def world(ready: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world whose candidate is signed, with nothing promoted."""
    monkeypatch.setattr(patience, "_FIRST_PAUSE_S", 0.01)
    ready.faults.clear()
    take_back(ready)
    return ready


def carried(head: HeadObjectOutputTypeDef) -> tuple[str, int, str, dict[str, str]]:
    return head["ContentType"], head["ContentLength"], head["ETag"], head["Metadata"]


async def gates(cockpit: Cockpit) -> dict[str, Outcome]:
    await cockpit.refresh("promotion")
    names = ("stable-verified", "libtorch-promoted", "mirrored", "index-reconciled")
    return {name: GATES[name].judge(cockpit.state).outcome for name in names}


def assert_all_is_carried(cockpit: Cockpit, world: World) -> None:
    """Metadata, type and access are the source's, and the ledger names each file."""
    keys = set(stable(world))
    heads = {
        (bucket, key): store.head_object(Bucket=bucket, Key=key)
        for store, bucket in ((channel(world), BUCKET), (mirror(world), MIRROR_BUCKET))
        for key in keys
        if "vision" not in key
    }
    for (bucket, key), copy in heads.items():
        source = channel(world).head_object(Bucket=BUCKET, Key=key.replace("/", "/test/", 1))
        if bucket == BUCKET or source["Metadata"]:
            assert carried(copy) == carried(source)
    grants = channel(world).get_object_acl(Bucket=BUCKET, Key=min(keys))["Grants"]
    assert any(grant["Permission"] == "READ" for grant in grants)
    done = [event for _, event in cockpit.backends.ledger.read().events(StepDone)]
    assert {part.split()[0] for event in done for part in event.parts} == keys


async def test_the_whole_way_with_no_memory_of_what_ran(world: World) -> None:
    cockpit = cockpit_on(world)
    assert set((await gates(cockpit)).values()) == {Outcome.FAILED}
    plan, outcome = await promoted(cockpit)
    assert (plan.blockers, outcome.ending) == ((), Ending.DONE), outcome.problem
    assert len(stable(world)) == FILES
    assert stable(world) == mirrored(world)
    assert_all_is_carried(cockpit, world)
    assert not stable(world, "executorch", "2.16.0"), "names are parsed, not compared"
    others = cockpit_on(world)
    assert await gates(others) == {
        "stable-verified": Outcome.PASSED,
        "libtorch-promoted": Outcome.PASSED,
        "mirrored": Outcome.PASSED,
        "index-reconciled": Outcome.FAILED,
    }
    waiting = GATES["index-reconciled"].judge(others.state)
    assert waiting.pending, "the index is only late"
    assert "not in the index of stable" in waiting.text
    world.clock.advance(timedelta(hours=1))
    assert set((await gates(others)).values()) == {Outcome.PASSED}
    again, nothing = await promoted(cockpit_on(world))
    assert (again.digest, nothing.ending) == (plan.digest, Ending.NOTHING_TO_DO)


async def test_metadata_that_pages_announce_is_looked_for_once(world: World) -> None:
    cockpit = cockpit_on(world)
    await promoted(cockpit, package="torchvision")
    world.clock.advance(timedelta(hours=1))
    sidecars = [key for key in stable(world) if key.endswith(".metadata")]

    async def wrong(cockpit: Cockpit) -> dict[str, list[IndexFault]]:
        await cockpit.refresh("promotion")
        promotion = cockpit.state.promotion.whole
        assert promotion is not None
        indexed = [s for s in promotion.standings if s.release.package == "torchvision"]
        return {s.at: [each.fault for each in s.index.wrong] for s in indexed if s.index}

    def asked_for(service: ServiceName) -> int:
        found = world.requests(service).recent
        return sum(r.target.endswith(".whl.metadata") and "/test/" not in r.target for r in found)

    assert await wrong(cockpit) == {"stable": [], "r2": []}
    before = [asked_for(service) for service in SERVICES]
    assert min(before) >= len(sidecars) > 0
    assert await wrong(cockpit) == {"stable": [], "r2": []}
    assert [asked_for(service) for service in SERVICES] == before, "nothing is asked again"
    channel(world).delete_object(Bucket=BUCKET, Key=sidecars[0])
    assert (await wrong(cockpit))["stable"] == [IndexFault.METADATA_ASTRAY]
    world.faults.add("other-metadata@mirror")
    assert await wrong(cockpit) == {
        "stable": [IndexFault.METADATA_ASTRAY],
        "r2": [IndexFault.METADATA_DIFFERS] * len(sidecars),
    }
    world.faults.clear()
    world.faults.add("lost-metadata@mirror")
    assert await wrong(cockpit_on(world)) == {
        "stable": [IndexFault.METADATA_ASTRAY],
        "r2": [IndexFault.METADATA_ASTRAY] * len(sidecars),
    }


class TestRefusals:
    async def test_only_the_signed_and_pinned_candidate(self, world: World) -> None:
        text = world.config_path.read_text(encoding="utf-8")
        other = text.replace('remote = "remotes/ledger.git"', 'remote = "remotes/other.git"')
        remotes.create(world.directory / "remotes/other.git")
        cockpit = Cockpit(parse(other, world.directory / "unsigned.toml"))
        plan = await cockpit.plan("promote", {"package": "libtorch"})
        assert "this candidate ships” is not settled" in plan.blockers[0]
        assert "v2.15.0-rc1 of pytorch/pytorch is not pinned" in plan.blockers[1]
        with pytest.raises(Refused):
            await cockpit.carry_out(plan, Reports())
        signed = Signed("go-decision", candidate_of(world))
        cockpit.backends.ledger.append(signed)
        plan = await cockpit.plan("promote", {"package": "libtorch"})
        assert plan.blockers[0].endswith("; 1 more signature needed")

    async def test_a_wheel_of_another_commit_or_a_missing_one(self, world: World) -> None:
        store = channel(world)
        folder = "whl/test/cpu/"
        found = store.list_objects_v2(Bucket=BUCKET, Prefix=folder + "torch-2.15.0")["Contents"]
        odd, gone = found[0]["Key"], found[1]["Key"]
        kept = {key: store.get_object(Bucket=BUCKET, Key=key) for key in (odd, gone)}
        bodies = {key: answer["Body"].read() for key, answer in kept.items()}
        wheel = bodies[odd]
        sha = world.forge.repositories["pytorch/pytorch"].seen_refs["refs/tags/v2.15.0-rc1"]
        store.put_object(Bucket=BUCKET, Key=odd, Body=wheel.replace(sha.encode(), b"a" * 40))
        store.delete_object(Bucket=BUCKET, Key=gone)
        try:
            plan = await cockpit_on(world).plan("promote", {"package": "torch"})
            words = {"package": "torch", "allow-missing": "ROCm comes later"}
            allowed = await cockpit_on(world).plan("promote", words)
        finally:
            for key, body in bodies.items():
                store.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=kept[key]["Metadata"])
        told = "\n".join(plan.blockers)
        assert "could not be looked into" in told or "not built from" in told
        assert "1 file of torch 2.15.0 missing from the test channel" in told
        assert "missing" not in "\n".join(allowed.blockers)
        assert "ROCm comes later" in "\n".join(allowed.warnings)

    async def test_a_mirror_without_its_credential_is_a_blocker(self, world: World) -> None:
        credentials = world.directory / "credentials.env"
        text = credentials.read_text(encoding="utf-8")
        credentials.write_text(text.replace("R2_SECRET_ACCESS_KEY=", "NO="), encoding="utf-8")
        try:
            cockpit = cockpit_on(world)
            plan = await cockpit.plan("promote", {"package": "libtorch"})
            assert "R2_SECRET_ACCESS_KEY is not set" in plan.blockers[0]
            assert (await gates(cockpit))["mirrored"] is Outcome.UNKNOWN
        finally:
            credentials.write_text(text, encoding="utf-8")

    async def test_a_credential_that_ends_too_soon_is_told_with_numbers(self, world: World) -> None:
        credentials = world.directory / "credentials.env"
        text = credentials.read_text(encoding="utf-8")
        soon = (datetime.now(UTC) - timedelta(seconds=5)).isoformat()
        credentials.write_text(f"{text}AWS_CREDENTIAL_EXPIRATION={soon}\n", encoding="utf-8")
        try:
            plan = await cockpit_on(world).plan("promote", {"package": "libtorch"})
        finally:
            credentials.write_text(text, encoding="utf-8")
        assert "is good for 0 s, and this takes about" in plan.outlook.warnings[0]

    async def test_another_version_or_package_is_refused(self, world: World) -> None:
        from cockpit.errors import ConfigError

        for words in ({"package": "torch", "version": "2.15.1"}, {"package": "executorch"}):
            with pytest.raises(ConfigError, match=r"2\.15\.1|executorch"):
                await cockpit_on(world).plan("promote", words)


class TestFaults:
    async def test_bursts_are_outlasted_and_lost_answers_settled(self, world: World) -> None:
        for service in SERVICES:
            for status in (500, 503):
                fault = Fault(kind="server-error", methods=("PUT",), times=6, status=status)
                world.faults.add(msgspec.structs.replace(fault, service=service))
            for kind in LOSING:
                world.faults.add(Fault(kind=kind, service=service, methods=("PUT",), times=2))
        _, outcome = await promoted(cockpit_on(world), package="torch")
        assert outcome.ending is Ending.DONE, outcome.problem
        assert stable(world) == mirrored(world)
        assert len(stable(world)) == TORCH

    async def test_a_file_that_is_there_and_different_blocks(self, world: World) -> None:
        cockpit = cockpit_on(world)
        plan = await cockpit.plan("promote", {"package": "libtorch"})
        key = plan.steps[0].facts.expects[0].what
        channel(world).put_object(Bucket=BUCKET, Key=key, Body=b"something else")
        before = stable(world)
        outcome = await cockpit.carry_out(plan, Reports())
        assert outcome.ending is Ending.CONFLICT
        assert f"{key} has 14 bytes" in str(outcome.problem)
        assert stable(world)[key] == before[key], "nothing was overwritten"
        blocked = await cockpit_on(world).plan("promote", {"package": "libtorch"})
        assert any("DIFFERENT" in blocker for blocker in blocked.blockers)
        await cockpit.refresh("promotion")
        assert "differs" in GATES["libtorch-promoted"].judge(cockpit.state).text

    async def test_what_changes_during_the_copy_is_never_called_promoted(
        self, world: World
    ) -> None:
        """The default server heeds no condition of a copy, so that here it is found afterwards."""
        cockpit = cockpit_on(world)
        plan = await cockpit.plan("promote", {"package": "libtorch"})
        source = plan.steps[0].facts.expects[0].found.rpartition("from ")[2]
        kept = channel(world).get_object(Bucket=BUCKET, Key=source)
        body = kept["Body"].read()
        path = f"^/pytorch/{source.replace('test/', '')}".replace("+", r"\+")
        world.faults.add(Fault(kind="source-changes", path=path))
        outcome = await cockpit.carry_out(plan, Reports())
        channel(world).put_object(Bucket=BUCKET, Key=source, Body=body, Metadata=kept["Metadata"])
        assert outcome.ending in (Ending.CONFLICT, Ending.FAILED)
        await cockpit.refresh("promotion")
        promotion = cockpit.state.promotion.value
        assert promotion is not None
        (found,) = [s for s in promotion.at(STABLE) if s.release.package == "libtorch"]
        assert len(found.of(Likeness.DIFFERENT)) == 1

    async def test_a_wrong_checksum_goes_no_further_than_the_first_copy(self, world: World) -> None:
        key = "libtorch/test/cpu/libtorch-shared-with-deps-2.15.0+cpu.zip"
        body = channel(world).get_object(Bucket=BUCKET, Key=key)["Body"].read()
        wrong = {"checksum-sha256": "0" * 64}
        world.clock.advance(timedelta(seconds=5))  # the store tells the time of a change in seconds
        channel(world).put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=wrong)
        cockpit = cockpit_on(world)
        told = f"sha256 {hashlib.sha256(body).hexdigest()}, and claims {'0' * 64}"
        plan, outcome = await promoted(cockpit, package="libtorch")
        assert "checksum of 1 file: what it claims is checked" in "".join(plan.outlook.summary)
        again = await cockpit.carry_out(plan, Reports())
        assert again.ending is Ending.CONFLICT, "it does not count as done"
        blocked = await cockpit_on(world).plan("promote", {"package": "libtorch"})
        assert told in "".join(blocked.blockers)
        channel(world).put_object(Bucket=BUCKET, Key=key, Body=body)
        assert outcome.ending is Ending.FAILED
        assert told in str(outcome.problem)
        assert "stays there as it is" in str(outcome.problem)
        assert not mirrored(world)

    async def test_a_checksum_that_the_store_contradicts_is_known_before_anything_is_copied(
        self, world: World
    ) -> None:
        store, key = channel(world), "libtorch/test/cpu/libtorch-shared-with-deps-2.15.0+cpu.zip"
        body = store.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        world.clock.advance(timedelta(seconds=5))
        wrong = {"checksum-sha256": "0" * 64}
        store.put_object(
            Bucket=BUCKET, Key=key, Body=body, Metadata=wrong, ChecksumAlgorithm="SHA256"
        )
        cockpit = cockpit_on(world)
        try:
            plan = await cockpit.plan("promote", {"package": "libtorch"})
            with pytest.raises(Refused):
                await cockpit.carry_out(plan, Reports())
            verdicts = await gates(cockpit)
        finally:
            store.put_object(Bucket=BUCKET, Key=key, Body=body)
        words = f"{key} claims sha256 {'0' * 64}, and its bytes have"
        assert f"{words} {hashlib.sha256(body).hexdigest()}" in "".join(plan.blockers)
        assert not stable(world)
        assert "claims another checksum" in GATES["libtorch-promoted"].judge(cockpit.state).text
        assert verdicts["libtorch-promoted"] is Outcome.FAILED

    async def test_orphaned_uploads_are_found_and_aborted(self, world: World) -> None:
        store, key = channel(world), "whl/cu130/torch-2.15.0+cu130-cp310-cp310-linux_x86_64.whl"
        store.create_multipart_upload(Bucket=BUCKET, Key=key)
        cockpit = cockpit_on(world)
        await cockpit.refresh("promotion")
        promotion = cockpit.state.promotion.value
        assert promotion is not None
        assert [orphan.key for orphan in promotion.orphans] == [key]
        plan = await cockpit.plan("abort-uploads", {})
        assert (await cockpit.carry_out(plan, Reports())).ending is Ending.DONE
        assert "Uploads" not in store.list_multipart_uploads(Bucket=BUCKET)

    async def test_a_bad_moment_costs_a_part_and_not_the_file(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(WritableStore, "sent_part", PART)
        store, key = channel(world), "libtorch/test/cpu/libtorch-shared-with-deps-2.15.0+cpu.zip"
        kept = store.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        large = b"\0" * PART + kept
        world.clock.advance(timedelta(seconds=5))
        store.put_object(Bucket=BUCKET, Key=key, Body=large, ChecksumAlgorithm="SHA256")
        outage = Fault(kind="server-error", methods=("PUT",), times=7, status=500, after=1)
        world.faults.add(msgspec.structs.replace(outage, service="mirror"))
        lost = Fault(kind="response-lost", methods=("POST",), times=1, after=1)
        world.faults.add(msgspec.structs.replace(lost, service="mirror"))
        cockpit = cockpit_on(world)
        _, outcome = await promoted(cockpit, package="libtorch")
        store.put_object(Bucket=BUCKET, Key=key, Body=kept)
        assert outcome.ending is Ending.DONE, outcome.problem
        told = [line.text for line in cockpit.command_log.lines]
        assert sum("create-multipart-upload" in line for line in told) == 1
        (copied,) = mirrored(world)
        assert mirror(world).get_object(Bucket=MIRROR_BUCKET, Key=copied)["Body"].read() == large
        assert "Uploads" not in mirror(world).list_multipart_uploads(Bucket=MIRROR_BUCKET)

    async def test_a_mirror_that_dies_at_the_end_is_made_up_for(self, world: World) -> None:
        cockpit = cockpit_on(world)
        words = {"package": "torch", "mirrors-only": "yes"}
        (early,) = (await cockpit.plan("promote", words)).blockers
        assert f"{TORCH} files of torch 2.15.0 not in the stable channel" in early
        plan = await cockpit.plan("promote", {"package": "torch"})
        dead = Fault(kind="server-error", service="mirror", methods=("PUT",), times=0, after=7)
        world.faults.add(dead)
        outcome = await cockpit.carry_out(plan, Reports())
        world.faults.clear()
        assert outcome.ending is Ending.FAILED
        assert len(stable(world)) == TORCH
        assert len(mirrored(world)) < TORCH
        world.faults.add("unreachable@mirror:0")
        cut_off = await cockpit.plan("promote", {"package": "torch"})
        with pytest.raises(Refused, match="promote is blocked"):
            await cockpit.carry_out(cut_off, Reports())
        world.faults.clear()
        resumed = await cockpit.carry_out(await cockpit.plan("promote", words), Reports())
        assert resumed.ending is Ending.DONE
        assert mirrored(world) == stable(world)

    async def test_an_expired_token_pauses_until_a_new_login(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(patience, "RELOGIN_S", 0.05)
        cockpit = cockpit_on(world)
        plan = await cockpit.plan("promote", {"package": "torch"})
        world.faults.add(Fault(kind="expired-token", service="s3", methods=("PUT",), after=6))
        paused: list[str] = []

        def observe(report: StepReport) -> None:
            if report.progress.paused and not paused:
                paused.append(report.progress.paused)
                world.renew_s3_credentials()

        outcome = await cockpit.carry_out(plan, observe)
        assert outcome.ending is Ending.DONE, outcome.problem
        assert "have expired: log in to AWS again" in paused[0]
        assert len(stable(world)) == TORCH

    async def test_two_captains_promote_once(self, world: World) -> None:
        first, second = cockpit_on(world), cockpit_on(world)
        words = {"package": "libtorch"}
        plans = [await each.plan("promote", words) for each in (first, second)]
        runs = zip((first, second), plans, strict=True)
        answers = await asyncio.gather(
            *(each.carry_out(plan, Reports()) for each, plan in runs), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        assert len(refused) == 1
        assert "holds the lease" in refused[0].title
        assert len(stable(world)) == 1

    async def test_a_stop_comes_between_two_objects(self, world: World) -> None:
        cancel = threading.Event()
        cancel.set()
        cockpit = cockpit_on(world)
        plan = await cockpit.plan("promote", {"package": "libtorch"})
        outcome = await cockpit.carry_out(plan, Reports(), cancel)
        assert outcome.ending is Ending.CANCELLED
        assert not stable(world)


async def test_killed_between_and_inside_of_objects_it_resumes(world: World) -> None:
    cockpit, words = cockpit_on(world), {"package": "torch"}
    digest = (await cockpit.plan("promote", words)).digest
    await killed_moving(world, ("receive", "after", 3), "promote", "package=torch")
    begun = len(stable(world)) + len(mirrored(world))
    assert 0 < begun < 2 * TORCH
    plan: Plan = await cockpit.plan("promote", words)
    assert plan.digest == digest, "the plan does not depend on how far an earlier run came"
    outcome = await cockpit.carry_out(plan, Reports())
    assert outcome.ending is Ending.DONE
    assert len(stable(world)) == TORCH
    assert stable(world) == mirrored(world)
