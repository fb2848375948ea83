"""Marks: every state is a shape, a word and a tone, so that it can be read in grey."""

from __future__ import annotations

from enum import Enum

import msgspec

from cockpit.release.jobs import Job, JobState


class Tone(Enum):
    """What a piece of text means; themes give it a colour."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    BUSY = "busy"
    WARN = "warn"
    DIM = "dim"
    ACCENT = "accent"


class Mark(msgspec.Struct, frozen=True):
    """A state as it is drawn."""

    shape: str
    ascii: str
    word: str
    tone: Tone

    def drawn(self, *, plain_ascii: bool = False) -> str:
        """The shape, or its ASCII stand-in for poor fonts."""
        return self.ascii if plain_ascii else self.shape


PASSED = Mark("✔", "+", "passed", Tone.GOOD)
FAILED = Mark("✖", "x", "failed", Tone.BAD)
RUNNING = Mark("◐", "~", "running", Tone.BUSY)
QUEUED = Mark("○", "o", "queued", Tone.DIM)
EXPECTED = Mark("·", ".", "expected, not started", Tone.DIM)
SKIPPED = Mark("⊘", "-", "skipped", Tone.DIM)
CANCELLED = Mark("⊗", "c", "cancelled", Tone.WARN)
FLAKY = Mark("±", "%", "flaky: green after red", Tone.GOOD)
SLOW = Mark("»", "s", "running, slow", Tone.WARN)
NEVER_STARTED = Mark("□", "n", "expected but never started", Tone.WARN)
NO_DATA = Mark("?", "?", "no data", Tone.WARN)
DIFFERS = Mark("≠", "#", "not as before", Tone.ACCENT)
NEEDS_YOU = Mark("▲", "!", "needs you", Tone.WARN)
WAITING = Mark("●", "*", "waiting", Tone.ACCENT)
OPEN = Mark("☐", "_", "to do", Tone.PLAIN)
NOT_APPLICABLE = Mark("–", "-", "does not apply", Tone.DIM)
MARKED = Mark("◆", "#", "marked", Tone.ACCENT)

JOB_MARKS = {
    JobState.PASSED: PASSED,
    JobState.FAILED: FAILED,
    JobState.RUNNING: RUNNING,
    JobState.QUEUED: QUEUED,
    JobState.EXPECTED: EXPECTED,
    JobState.SKIPPED: SKIPPED,
    JobState.UNKNOWN: NO_DATA,
}


def job_mark(job: Job, *, slow: bool = False) -> Mark:
    """The mark of a job, where a state has more than one."""
    if job.conclusion == "cancelled":
        return CANCELLED
    if job.flaky:
        return FLAKY
    if slow and job.state is JobState.RUNNING:
        return SLOW
    return JOB_MARKS[job.state]
