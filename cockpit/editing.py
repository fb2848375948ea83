"""The person's own editor, else their shell, in a folder; whoever calls gives up the terminal."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence

from cockpit.errors import CockpitError


def editor_words(environment: Mapping[str, str], files: Sequence[str]) -> list[str]:
    """What is started: `$VISUAL` or `$EDITOR` on the files, else `$SHELL`."""
    editor = environment.get("VISUAL") or environment.get("EDITOR")
    if editor and files:
        # Below the folder itself, so that no file's name is taken for an option.
        return [*shlex.split(editor), *(f"./{file}" for file in files)]
    return [environment.get("SHELL") or "/bin/sh"]


def edit(folder: str, files: Sequence[str]) -> None:
    """Wait until the person has closed it; raises CockpitError when it cannot be started."""
    try:
        words = editor_words(os.environ, files)
    except ValueError as err:
        raise CockpitError(
            "$VISUAL or $EDITOR cannot be read as a command", str(err), f"work in {folder}"
        ) from err
    if len(words) == 1:  # a shell, which is not told what it was opened for
        sys.stdout.write(f"{words[0]} opens in {folder}: exit leaves it and goes on\n")
        sys.stdout.flush()
    try:
        subprocess.run(words, cwd=folder, check=False)
    except OSError as err:
        raise CockpitError(
            f"{words[0]} could not be started", err.strerror or str(err), f"work in {folder}"
        ) from err
