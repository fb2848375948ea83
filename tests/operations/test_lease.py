"""Two captains at once: one runs, the other is told who, what and since when; and how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.backends.git import GitClones
from cockpit.errors import Refused
from cockpit.ledger.store import LedgerStore
from cockpit.operations.lease import TERM, LeaseDesk
from cockpit.operations.plan import Danger, Plan, Probe, Progress, StepFacts, StepState
from cockpit.operations.runner import Ending, Outcome, Runner, StepReport
from cockpit.release.record import LeaseTaken, OperationFinished
from tests.gitrepos import BareRepo
from tests.ledger.test_store import REF, StandingClock, store_of


class HeldStep:
    """A step that is under way until the test lets it end; it counts how often it was applied."""

    def __init__(self) -> None:
        self.facts = StepFacts("promote/torch", "Promote torch", "aws s3 cp a b")
        self.applied = 0
        self.under_way = threading.Event()
        self.go_on = threading.Event()

    def probe(self) -> Probe:
        """It never was done before."""
        return Probe(StepState.TODO)

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Wait for the test."""
        self.applied += 1
        self.under_way.set()
        assert self.go_on.wait(60)

    def verify(self) -> Probe:
        """Done, once it was applied."""
        return Probe(StepState.DONE if self.applied else StepState.TODO)


def plan(*steps: HeldStep) -> Plan:
    return Plan("promote", "v2.13.0", "Promote.", Danger.IRREVERSIBLE, "v2.13.0", steps)


def ignore(_: StepReport) -> None:
    """An observer that does not look."""


@pytest.fixture
def remote(tmp_path: Path) -> BareRepo:
    """Where the ledger is kept."""
    return BareRepo(tmp_path / "ledger.git")


@pytest.fixture
def clock() -> StandingClock:
    """The release's time."""
    return StandingClock()


@pytest.fixture
def stores(remote: BareRepo, tmp_path: Path, clock: StandingClock) -> list[LedgerStore]:
    """Two captains' cockpits, each on a machine of its own."""
    return [store_of(name, remote, tmp_path, clock) for name in ("cora", "otto")]


async def test_of_two_captains_in_the_same_second_one_runs_and_the_other_sees_who_and_what(
    stores: list[LedgerStore],
) -> None:
    step = HeldStep()

    async def press(store: LedgerStore) -> Outcome | Refused:
        try:
            return await Runner(store, read_only=False).run(plan(step), ignore)
        except Refused as refusal:
            step.go_on.set()
            return refusal

    ends = await asyncio.gather(*map(press, stores))
    assert step.applied == 1
    (refusal,) = (end for end in ends if isinstance(end, Refused))
    (outcome,) = (end for end in ends if isinstance(end, Outcome))
    assert outcome.ending is Ending.DONE
    winner = "cora" if isinstance(ends[0], Outcome) else "otto"
    assert refusal.title == f"{winner.title()} holds the lease"
    assert refusal.detail.startswith(
        f"for promote v2.13.0, from {winner}-desk, since 12:00:00 UTC, until 12:10:00 UTC"
    )
    ledger = stores[0].read()
    assert [event.operation for _, event in ledger.events(OperationFinished)] == ["promote"]
    assert ledger.lease is None


async def test_a_heartbeat_prolongs_the_lease_and_its_loss_stops_between_steps(
    stores: list[LedgerStore], clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.operations.runner.TERM", timedelta(seconds=0.3))
    mine, theirs = stores
    first, second = HeldStep(), HeldStep()
    second.facts = StepFacts("promote/vision", "Promote vision", "aws s3 cp c d")
    cancel = threading.Event()
    running = asyncio.create_task(
        Runner(mine, read_only=False).run(plan(first, second), ignore, cancel)
    )
    await asyncio.to_thread(first.under_way.wait, 30)
    clock.time += timedelta(minutes=5)

    def prolonged() -> bool:
        lease = theirs.read().lease
        return lease is not None and lease.expires_at == clock.time + TERM

    while not await asyncio.to_thread(prolonged):
        pass
    lease = theirs.read().lease
    assert lease is not None
    assert clock.time - lease.taken_at == timedelta(minutes=5)
    LeaseDesk(theirs, "restore").take("Cora's train is in a tunnel")
    await asyncio.to_thread(cancel.wait, 30)
    first.go_on.set()
    assert (await running).ending is Ending.CANCELLED
    assert second.applied == 0
    held = theirs.read().lease
    assert held is not None
    assert (held.holder, held.operation) == ("Otto", "restore")


def test_what_has_expired_is_taken_over_and_the_ledger_says_why(
    stores: list[LedgerStore], clock: StandingClock
) -> None:
    mine, theirs = stores
    LeaseDesk(mine, "promote").take()
    with pytest.raises(Refused, match="Cora holds the lease"):
        LeaseDesk(theirs, "promote").take()
    clock.time += TERM
    LeaseDesk(theirs, "promote").take()
    reasons = [event.took_over for _, event in mine.read().events(LeaseTaken)]
    assert reasons == ["", "it expired at 12:10:00 UTC"]


def test_a_lease_of_an_unsigned_hand_is_told_from_a_signed_one(
    remote: BareRepo, tmp_path: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key"
    keygen(key)
    allowed = tmp_path / "allowed"
    allowed.write_text(f"cora@example.org {key.with_suffix('.pub').read_text()}")
    config = tmp_path / "gitconfig"
    config.write_text(
        f'[gpg]\nformat = ssh\n[gpg "ssh"]\nallowedSignersFile = {allowed}\n'
        f"[user]\nsigningkey = {key}\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    git = GitClones(tmp_path / "signing", identity=("Cora", "cora@example.org"), sign=True)
    signing = LedgerStore(git, remote.remote, REF, cockpit_version="1", host="desk", clock=clock)
    LeaseDesk(signing, "promote").take()
    LeaseDesk(store_of("otto", remote, tmp_path, clock), "promote").take("testing")
    reader = store_of("rita", remote, tmp_path, clock)
    assert [recorded.signature for recorded in reader.read().entries] == ["G", "N"]


def keygen(path: Path) -> None:
    """A key to sign commits with, without a passphrase."""
    import subprocess

    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
