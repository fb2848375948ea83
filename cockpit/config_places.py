"""Tables of `release.toml` that say where the release goes: channels, mirrors, package index."""

from __future__ import annotations

import msgspec

from cockpit.release.index_rules import IndexRules


class ObjectStoreTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[objectstore]`: the channels that wheels are staged in and promoted to."""

    bucket: str
    endpoint: str | None = None
    """Left out for AWS itself."""
    region: str = "us-east-1"
    profile: str | None = None
    """A profile of the AWS configuration; otherwise AWS's own order of credentials applies."""
    test_prefix: str = "whl/test"
    stable_prefix: str = "whl"
    libtorch_test_prefix: str = "libtorch/test"
    libtorch_stable_prefix: str = "libtorch"
    index_url: str | None = None
    """Where installers read the bucket; left out, the index pages are not looked at."""
    backup_bucket: str | None = None
    acl: str = "public-read"
    """The access that promoted files are given; empty where the bucket's own rules decide."""


class MirrorTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[mirrors]]`: another store that holds what the stable channel holds."""

    name: str
    bucket: str
    endpoint: str
    """May hold `{NAME}` of a variable, such as an account's id."""
    region: str = "auto"
    access_key: str = "R2_ACCESS_KEY_ID"
    """The variable that the mirror's own access key is in."""
    secret_key: str = "R2_SECRET_ACCESS_KEY"  # noqa: S105
    index_url: str | None = None
    """Where installers read the mirror; left out, its index pages are not looked at."""
    acl: str = ""


class IndexTable(IndexRules, frozen=True, forbid_unknown_fields=True):
    """`[index]`: the package index that is published to, by twine's name for it."""

    repository: str = "pypi"
    url: str | None = None
    """Only for an index that twine's own configuration does not name."""
    simple: str | None = None
    """Its pages for installers; twine knows those of `pypi`. Empty: nothing is looked for there."""

    @property
    def pages(self) -> str:
        """Their address or the name twine has for it; empty where there are none."""
        if self.simple is not None:
            return self.simple
        return self.repository if self.repository == "pypi" else ""
