"""Where the config is found, and where the cockpit keeps its own files.

Light on purpose: the first picture is on the screen before anything heavier is imported.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

from cockpit.errors import ConfigError

FILE_NAME = "release.toml"
APPLICATION = "release-cockpit"
PROJECT = "pytorch"
"""What is released, where the config does not say."""


def find(explicit: Path | None, start: Path) -> Path:
    """The config to use: the one given, else upward from `start`, else the user's config folder."""
    if explicit is not None:
        return explicit
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    from platformdirs import user_config_path

    candidate = user_config_path(APPLICATION) / FILE_NAME
    if candidate.is_file():
        return candidate
    raise ConfigError(
        f"no {FILE_NAME} was found",
        f"looked upward from {start} and in {candidate.parent}",
        "release-cockpit init VERSION writes one; release-cockpit rehearse needs none",
    )


class Folders:
    """The cockpit's own files: beside the config when it says so, else in the system's places."""

    def __init__(self, config: Path, *, project: str, version: str, folder: str | None) -> None:
        config = config.resolve()
        digest = hashlib.sha256(f"{config}\n{version}".encode()).hexdigest()[:10]
        name = f"{project}-{version}-{digest}"
        if folder is not None:
            own = config.parent / folder
            self.cache, self.data = own / "cache" / name, own / "data"
            return
        from platformdirs import user_cache_path, user_data_path

        self.cache = user_cache_path(APPLICATION) / name
        self.data = user_data_path(APPLICATION)

    @property
    def still(self) -> Path:
        """The picture that the cockpit opens with."""
        return self.cache / "still.json"


def still_of(config: Path) -> Path | None:
    """The picture that belongs to a config; None for a config that has to be explained first."""
    try:
        document = tomllib.loads(config.read_text(encoding="utf-8"))
        release = document["release"]
        return Folders(
            config,
            project=release.get("project", PROJECT),
            version=release["version"],
            folder=document.get("folder"),
        ).still
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
