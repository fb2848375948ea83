"""Tables of `release.toml` that say how the release is run: process, people's meetings, notices."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from cockpit.release.notices import Desktop, Threshold


class ProcessTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[process]`: what a project changes about its release process."""

    extend: str = ""
    """A TOML file beside the config with items to change, to add, and to leave out."""
    credential_hours: float = 4
    """How long a credential has to live when something irreversible begins."""


class PostCutTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[post_cut]`: the workflow that makes the core's release-only changes; section 4.2."""

    repository: str = "pytorch/test-infra"
    workflow: str = "release-pytorch-post-branch-cut.yml"
    ref: str = "main"
    inputs: dict[str, str] = msgspec.field(default_factory=lambda: {"release_version": "{line}"})
    """What else is sent; {line} is X.Y."""
    dry_run_input: str = "dry_run"
    """The input that makes it a dry run: always sent, since leaving it out means live."""


class DocsTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[docs]`: where the built documentation of every line is published."""

    remote: str
    branch: str = "site"
    path: str = "{line}"
    """The folder of this release's documentation; {line} is X.Y."""
    listing: str = "versions.html"
    """The page that links to the documentation of every line."""


class NotificationsTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[notifications]`: how the open cockpit tells that a candidate's builds have changed."""

    bell: bool = True
    desktop: Desktop = Desktop.AUTO
    lines: bool = True
    """Whether a line is shown in the interface."""
    threshold: int = 5
    """Beyond so many within the window they are summed up in one; 0 sums up always."""
    window_min: float = 5
    """Minutes."""

    @property
    def noise(self) -> Threshold:
        """How many notices are bearable."""
        return Threshold(self.threshold, timedelta(minutes=self.window_min))


class HudTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[hud]`: where people look at builds in a browser; the cockpit itself never asks it."""

    url: str = ""
    """With `{repository}` and `{ref}`; empty where there is none."""


class SubmodulesTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[submodules]`: which remotes may be asked for the commits that submodules are pinned to."""

    allowed: tuple[str, ...] = ("https://github.com/*",)
    """Patterns of addresses; relative ones stay with the repository's own host and always may."""


class FeedsTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[feeds]`: seconds between two looks at each backend; 0 looks only when asked."""

    branches: float = 60
    ci: float = 60
    builds: float = 30
    libraries: float = 60
    earlier: float = 600
    checks: float = 120
    picks: float = 120
    trunk: float = 120
    predictions: float = 30
    milestone: float = 300
    artifacts: float = 300
    publishing: float = 300
    promotion: float = 300
    docs: float = 900
    validations: float = 120
    ledger: float = 20
    mirror: float = 120
    preparation: float = 300
    submodules: float = 3600
    confirmations: float = 300
    dependencies: float = 900
    credentials: float = 300
