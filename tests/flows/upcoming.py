"""The release after the one a world is in: its branches have not been cut yet."""

from __future__ import annotations

from pathlib import Path

from cockpit.config import load
from cockpit.rehearsal.world import World
from cockpit.runtime import Cockpit

_CHANGES = (
    ('version = "2.15.0"', 'version = "2.16.0"'),
    ('version = "0.30.0"', 'version = "0.31.0"'),
    ("2026-10-05", "2026-11-30"),
    ("2026-10-19", "2026-12-14"),
    ("2026-10-28", "2026-12-22"),
)


def upcoming_config(world: World, folder: Path, *changes: tuple[str, str]) -> Path:
    """A config for 2.16.0 on a world that is releasing 2.15.0, with what a test changes of it."""
    text = world.config_path.read_text(encoding="utf-8")
    for old, new in (*_CHANGES, ('"remotes/', f'"{world.directory}/remotes/'), *changes):
        assert old in text, old
        text = text.replace(old, new)
    text = text.replace('"credentials.env"', f'"{world.directory}/credentials.env"')
    path = folder / "release.toml"
    path.write_text(text, encoding="utf-8")
    return path


def upcoming(world: World, folder: Path, *changes: tuple[str, str]) -> Cockpit:
    """A cockpit of its own for 2.16.0."""
    return Cockpit(load(upcoming_config(world, folder, *changes)))
