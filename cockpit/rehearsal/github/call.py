"""One request as its handler sees it: the forge, who asks, when, and under which address."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ParamSpec, TypeVar

import flask

from cockpit.rehearsal.github.access import Permission, at_least, permission_of
from cockpit.rehearsal.github.http import ApiError, Body
from cockpit.rehearsal.model import Forge

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(slots=True)
class Call:
    """The request at hand."""

    forge: Forge
    login: str | None
    now: datetime
    api: str
    """Address of the API, `http://host:port` or with `/api/v3`; no slash at the end."""
    site: str
    """Address that pages meant for people would have; no slash at the end."""
    bodies: dict[tuple[str, str], Body] = field(default_factory=dict)
    """Bodies that one answer repeats many times, such as users: (kind, key) → body."""
    tallies: dict[str, Counter[tuple[int, str]]] = field(default_factory=dict)
    """Repository → how many issues each (milestone, state) has, once counted."""
    accounts: dict[str, str] = field(default_factory=dict)
    """E-mail address → login, once looked up."""

    def may(self, needed: Permission) -> bool:
        """Whether the caller is known and holds the permission."""
        return self.login is not None and at_least(permission_of(self.forge, self.login), needed)

    def require(self, needed: Permission) -> str:
        """The caller's login; 401 for an anonymous caller, 403 without the permission."""
        if self.login is None:
            raise ApiError(401, "Requires authentication")
        if not self.may(needed):
            raise ApiError(403, "Resource not accessible by personal access token")
        return self.login


def this_call() -> Call:
    """The request being handled."""
    call: Call = flask.g.call
    return call


def locked(handler: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Run a handler that reads or writes records, and no git, under the forge's lock."""

    @functools.wraps(handler)
    def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with this_call().forge.lock:
            return handler(*args, **kwargs)

    return guarded
