"""Override a gate: one captain's act, for a reason, on one commit, for everybody to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.errors import ConfigError
from cockpit.operations.declaring import RecordEntry, reason_of, said_by
from cockpit.operations.permission import refusal
from cockpit.operations.plan import Danger, Expectation, Plan, Section, StepFacts
from cockpit.operations.runs import newest_candidate
from cockpit.release.commits import short
from cockpit.release.gates import GATES
from cockpit.release.record import Override

if TYPE_CHECKING:
    from cockpit.ledger.store import LedgerStore
    from cockpit.provider import Backends


def record_override(ledger: LedgerStore, event: Override) -> RecordEntry:
    """The step that records that somebody lets the release go on in spite of a gate."""
    facts = StepFacts(
        key=f"override/{event.gate}/{event.commit_sha}",
        summary=f"Record in the ledger: {event.describe()}",
        command=ledger.command(event),
        expects=(Expectation("the release is at", short(event.commit_sha)),),
    )
    return RecordEntry(ledger, event, facts, said_by(ledger.email, event))


class OverrideGate:
    """Plans to let the release go on in spite of one gate; the next candidate is judged anew."""

    name = "override"

    def __init__(self, backends: Backends, gate: str, reason: str) -> None:
        if gate not in GATES:
            raise ConfigError(
                f"{gate!r} is no gate", f"there are {', '.join(GATES)}", "release-cockpit gates"
            )
        self._backends = backends
        self._gate = GATES[gate]
        self._reason = reason_of(reason, "an override")

    def plan(self) -> Plan:
        """Find what it would be bound to, and whether this person may."""
        backends, gate = self._backends, self._gate
        tag, sha = self._bound()
        event = Override(gate.id, sha, self._reason)
        may_not = refusal(backends.config.team, backends.ledger.email, self.name, Danger.REMOTE)
        return Plan(
            operation=self.name,
            subject=f"{gate.id} {tag}",
            sentence=f"Override “{gate.title}” for {tag} at {short(sha)}: {self._reason}",
            danger=Danger.REMOTE,
            target=gate.id,
            steps=(record_override(backends.ledger, event),),
            sections=(
                Section(
                    "What follows",
                    (
                        f"items that wait for {gate.id} go on, in every cockpit",
                        "board and checklist say who overrode it and why, until it passes",
                        f"it holds for {short(sha)} alone: another candidate is judged anew",
                    ),
                ),
            ),
            blockers=(may_not,) if may_not else (),
        )

    def _bound(self) -> tuple[str, str]:
        """The candidate, else the head of the branch, else what it would be cut from."""
        core, git = self._backends.config.core, self._backends.git
        candidate = newest_candidate(self._backends, core)
        if candidate is not None:
            return candidate.tag.name, candidate.commit_sha
        heads = git.branches(core.remote, (core.release_branch, core.cut_from))
        for name in (core.release_branch, core.cut_from):
            if name in heads:
                return name, heads[name]
        raise ConfigError(
            f"{core.name} has neither {core.release_branch} nor {core.cut_from}",
            "there is no commit that an override could hold for",
            "correct the repository in the config",
        )
