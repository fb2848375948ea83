"""The ledger on real repositories: what is written is read, and nothing is ever lost."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from cockpit.backends.git import GitClones
from cockpit.backends.ports import LedgerCommit
from cockpit.errors import Conflict, Refused, Unreachable
from cockpit.ledger.store import LedgerStore, decode, encode
from cockpit.release.record import (
    Approved,
    CandidatePinned,
    Denied,
    Dud,
    Entry,
    Frozen,
    KnownEvent,
    LeaseReleased,
    LeaseTaken,
    Ledger,
    NeedsInfo,
    Note,
    OperationFinished,
    Override,
    PlanConfirmed,
    StepDone,
    Unfrozen,
    WheelsInspected,
)
from cockpit.release.run_events import (
    CancelRequested,
    DispatchRefused,
    DispatchRequested,
    DispatchStarted,
    RerunRefused,
    RerunRequested,
    RunAdopted,
)
from cockpit.release.signoffs import (
    EvidenceFile,
    NotApplicable,
    Problem,
    Signed,
    Skipped,
    Withdrawn,
)
from tests.gitrepos import BareRepo
from tests.ledger.contention import contend

NOW = datetime(2026, 7, 1, 12, 0, 0, 250_000, tzinfo=UTC)
REF = "refs/cockpit/2.13.0"
EVENTS: tuple[KnownEvent, ...] = (
    WheelsInspected("torch", "2.13.0", {"torch-2.13.0.whl": "c" * 64}, ("too large",)),
    PlanConfirmed("tag-candidate", "v2.13.0-rc1", "ab" * 32),
    StepDone("tag-candidate", "v2.13.0-rc1", "ab" * 32, "push-tag", "Push v2.13.0-rc1"),
    OperationFinished("tag-candidate", "v2.13.0-rc1", "ab" * 32, "failed", "the remote is gone"),
    CandidatePinned("pytorch/pytorch", "v2.13.0-rc1", "a" * 40, "b" * 40),
    Dud("pytorch/pytorch", "v2.13.0-rc1", "it does not import"),
    Frozen("pytorch/pytorch", "release/2.13", "the final candidate is being built"),
    Unfrozen("pytorch/pytorch", "release/2.13"),
    DispatchRequested("r-1", "pytorch/test-infra", "post-cut.yml", "main", {"dry_run": "false"}, 7),
    DispatchStarted("r-1", 8, "https://example.org/8"),
    DispatchRefused("r-1", "the workflow is disabled"),
    RunAdopted("pytorch/test-infra", "docker.yml", "main", {"dry_run": "true"}, 9, "https://x/9"),
    RerunRequested("rerun/9", "pytorch/pytorch", 9, 1, "the failed jobs"),
    RerunRefused("rerun/9", 9, "too old"),
    CancelRequested("pytorch/pytorch", 9, 2),
    Signed("docs", "b" * 40, "ab" * 32, "read it all", ("https://example.org/1",)),
    Signed("go", "b" * 40, files=(EvidenceFile("perf.csv", "cd" * 32),), subject="v2.13.0"),
    NotApplicable("colab", "b" * 40, note="a patch release"),
    Problem("docs", "b" * 40, note="the index is empty"),
    Withdrawn("docs", "b" * 40, note="it was the cache"),
    Skipped("docs", "b" * 40),
    Approved(12, "yes"),
    Denied(13),
    NeedsInfo(14, "which release has it?"),
    Override("milestone", "b" * 40, "moved to 2.14"),
    Note("Grüße ✔"),
    LeaseTaken("1-a", "tag-candidate", NOW + timedelta(minutes=10), "it expired"),
    LeaseReleased("1-a"),
)


class StandingClock:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        """The time in UTC."""
        return self.time


def entry_of(event: KnownEvent, at: datetime = NOW) -> Entry:
    """An entry of Cora's."""
    return Entry(at, "Cora Captain", "cora@example.org", "desk", "0.1.0", event)


def commit_of(message: str, email: str = "cora@example.org") -> LedgerCommit:
    """A commit of the chain with this message."""
    return LedgerCommit("c" * 40, "Cora Captain", email, NOW, message, "N")


def message_of(**changes: object) -> str:
    """The message of a note, with other values in its entry."""
    plain = msgspec.to_builtins(entry_of(Note("text")))
    return "text\n\n" + json.dumps(plain | changes)


