"""What several commands share: opening the release and speaking to the terminal."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from cockpit.config import load
from cockpit.places import find
from cockpit.runtime import Cockpit


def open_cockpit(arguments: argparse.Namespace) -> Cockpit:
    """The release that the arguments, or the folder, name."""
    config = load(find(arguments.config, Path.cwd()))
    return Cockpit(config, read_only=arguments.read_only)


def has_terminal() -> bool:
    """Whether a person sits at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def wants_colour() -> bool:
    """Whether the output may carry colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
