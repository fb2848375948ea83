"""What gates of workflows have in common: their evidence, sorted by what it says."""

from __future__ import annotations

from cockpit.release.commits import short
from cockpit.release.jobs import BranchHealth, JobState
from cockpit.release.repos import Repository
from cockpit.release.verdicts import Evidence, Verdict, evidence, failed, passed, unknown


class SortedEvidence:
    """Evidence by what it says for the verdict."""

    def __init__(self) -> None:
        self.red: list[str | Evidence] = []
        self.unread: list[str | Evidence] = []
        self.running: list[str | Evidence] = []
        self.green: list[str | Evidence] = []

    def __bool__(self) -> bool:
        return bool(self.red or self.unread or self.running or self.green)

    def add(self, state: JobState, found: Evidence) -> None:
        """File one workflow."""
        if state is JobState.PASSED:
            self.green.append(found)
        elif state is JobState.FAILED:
            self.red.append(found)
        elif state in (JobState.RUNNING, JobState.QUEUED):
            self.running.append(found)
        else:
            self.unread.append(found)

    def add_health(self, repository: Repository, health: BranchHealth) -> None:
        """File every workflow of a commit."""
        for workflow, state in sorted(health.workflows.items()):
            text = f"{repository.short_name} {workflow}: {state.value} on {short(health.sha)}"
            self.add(state, Evidence(text, health.urls.get(workflow, "")))

    def verdict(self, looked_at: str, awaited: str) -> Verdict:
        """Red before unread before running; green only when nothing else was found."""
        if self.red:
            return failed(*self.red, then=f"look into {evidence(self.red)[0].text}")
        if self.unread:
            return unknown(*self.unread, then=f"look at {looked_at} again", action="refresh")
        if self.running:
            return unknown(*self.running, then=f"wait for {awaited}", pending=True)
        return passed(*self.green)
