"""Release-only changes as they are written in release.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.config import Config, parse
from cockpit.errors import ConfigError
from cockpit.release.releasechanges import (
    PinImages,
    PinObjects,
    References,
    Replace,
    Script,
    SetVersion,
    TemplateArgument,
    Write,
)
from cockpit.release.rewrites import RuleSet

_HEAD = """
[release]
version = "2.15.0"
{release}
[ledger]
remote = "l"
{more}
[[repositories]]
name = "pytorch/pytorch"
role = "core"
remote = "r"
{repository}
"""


def config(release: str = "", repository: str = "", more: str = "") -> Config:
    text = _HEAD.format(release=release, repository=repository, more=more)
    return parse(text, Path("release.toml"))


def test_each_kind_of_change_is_read_in_its_order() -> None:
    changes = """
    [[repositories.release_changes]]
    change = "references"
    rules = "fixed"
    [[repositories.release_changes]]
    change = "template-argument"
    [[repositories.release_changes]]
    change = "replace"
    file = "a"
    old = "b"
    new = "{branch}"
    [[repositories.release_changes]]
    change = "write"
    file = "c"
    text = "r{line}"
    [[repositories.release_changes]]
    change = "version"
    [[repositories.release_changes]]
    change = "docker-pin"
    [[repositories.release_changes]]
    change = "object-version"
    file = "d"
    objects = ["e.json"]
    [[repositories.release_changes]]
    change = "script"
    file = "s.sh"
    environment = { RELEASE_VERSION = "{line}" }
    """
    assert config(repository=changes).core.release_changes == (
        References(RuleSet.FIXED),
        TemplateArgument(),
        Replace("a", "b", "{branch}"),
        Write("c", "r{line}"),
        SetVersion(),
        PinImages(),
        PinObjects("d", ("e.json",), "ossci-metrics"),
        Script("s.sh", environment={"RELEASE_VERSION": "{line}"}),
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('change = "magic"', "magic"),
        ('change = "replace"\nfile = "a"\nold = "b"', "new"),
        ('change = "version"\nfile = "a"', "file"),
        ('change = "references"\nrules = "script-1999"', "script-1999"),
    ],
)
def test_a_change_that_is_no_change_is_named(change: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        config(repository=f"[[repositories.release_changes]]\n{change}")
    assert "release_changes" in caught.value.title


def test_the_workflow_is_always_told_that_it_is_no_dry_run() -> None:
    assert config().post_cut.inputs == {"release_version": "2.15", "dry_run": "false"}
    own = '[post_cut]\ninputs = { dry_run = "true", line = "{line}" }'
    assert config(more=own).post_cut.inputs == {"dry_run": "false", "line": "2.15"}


def test_who_makes_the_changes_is_one_of_two() -> None:
    assert config('release_changes = "dispatch"').settings.release.release_changes == "dispatch"
    with pytest.raises(ConfigError, match="by-hand"):
        config('release_changes = "by-hand"')
