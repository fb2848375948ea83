"""Who asks, what they may do, and how many requests they have left."""

from __future__ import annotations

import base64
import binascii
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.github.http import ApiError
from cockpit.rehearsal.model import Forge

Permission = Literal["none", "read", "triage", "write", "admin"]
Resource = Literal["core", "search"]

RANKS: dict[str, int] = {"none": 0, "read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}
SCOPES = "read:org, repo, workflow"
ANONYMOUS_HOURLY = 60
SEARCHES_PER_MINUTE = {True: 30, False: 10}


def token_of(authorization: str) -> str:
    """The token in an Authorization header of any scheme GitHub takes; empty without a header."""
    scheme, _, value = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return value.strip() or scheme
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return value
    return password or user


def login_of(forge: Forge, authorization: str) -> str | None:
    """The login a request acts for, None when anonymous; a wrong token is refused with 401."""
    if not authorization:
        return None
    with forge.lock:
        login = forge.tokens.get(token_of(authorization))
    if login is None:
        raise ApiError(401, "Bad credentials")
    return login


def permission_of(forge: Forge, login: str | None) -> str:
    """What `login` may do; every repository of the world is public."""
    return "read" if login is None else forge.collaborators.get(login, "read")


def at_least(held: str, needed: Permission) -> bool:
    """Whether permission `held` includes `needed`."""
    return RANKS.get(held, 0) >= RANKS[needed]


@dataclass(frozen=True, slots=True)
class Quota:
    """What one caller has left of one resource."""

    resource: Resource
    limit: int
    used: int
    resets_at: datetime

    @property
    def remaining(self) -> int:
        """Requests left before `resets_at`."""
        return self.limit - self.used

    def headers(self) -> dict[str, str]:
        """The X-RateLimit headers."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(int(self.resets_at.timestamp())),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Resource": self.resource,
        }


class Quotas:
    """Counts requests by caller: per hour of the world's clock, searches per minute of it."""

    def __init__(self, clock: WorldClock, hourly: int) -> None:
        self._clock = clock
        self._hourly = hourly
        self._windows: dict[tuple[str | None, Resource], tuple[datetime, int]] = {}
        self._lock = threading.Lock()

    def state(self, caller: str | None, resource: Resource) -> Quota:
        """What `caller` has left now."""
        with self._lock:
            return self._current(caller, resource)

    def spend(self, caller: str | None, resource: Resource) -> tuple[Quota, bool]:
        """Count one request; the flag is False when nothing was left to spend."""
        with self._lock:
            quota = self._current(caller, resource)
            if not quota.remaining:
                return quota, False
            return self._store(caller, quota, quota.used + 1), True

    def refund(self, caller: str | None, resource: Resource) -> Quota:
        """Give one request back: an answer "not modified" costs nothing."""
        with self._lock:
            quota = self._current(caller, resource)
            return self._store(caller, quota, max(quota.used - 1, 0))

    def _current(self, caller: str | None, resource: Resource) -> Quota:
        now = self._clock.now()
        resets_at, used = self._windows.get((caller, resource), (now, 0))
        if resets_at <= now:
            length = timedelta(hours=1) if resource == "core" else timedelta(minutes=1)
            resets_at, used = now + length, 0
        return Quota(resource, self._limit(caller, resource), used, resets_at)

    def _store(self, caller: str | None, quota: Quota, used: int) -> Quota:
        self._windows[caller, quota.resource] = (quota.resets_at, used)
        return Quota(quota.resource, quota.limit, used, quota.resets_at)

    def _limit(self, caller: str | None, resource: Resource) -> int:
        if resource == "search":
            return SEARCHES_PER_MINUTE[caller is not None]
        return ANONYMOUS_HOURLY if caller is None else self._hourly
