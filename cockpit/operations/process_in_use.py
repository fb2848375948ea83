"""The process that a release goes by."""

from __future__ import annotations

from collections.abc import Collection

from cockpit.config import Config
from cockpit.process.loader import Process, load_process


def process_of(config: Config, operations: Collection[str] | None = None) -> Process:
    """The process that the config names, with the project's own file over it.

    Raises ConfigError for one that is wrong, or that names another operation than those given.
    """
    return load_process(
        config.settings.release.process,
        config.path.parent,
        extend=config.settings.process.extend,
        operations=operations,
    )