class TestEncoding:
    def test_every_kind_is_tried(self) -> None:
        assert {type(event) for event in EVENTS} == set(get_args(KnownEvent))

    @pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
    def test_what_is_written_is_read(self, event: KnownEvent) -> None:
        recorded = decode(commit_of(encode(entry_of(event))))
        assert recorded.entry == entry_of(event)
        assert (recorded.problem, recorded.raw) == ("", "")

    @pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
    def test_a_message_has_a_subject_and_one_line_of_json(self, event: KnownEvent) -> None:
        subject, blank, line = encode(entry_of(event)).removesuffix("\n").split("\n")
        assert 0 < len(subject) <= 72
        assert blank == ""
        assert json.loads(line)["by"] == "Cora Captain"

    def test_a_long_text_is_cut_in_the_subject_only(self) -> None:
        text = "word " * 100 + "\n\nand a second line"
        message = encode(entry_of(Note(text)))
        assert message.index("\n") == 72
        assert decode(commit_of(message)).describe() == text

    def test_secrets_and_control_characters_are_never_written(self) -> None:
        secret = "ghp_" + "x" * 36
        text = f'use GITHUB_TOKEN=abc "{secret}" \x1b[31m\ud800'
        message = encode(entry_of(Note(text)))
        assert "x" * 36 not in message
        assert "abc" not in message
        assert decode(commit_of(message)).describe() == 'use GITHUB_TOKEN=*** "ghp_***" \ufffd'


class TestDecoding:
    def test_a_newer_kind_is_kept_and_ignored(self) -> None:
        message = message_of(event={"kind": "teleported", "to": "mars"})
        recorded = decode(commit_of(message))
        assert recorded.entry is None
        assert recorded.problem == "newer event kind 'teleported' is kept and ignored"
        assert recorded.raw == message

    def test_newer_fields_are_ignored(self) -> None:
        message = message_of(mood="good", event={"kind": "note", "text": "text", "colour": "red"})
        assert decode(commit_of(message)).entry == entry_of(Note("text"))

    @pytest.mark.parametrize(
        ("message", "problem"),
        [
            ("just a commit", "not an entry: its message is not the cockpit's"),
            ("", "not an entry: its message is not the cockpit's"),
            ("subject\n\n{broken", "not an entry: its message is not the cockpit's"),
            ("subject\n\n" + "[" * 100_000, "not an entry: its message is not the cockpit's"),
            ("subject\n\n[1]", "not an entry: Expected `object`, got `array`"),
            ("subject\n\n{}", "not an entry: Object missing required field `at`"),
            (message_of(event=7), "not an entry: Expected `object`, got `int` - at `$.event`"),
            (
                message_of(event={"kind": "approved", "pull": "x"}),
                "not an entry: Expected `int`, got `str` - at `$.event.pull`",
            ),
            (message_of(at="2026-07-01T12:00:00"), "not an entry: a time without its zone"),
            (
                message_of(
                    event={
                        "kind": "lease_taken",
                        "lease": "1",
                        "operation": "x",
                        "expires_at": "2026-07-01T12:00:00",
                    }
                ),
                "not an entry: a time without its zone",
            ),
        ],
    )
    def test_what_cannot_be_read_says_why(self, message: str, problem: str) -> None:
        recorded = decode(commit_of(message))
        assert recorded.entry is None
        assert recorded.problem == problem
        assert recorded.describe() == problem
        assert len(recorded.raw) <= 4000

    def test_an_entry_in_somebody_elses_name_has_no_effect(self) -> None:
        message = encode(entry_of(Approved(12)))
        recorded = decode(commit_of(message, email="mallory@example.org"))
        assert recorded.entry is None
        assert recorded.problem == (
            "forged: it names cora@example.org, but mallory@example.org wrote it"
        )
        assert recorded.raw == message

    @pytest.mark.parametrize(("state", "why"), [("B", "bad"), ("R", "by a key that was revoked")])
    def test_a_false_signature_has_no_effect(self, state: str, why: str) -> None:
        message = encode(entry_of(Approved(12)))
        commit = msgspec.structs.replace(commit_of(message), signature=state)
        assert decode(commit).problem == f"forged: git says that its signature is {why}"
        trusted = msgspec.structs.replace(commit_of(message), signature="G")
        assert decode(trusted).entry is not None

    def test_strangers_text_is_cleaned_wherever_it_is(self) -> None:
        message = message_of(host="a\x1b[2Jb", event={"kind": "note", "text": "x\u202ey\x07"})
        entry = decode(commit_of(message)).entry
        assert entry is not None
        assert (entry.host, entry.event) == ("ab", Note("xy"))


