"""The one family of errors a person ever sees."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the command line ends with."""

    OK = 0
    """Done, or green."""
    BLOCKED = 1
    """Blocked, or red."""
    USAGE = 2
    """Wrong usage or config."""
    UNREACHABLE = 3
    """A backend cannot be reached."""
    REFUSED = 4
    """Refused: read-only, not confirmed, plan moved, lease held."""


class CockpitError(Exception):
    """A failure in words: a title, what was found, and the next key or command."""

    exit_code: ClassVar[ExitCode] = ExitCode.BLOCKED

    def __init__(self, title: str, detail: str = "", hint: str = "") -> None:
        super().__init__(title, detail, hint)
        self.title = title
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}" if self.detail else self.title


class ConfigError(CockpitError):
    """The config, or the way a command was called, is wrong."""

    exit_code = ExitCode.USAGE


class Unreachable(CockpitError):
    """A backend did not answer, or not in time."""

    exit_code = ExitCode.UNREACHABLE


class Throttled(Unreachable):
    """A backend asked us to wait; it is never a lack of rights."""

    def __init__(self, title: str, detail: str, hint: str, retry_after_s: float) -> None:
        super().__init__(title, detail, hint)
        self.retry_after_s = retry_after_s


class AccessDenied(Unreachable):
    """A backend answered, and refused this credential."""


class CredentialExpired(AccessDenied):
    """A credential that was good has come to its end; a new login makes it good again."""


class Cancelled(CockpitError):
    """Somebody stopped a step half-way; what it did stays done, and it can be run again."""


class Refused(CockpitError):
    """The cockpit itself refused to act: read-only, not confirmed, plan moved or lease held."""

    exit_code = ExitCode.REFUSED


class Conflict(CockpitError):
    """The world holds something else than the plan expects, so nothing was changed."""
