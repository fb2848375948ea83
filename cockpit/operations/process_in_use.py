"""The process that a release goes by."""

from __future__ import annotations

from cockpit.config import Config
from cockpit.process.loader import Process, load_process


def process_of(config: Config) -> Process:
    """The process that the config names, with the project's own file over it."""
    from cockpit.operations.registry import OPERATIONS

    return load_process(
        config.settings.release.process,
        config.path.parent,
        extend=config.settings.process.extend,
        operations=tuple(spec.name for spec in OPERATIONS),
    )
