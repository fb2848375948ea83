"""A mirror of the stable channel: another store, with a credential of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cockpit.backends.objectstore_errors import Login
from cockpit.config_places import MirrorTable, ObjectStoreTable
from cockpit.errors import AccessDenied

_VARIABLE = re.compile(r"\{(\w+)\}")


def mirror_table(mirror: MirrorTable, variable: Callable[[str], str]) -> ObjectStoreTable:
    """A mirror's settings as the store understands them."""
    endpoint = _VARIABLE.sub(lambda found: variable(found[1]), mirror.endpoint)
    return ObjectStoreTable(
        bucket=mirror.bucket, endpoint=endpoint, region=mirror.region, acl=mirror.acl
    )


def mirror_environment(mirror: MirrorTable, variable: Callable[[str], str]) -> Mapping[str, str]:
    """A mirror's key under the names that the store looks for; raises AccessDenied without it.

    A skipped mirror would look like a finished promotion, so that its absence is an error.
    """
    names = (mirror.access_key, mirror.secret_key, *_VARIABLE.findall(mirror.endpoint))
    absent = [name for name in names if not variable(name)]
    if absent:
        raise AccessDenied(
            f"The credential of the mirror {mirror.name} is missing",
            f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not set",
            f"set {', '.join(absent)} in the environment",
        )
    return {
        "AWS_ACCESS_KEY_ID": variable(mirror.access_key),
        "AWS_SECRET_ACCESS_KEY": variable(mirror.secret_key),
    }


def mirror_login(mirror: MirrorTable) -> Login:
    """What messages say of a mirror's key: it is not that of the channels."""
    return Login(
        f"credentials of the mirror {mirror.name}",
        f"put a new key into {mirror.access_key} and {mirror.secret_key}, then refresh (r)",
        f"the mirror {mirror.name}",
    )
