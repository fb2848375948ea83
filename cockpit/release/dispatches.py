"""Workflows that are started by hand, and the runs that come of it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cockpit.release.jobs import JobState


class WorkflowCall(msgspec.Struct, frozen=True):
    """A workflow with everything that is sent to start it."""

    repository: str
    """`owner/name`."""
    file: str
    ref: str
    inputs: dict[str, str]
    """As they are sent: switches are `true` or `false`, in words."""

    @property
    def command(self) -> str:
        """The line of `gh` that does the same."""
        fields = "".join(f" --raw-field {name}={text}" for name, text in self.inputs.items())
        return f"gh workflow run {self.file} --repo {self.repository} --ref {self.ref}{fields}"


class StartedRun(msgspec.Struct, frozen=True):
    """A run that somebody started by hand."""

    id: int
    url: str
    actor: str
    created_at: datetime
    state: JobState
    ended: bool
    jobs_ended: int = 0
    jobs: int = 0
