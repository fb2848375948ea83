"""release.toml: what is read from it, and what is said where it is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cockpit.backends.package_index import pages_of
from cockpit.commands.setup import template
from cockpit.config import Config, load, parse
from cockpit.config_places import IndexTable
from cockpit.errors import ConfigError
from cockpit.places import find
from cockpit.release.repos import Role
from cockpit.release.versions import Version

PATH = Path("/somewhere/release.toml")
SMALLEST = """
[release]
version = "2.15.0"

[[repositories]]
name = "pytorch/pytorch"
role = "core"
remote = "remotes/pytorch.git"

[ledger]
remote = "https://example.org/ledger.git"
"""


def test_the_smallest_config_is_enough() -> None:
    config = parse(SMALLEST, PATH)
    assert config.version == Version(2, 15, 0)
    assert config.core.release_branch == "release/2.15"
    assert config.core.orig_branch == "orig/release/2.15"
    assert config.core.remote == "/somewhere/remotes/pytorch.git"
    assert config.ledger_remote == "https://example.org/ledger.git"
    assert config.ledger_ref == "refs/cockpit/2.15.0"
    assert config.milestone == "2.15.0"


def test_the_template_is_a_whole_config() -> None:
    config = parse(template(Version(2, 15, 0)), PATH)
    roles = {repo.short_name: repo.role for repo in config.repositories}
    assert roles == {"pytorch": Role.CORE, "test-infra": Role.INFRA, "vision": Role.DOMAIN}
    vision = config.repository("vision")
    assert vision is not None
    assert str(vision.version) == "0.30.0"
    assert vision.release_branch == "release/0.30"
    assert len(config.settings.support.cells()) == 6 * (6 + 4 + 5 + 1)


def test_dates_are_dates() -> None:
    config = parse(SMALLEST + "[schedule]\nrelease_day = 2026-10-28\n", PATH)
    assert config.settings.schedule.days_until_release(date(2026, 10, 14)) == 14


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        (('role = "core"', 'role = "kernel"'), "repositories[0].role", "kernel"),
        (('role = "core"', 'role = "infra"'), "repositories", "exactly one with role"),
        (('version = "2.15.0"', 'version = "2.15"'), "release.version", "'2.15'"),
        (('version = "2.15.0"', "version = 2"), "release.version", "Expected `str`, got `int`"),
        (('version = "2.15.0"', 'versoin = "2"'), "release", "versoin"),
        (('name = "pytorch/pytorch"', 'name = "pytorch"'), "repositories", "owner/name"),
        (("[ledger]", "[[ledger]]"), "ledger", "Expected `object`, got `array`"),
        (("[release]", "[release"), "release.toml", "line 2"),
        (
            ("[ledger]", '[[workstreams]]\nid = "d"\ntitle = "D"\ncontacts = ["eve"]\n[ledger]'),
            "workstreams.d.contacts",
            "eve is nobody of [[people]]",
        ),
        (("[ledger]", '[meetings]\ntime = "noon"\n[ledger]'), "meetings.time", "noon"),
        (("[ledger]", "[runs.luck]\n[ledger]"), "runs.luck", "there are performance-run"),
    ],
)
def test_errors_name_the_place_and_what_was_found(
    change: tuple[str, str], where: str, what: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(SMALLEST.replace(*change), PATH)
    assert str(PATH) in raised.value.title
    assert where in raised.value.title
    assert what in raised.value.detail
    assert raised.value.hint


def test_the_same_repository_twice_is_refused() -> None:
    again = SMALLEST.replace(
        "[ledger]", SMALLEST.partition("\n\n")[2].partition("\n\n")[0] + "\n\n[ledger]"
    )
    with pytest.raises(ConfigError, match="pytorch"):
        parse(again.replace('role = "core"', 'role = "infra"', 1), PATH)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path / "release.toml")
    assert "init" in raised.value.hint


def test_the_config_is_looked_for_upwards(tmp_path: Path) -> None:
    (tmp_path / "release.toml").write_text(SMALLEST)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find(None, below) == tmp_path / "release.toml"
    assert find(PATH, below) == PATH


def test_without_a_config_the_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        find(None, tmp_path)
    assert str(tmp_path) in raised.value.detail


def test_a_config_keeps_its_own_folder(tmp_path: Path) -> None:
    text = 'folder = "cockpit"\n' + SMALLEST
    config: Config = parse(text, tmp_path / "release.toml")
    assert config.folders.data == tmp_path / "cockpit" / "data"


def test_only_an_index_that_twine_does_not_know_has_to_say_where_it_lists_its_files() -> None:
    assert IndexTable().pages == "pypi"
    assert IndexTable(repository="ours").pages == ""
    assert IndexTable(repository="ours", simple="https://index.example/simple").pages
    assert pages_of(IndexTable()).endswith("/simple")
    assert pages_of(IndexTable(simple="")) == ""
