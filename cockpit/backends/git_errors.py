"""git's failures in our words."""

from __future__ import annotations

import re
from pathlib import Path

from cockpit.backends.text import clean, clean_lines, mask
from cockpit.errors import AccessDenied, CockpitError, ConfigError, Throttled, Unreachable

_THROTTLED_WAIT_S = 60.0
_NOISE = re.compile(
    r"(?:remote: )?(?:Enumerating|Counting|Compressing|Receiving|Resolving|Unpacking|Total)\b"
    r"|Updating |warning: |hint: |From |To |fatal: Could not read from remote repository"
    r"|Please make sure you have|and the repository exists|error: failed to push some refs"
)
_THROTTLED = re.compile(r"returned error: 429|rate limit|too many requests", re.IGNORECASE)
_DENIED = re.compile(
    r"returned error: 40[13]|authentication failed|permission denied|could not read (?:user|pass)"
    r"|permission to \S+ denied|access denied|invalid credentials|host key verification failed",
    re.IGNORECASE,
)
_FULL = re.compile(r"no space left|disk quota|read-only file system", re.IGNORECASE)
_LOCKED = re.compile(r"\.lock': File exists|cannot lock ref")
_NO_COMMIT = re.compile(
    r"bad revision|unknown revision|bad object|invalid revision range|not our ref|unadvertised"
    r"|from promisor remote",
    re.IGNORECASE,
)
_DAMAGED = re.compile(
    r"is corrupt|is empty$|unable to read tree|unable to read sha1|inflate:|missing blob"
    r"|does not point to a valid object|bad config|not a git repository: '",
    re.IGNORECASE | re.MULTILINE,
)


def last_words(errors: str) -> str:
    """The last line of git's errors that says something, cleaned and masked."""
    lines = [line.strip() for line in clean_lines(errors).splitlines()]
    telling = [line for line in lines if line and not _NOISE.match(line)]
    said = telling[-1] if telling else "git gave no reason"
    return mask(clean(re.sub(r"^(?:fatal|error): ", "", said)))


def explain(errors: str, name: str, remote: str, git_dir: Path, asked_remote: bool) -> CockpitError:
    """What a failed command means for the person; `name` is what they call the remote."""
    said = last_words(errors)
    by_hand = f"try by hand: git ls-remote {mask(clean(remote))}"
    if _THROTTLED.search(errors):
        return Throttled(f"{name} asks to wait", said, "r looks again", _THROTTLED_WAIT_S)
    if _FULL.search(errors):
        return CockpitError(f"There is no room for the copy of {name}", said, f"look at {git_dir}")
    if _LOCKED.search(errors):
        return CockpitError(
            f"Another process is at work in the copy of {name}", said, "r looks again"
        )
    if _NO_COMMIT.search(errors):
        return CockpitError(f"{name} has no such commit", said, "r reads the branches again")
    if _DAMAGED.search(errors):
        return CockpitError(
            f"The copy of {name} is damaged", said, f"remove {git_dir}; it will be fetched again"
        )
    if not asked_remote:
        return CockpitError(f"git failed in the copy of {name}", said, f"look at {git_dir}")
    if _DENIED.search(errors):
        return AccessDenied(f"{name} refused this credential", said, by_hand)
    return Unreachable(f"{name} cannot be reached", said, by_hand)


def silent(name: str, remote: str, seconds: float) -> Unreachable:
    """A git process that said nothing for so long was ended."""
    return Unreachable(
        f"{name} did not answer",
        f"nothing was heard for {seconds:g} s",
        f"try by hand: git ls-remote {mask(clean(remote))}",
    )


def no_repository(path: Path) -> ConfigError:
    """Somebody's own clone is not there."""
    return ConfigError(
        f"{clean(str(path))} is no git repository",
        "expected a clone or a bare repository",
        "give the folder that holds .git, or the bare repository itself",
    )


def no_revision(path: Path, revision: str, *, shallow: bool) -> ConfigError:
    """Somebody's own clone lacks what was named."""
    listed = "git branch --all lists what there is"
    return ConfigError(
        f"{clean(str(path))} has no {clean(revision)!r}",
        "it names neither a commit here nor a branch of origin",
        f"git fetch --unshallow brings what this clone left out; {listed}" if shallow else listed,
    )