@pytest.fixture
def remote(tmp_path: Path) -> BareRepo:
    """Where the ledger is kept."""
    return BareRepo(tmp_path / "ledger.git")


@pytest.fixture
def clock() -> StandingClock:
    """The release's time."""
    return StandingClock()


@pytest.fixture
def store(remote: BareRepo, tmp_path: Path, clock: StandingClock) -> LedgerStore:
    """Cora's cockpit."""
    return store_of("cora", remote, tmp_path, clock)


@pytest.fixture
def other(remote: BareRepo, tmp_path: Path, clock: StandingClock) -> LedgerStore:
    """Otto's cockpit, on another machine."""
    return store_of("otto", remote, tmp_path, clock)


def store_of(
    who: str,
    remote: BareRepo,
    folder: Path,
    clock: StandingClock,
    log: list[str] | None = None,
) -> LedgerStore:
    """Somebody's cockpit on its own machine."""
    told = log.append if log is not None else None
    git = GitClones(folder / who, identity=(who.title(), f"{who}@example.org"), log=told)
    return LedgerStore(
        git, remote.remote, REF, cockpit_version="0.1.0", host=f"{who}-desk", clock=clock
    )


def texts(ledger: Ledger) -> list[str]:
    """What the ledger's log would show."""
    return [recorded.describe() for recorded in ledger.entries]


