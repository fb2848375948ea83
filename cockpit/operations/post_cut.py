"""The workflow that makes the core's release-only changes in the cockpit's place: section 4.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.operations.change_drafts import ProposedChange
from cockpit.operations.dispatching import Asked, FollowRun, StartWorkflow, standing_in_the_way
from cockpit.operations.plan import Section
from cockpit.release.dispatches import WorkflowCall
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.provider import Backends


class DispatchedChange:
    """The part of a plan in which a workflow makes the changes of a repository."""

    def __init__(self, backends: Backends, repository: Repository, again: str) -> None:
        self._backends = backends
        self._repository = repository
        self._again = again

    def proposed(self) -> ProposedChange:
        """What is sent, word by word, and what speaks against it."""
        backends, call = self._backends, self._backends.config.post_cut
        asked = Asked(backends.github, backends.ledger, call, self._again)
        return ProposedChange(
            self._repository,
            (
                StartWorkflow(asked),
                FollowRun(backends.github, asked, backends.config.interval("builds")),
            ),
            (Section(f"Inputs of {call.file}, as they are sent", tuple(self._inputs(call))),),
            tuple(standing_in_the_way(backends.github, call)),
        )

    def _inputs(self, call: WorkflowCall) -> list[str]:
        switch = self._backends.config.settings.post_cut.dry_run_input
        lines = [f"{name} = {text}" for name, text in call.inputs.items()]
        if self._again:
            lines.append(f"once more, because: {self._again}")
        return [*lines, f"{switch} is false: it acts. Left out, it would act as well."]
