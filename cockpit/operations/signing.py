"""Say something about an item of the checklist: sign it, waive it, report a problem, skip it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import CockpitError, ConfigError
from cockpit.operations.declaring import RecordEntry
from cockpit.operations.plan import (
    Danger,
    Expectation,
    Plan,
    Probe,
    Section,
    StepFacts,
    StepState,
)
from cockpit.operations.process_in_use import process_of
from cockpit.operations.signed_state import signed_state
from cockpit.operations.specs import Registry
from cockpit.process.loader import Process
from cockpit.release.branches import Branches
from cockpit.release.checklist import ItemState, item_states, unlocked_by
from cockpit.release.process import Item
from cockpit.release.record import Ledger
from cockpit.release.signatures import bound_to, newest_plan, why_not
from cockpit.release.signoffs import (
    EvidenceFile,
    NotApplicable,
    Problem,
    Signed,
    Skipped,
    Withdrawn,
    Word,
)
from cockpit.release.state import ReleaseState
from cockpit.release.words import short

if TYPE_CHECKING:
    from cockpit.ledger.store import LedgerStore
    from cockpit.provider import Backends

Spoken = Signed | NotApplicable | Problem | Withdrawn | Skipped
KINDS: dict[str, type[Spoken]] = {
    "sign": Signed,
    "waive": NotApplicable,
    "report-problem": Problem,
    "withdraw-problem": Withdrawn,
    "skip-item": Skipped,
}
"""What each operation records."""
_NAMES: dict[type[Word], str] = {kind: name for name, kind in KINDS.items()}
_DOES: dict[type[Word], str] = {
    Signed: "Sign “{title}”",
    NotApplicable: "Record that “{title}” does not apply",
    Problem: "Report a problem with “{title}”",
    Withdrawn: "Withdraw the problem with “{title}”",
    Skipped: "Skip “{title}” for now",
}
_NEEDS_WORDS = (NotApplicable, Problem, Withdrawn)


class Evidence(msgspec.Struct, frozen=True):
    """What goes with a word: why, and what was looked at."""

    note: str = ""
    links: tuple[str, ...] = ()
    files: tuple[EvidenceFile, ...] = ()


def read_evidence(note: str, links: Sequence[str], paths: Sequence[str]) -> Evidence:
    """Put evidence together; of files the name and the SHA-256 are kept, never the contents.

    Raises ConfigError for a link that is no address, and for a file that cannot be read.
    """
    for link in links:
        if not link.startswith(("https://", "http://")) or any(c.isspace() for c in link):
            raise ConfigError(
                f"{link!r} is no link", "expected an address such as https://…", "--link URL"
            )
    return Evidence(" ".join(note.split()), tuple(links), tuple(map(_hashed, paths)))


def _hashed(path: str) -> EvidenceFile:
    file = Path(path).expanduser()
    try:
        with file.open("rb") as content:
            return EvidenceFile(file.name, hashlib.file_digest(content, "sha256").hexdigest())
    except OSError as err:
        raise ConfigError(
            f"{path} could not be read", err.strerror or str(err), "--file PATH of a file"
        ) from err


def record_word(ledger: LedgerStore, event: Spoken) -> RecordEntry:
    """The step that records what somebody says about an item."""
    digest = hashlib.sha256(msgspec.json.encode(event)).hexdigest()[:8]
    facts = StepFacts(
        key=f"say/{event.item}/{_NAMES[type(event)]}/{digest}",
        summary=f"Record in the ledger: {event.describe()}",
        command=ledger.command(event),
        expects=(Expectation(f"{event.item} is about", short(event.commit_sha) or "no commit"),),
    )
    email = ledger.email

    def judge(record: Ledger) -> Probe:
        """Whether this person said so, and nobody said anything else since."""
        said = record.words.get(event.item, ())
        mine = [
            at for at, (entry, word) in enumerate(said) if (entry.email, word) == (email, event)
        ]
        if not mine:
            return Probe(
                StepState.TODO, f"the ledger has {len(said)} words of others or other ones"
            )
        since = [word for _, word in said[mine[-1] :]]
        later = [word for word in since if not isinstance(word, Skipped | type(event))]
        if later:
            return Probe(StepState.TODO, f"since then: {later[-1].describe()}")
        return Probe(StepState.DONE, "the ledger has it")

    return RecordEntry(ledger, event, facts, judge)


class SpeakOfItem:
    """Plans one word about one item, bound to the candidate and to the plan of its operation.

    The plan is what it was before, as long as nobody else says anything: one's own word is left
    out of account.
    """

    def __init__(
        self,
        backends: Backends,
        registry: Registry,
        kind: type[Spoken],
        item_id: str,
        evidence: Evidence,
    ) -> None:
        self._backends = backends
        self._registry = registry
        self._kind = kind
        self._evidence = evidence
        config = backends.config
        self._process: Process = process_of(config)
        item = self._process.by_id.get(item_id)
        if item is None:
            raise ConfigError(
                f"The checklist has no item {item_id!r}",
                f"there is {', '.join(sorted(self._process.by_id))}",
                "release-cockpit checklist lists them",
            )
        self._item: Item = item
        if kind in _NEEDS_WORDS and not evidence.note:
            raise ConfigError(
                "Nothing is said",
                "everybody reads in the ledger why, with your name",
                f"{_NAMES[kind]} {item.id} WORDS",
            )

    def plan(self) -> Plan:
        """Read branch and ledger, and say what would be recorded and what follows from it."""
        item, ledger = self._item, self._backends.ledger
        core = self._backends.git.read_branch(self._backends.config.core)
        branches = Branches((core.value,))
        state = signed_state(self._backends, branches, ledger.read(), core.missing)
        binding, doubts = self._plan_binding(state)
        event = self._kind(
            item=item.id,
            commit_sha=bound_to(item, state),
            digest=binding[0],
            note=self._evidence.note,
            links=self._evidence.links,
            files=self._evidence.files,
            subject=binding[1],
        )
        earlier = _without(state.record, event, ledger.email)
        before = signed_state(self._backends, branches, earlier, core.missing)
        states = {found.item.id: found for found in item_states(self._process, before)}
        unlocked = self._unlocked(states)
        sections = [self._about(event, state), self._said_so_far(states[item.id])]
        if unlocked:
            lines = tuple(f"{found.operation}: {found.title}" for found in unlocked)
            sections.insert(0, Section("Yours is the last signature: this becomes possible", lines))
        return Plan(
            operation=_NAMES[self._kind],
            subject=item.id,
            sentence=_sentence(self._kind, item, event),
            danger=Danger.REMOTE,
            target=item.id,
            steps=(record_word(ledger, event),),
            sections=tuple(section for section in sections if section.lines),
            blockers=tuple(self._blockers(event, before, states[item.id])),
            warnings=(*doubts, *self._warnings(states)),
            leads_on=bool(unlocked),
        )

    def _plan_binding(self, state: ReleaseState) -> tuple[tuple[str, str], tuple[str, ...]]:
        """Digest and subject of the plan it is bound to; why there is none."""
        item = self._item
        if item.operation is None:
            return ("", ""), ()
        known = newest_plan(item, state.record)
        if known is not None:
            return (known.digest, known.subject), ()
        try:
            spec = self._registry()[item.operation]
            if any(parameter.required for parameter in spec.parameters):
                return ("", ""), ()
            made = spec.build(self._backends, {}).plan()
        except CockpitError as err:
            return ("", ""), (f"it is bound to no plan of {item.operation}: {err}",)
        return (made.digest, made.subject), ()

    def _unlocked(self, states: dict[str, ItemState]) -> tuple[Item, ...]:
        """The items with an irreversible operation that wait for this one word."""
        if self._kind not in (Signed, NotApplicable):
            return ()
        found, item = states[self._item.id], self._item
        email = self._backends.ledger.email
        others = [signer for signer in found.said.signers if signer.email != email]
        if self._kind is Signed and len(others) + 1 < item.signers:
            return ()
        specs = self._registry().values()
        irreversible = {spec.name for spec in specs if spec.danger is Danger.IRREVERSIBLE}
        return unlocked_by(self._process, tuple(states.values()), item.id, irreversible)

    def _about(self, event: Spoken, state: ReleaseState) -> Section:
        item, candidate = self._item, state.candidate
        phase = self._process.phase(item.phase)
        lines = [f"{item.title} ({phase.number} {phase.title})"]
        lines += [item.why] if item.why else []
        if item.binds == "candidate":
            named = candidate.tag.name if candidate else "no candidate"
            lines.append(f"for {named}, commit {event.commit_sha or 'unknown'}: another voids it")
        else:
            lines.append(f"for the whole release, cut at {event.commit_sha or 'no commit yet'}")
        if event.digest:
            plan = f"{item.operation} {event.subject}".strip()
            lines.append(f"for the plan {event.digest[:12]} of {plan}: another voids it")
        lines += [f"link {url}" for url in event.links]
        lines += [f"file {file.name}, SHA-256 {file.sha256}" for file in event.files]
        return Section("What it is about", tuple(lines))

    def _said_so_far(self, found: ItemState) -> Section:
        lines = [
            f"{word.by} {word.said.value}, {word.at:%d %b %H:%M} UTC"
            + (f": {word.note}" if word.note else "")
            + (f" (void: {word.void})" if word.void else "")
            + (f" (does not count: {word.uncounted})" if word.uncounted else "")
            for word in found.signatures
        ]
        if self._item.signers > 1:
            lines.append(f"it takes {self._item.signers} signatures")
        return Section("Said so far", tuple(lines))

    def _blockers(self, event: Spoken, state: ReleaseState, found: ItemState) -> list[str]:
        item, team = self._item, state.spec.team
        blockers = []
        if without := item.beside(state.spec.version):
            blockers.append(f"{item.id} does not apply: {without}")
        if self._kind in (Signed, NotApplicable, Withdrawn):
            role = self._process.role_of(item)
            problem = why_not(role, team, self._backends.ledger.email)
            if problem:
                able = [person.name for person in team.signers(role)]
                blockers.append(f"{problem}: there is {', '.join(able) or 'nobody'}")
        if not event.commit_sha and self._kind in (Signed, NotApplicable):
            what = "candidate" if item.binds == "candidate" else "branch"
            blockers.append(f"there is no {what} yet that it could be said of")
        if self._kind is not Skipped:
            blockers += [moved.describe() for moved in state.moved if item.binds == "candidate"]
        if item.gate is not None and self._kind is NotApplicable:
            blockers.append(f"the gate {item.gate} judges it: override it with a reason instead")
        if item.gate is not None and self._kind is Signed and not found.said.problems:
            blockers.append(f"the gate {item.gate} judges it, and nobody signs")
        if self._kind is Withdrawn and not found.said.problems:
            blockers.append(f"nobody has reported a problem with {item.id}")
        return blockers

    def _warnings(self, states: dict[str, ItemState]) -> list[str]:
        found = states[self._item.id]
        warnings = []
        if self._kind is Signed:
            warnings += [
                f"it settles the problem that {word.by} reported: {word.note}"
                for word in found.said.problems
            ]
            warnings += [
                f"{states[need].item.title!r} comes before it, and is not signed"
                for need in self._item.needs
                if states[need].item.gate is None and not states[need].progress.settled
            ]
        return warnings


def _without(ledger: Ledger, event: Spoken, email: str) -> Ledger:
    """The ledger as it was before this very word was recorded."""
    return Ledger(
        tuple(
            recorded
            for recorded in ledger.entries
            if recorded.entry is None
            or (recorded.entry.email, recorded.entry.event) != (email, event)
        ),
        ledger.tip,
    )


def _sentence(kind: type[Spoken], item: Item, event: Spoken) -> str:
    said = _DOES[kind].format(title=item.title)
    return f"{said}: {event.note}" if event.note else f"{said}."