class TestStore:
    def test_begins_empty(self, store: LedgerStore, remote: BareRepo) -> None:
        assert store.read() == Ledger()
        assert remote.refs() == {}

    def test_everybody_reads_what_anybody_appended(
        self, store: LedgerStore, other: LedgerStore, clock: StandingClock, remote: BareRepo
    ) -> None:
        first = store.append(Note("from Cora"))
        clock.time += timedelta(minutes=1)
        other.append(Note("from Otto"))
        ledger = store.read()
        assert texts(ledger) == texts(other.read()) == ["from Cora", "from Otto"]
        assert ledger.tip == remote.refs()[REF]
        assert ledger.entries[0].sha == first.sha
        assert ledger.entries[0].entry == first.entry
        assert first.entry == Entry(
            NOW, "Cora", "cora@example.org", "cora-desk", "0.1.0", Note("from Cora")
        )

    def test_only_what_is_newer_is_read(
        self,
        store: LedgerStore,
        remote: BareRepo,
        tmp_path: Path,
        clock: StandingClock,
    ) -> None:
        log: list[str] = []
        reader = store_of("rita", remote, tmp_path, clock, log)
        for number in range(3):
            store.append(Note(f"{number}"))
        first = reader.read()
        assert reader.read(first) is first
        store.append(Note("3"))
        log.clear()
        assert texts(reader.read(first)) == ["0", "1", "2", "3"]
        assert any(f"{first.tip}.." in line for line in log)

    def test_a_reader_that_starts_from_a_cached_ledger_goes_on_from_there(
        self, store: LedgerStore, other: LedgerStore
    ) -> None:
        store.append(Note("one"))
        cached = msgspec.json.decode(msgspec.json.encode(store.read()), type=Ledger)
        store.append(Note("two"))
        assert texts(other.read(cached)) == ["one", "two"]

    def test_what_decide_refuses_is_not_written(self, store: LedgerStore, remote: BareRepo) -> None:
        def refuse(ledger: Ledger) -> Note:
            raise Refused("No", "not now", "wait")

        with pytest.raises(Refused):
            store.append_if(refuse)
        assert remote.refs() == {}

    def test_decide_is_asked_again_when_somebody_was_quicker(
        self, store: LedgerStore, other: LedgerStore
    ) -> None:
        seen: list[list[str]] = []

        def decide(ledger: Ledger) -> Note:
            seen.append(texts(ledger))
            if len(seen) == 1:
                other.append(Note("quicker"))
            return Note(f"after {len(ledger.entries)}")

        store.append_if(decide)
        assert seen == [[], ["quicker"]]
        assert texts(other.read()) == ["quicker", "after 1"]

    def test_of_two_that_may_only_be_first_one_is(
        self, store: LedgerStore, other: LedgerStore
    ) -> None:
        def first_only(ledger: Ledger) -> LeaseTaken:
            if ledger.lease is not None:
                raise Refused(f"{ledger.lease.holder} holds the lease")
            return LeaseTaken("1-a", "tag", NOW + timedelta(minutes=10))

        def late(ledger: Ledger) -> LeaseTaken:
            event = first_only(ledger)
            other.append_if(first_only)
            return event

        with pytest.raises(Refused, match="Otto holds the lease"):
            store.append_if(late)
        lease = store.read().lease
        assert lease is not None
        assert lease.email == "otto@example.org"

    def test_foreign_and_forged_commits_are_shown_and_survived(
        self, store: LedgerStore, remote: BareRepo
    ) -> None:
        store.append(Approved(1))
        remote.commit(REF, "An editor's commit", {"file": "content"})
        remote.commit(REF, encode(entry_of(Approved(2))))
        remote.commit(REF, b"\xff\xfe\n\n\x00")
        store.append(Approved(3))
        ledger = store.read()
        assert [event.pull for _, event in ledger.events(Approved)] == [1, 3]
        assert texts(ledger) == [
            "approved #1",
            "not an entry: its message is not the cockpit's",
            "forged: it names cora@example.org, but ada@example.org wrote it",
            "not an entry: its message is not the cockpit's",
            "approved #3",
        ]

    def test_a_rewritten_ledger_says_so_and_goes_on(
        self, store: LedgerStore, other: LedgerStore, remote: BareRepo
    ) -> None:
        store.append(Note("kept"))
        kept = store.read()
        store.append(Note("lost"))
        known = store.read()
        remote.git("update-ref", REF, str(kept.tip))
        other.append(Note("new"))
        ledger = store.read(known)
        assert texts(ledger)[:2] == ["kept", "new"]
        flag = ledger.entries[2]
        assert flag.problem.startswith("the ledger was rewritten: ")
        assert (flag.sha, flag.entry) == (known.tip, None)
        assert flag.raw == f"2 entries up to {str(known.tip)[:7]} were known before"
        assert ledger.tip == remote.refs()[REF]
        other.append(Note("later"))
        assert texts(store.read(ledger))[3:] == ["later"]

    def test_a_deleted_ledger_says_so_and_can_begin_again(
        self, store: LedgerStore, remote: BareRepo
    ) -> None:
        store.append(Note("lost"))
        store.read()
        remote.delete(REF)
        (flag,) = store.read().entries
        assert flag.problem.startswith("the ledger was rewritten: ")
        store.append(Note("again"))
        assert texts(store.read())[1:] == ["again"]

    def test_an_unreachable_ledger_keeps_what_was_known(
        self, store: LedgerStore, remote: BareRepo
    ) -> None:
        store.append(Note("one"))
        known = store.read()
        away = remote.git_dir.rename(remote.git_dir.with_name("away"))
        with pytest.raises(Unreachable):
            store.read()
        with pytest.raises(Unreachable):
            store.append(Note("two"))
        away.rename(remote.git_dir)
        assert store.read() is known

    def test_it_gives_up_in_the_end(
        self, store: LedgerStore, other: LedgerStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cockpit.ledger.store._TRIES", 2)

        def always_late(ledger: Ledger) -> Note:
            other.append(Note("quicker"))
            return Note("late")

        with pytest.raises(Conflict, match="too busy"):
            store.append_if(always_late)
        assert texts(other.read()) == ["quicker", "quicker"]


def test_ten_processes_lose_nothing(remote: BareRepo, tmp_path: Path) -> None:
    """Half of them share one machine's clones, as two cockpits of one person do."""
    contend(remote, tmp_path, processes=10, each=3)


def test_threads_of_one_cockpit_share_a_push(
    store: LedgerStore, remote: BareRepo, tmp_path: Path, clock: StandingClock
) -> None:
    log: list[str] = []
    busy = store_of("cora", remote, tmp_path, clock, log)
    busy.append(Note("first"))
    log.clear()
    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(lambda number: busy.append(Note(f"{number}")), range(12)))
    ledger = store.read()
    assert sorted(recorded.sha for recorded in ledger.entries[1:]) == sorted(r.sha for r in found)
    assert sorted(texts(ledger)[1:]) == sorted(f"{number}" for number in range(12))
    assert sum(" push " in line for line in log) < 12
