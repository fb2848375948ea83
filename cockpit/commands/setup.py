"""`init`, `login` and `doctor`: what comes before the first flight."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from importlib import resources
from pathlib import Path

from cockpit.commands.common import has_terminal, wants_colour
from cockpit.config import load, parse
from cockpit.errors import ConfigError, ExitCode, Refused
from cockpit.places import find
from cockpit.release.index_rules import index_accelerator
from cockpit.release.versions import Version

_NOREPLY = "@users.noreply.github.com"


def init(arguments: argparse.Namespace) -> int:
    """Write a commented release.toml for PyTorch; an existing file is left alone."""
    try:
        version = Version.parse(arguments.release_version)
    except ValueError as err:
        raise ConfigError("That is no version", str(err), "release-cockpit init 2.15.0") from err
    path: Path = arguments.output
    text = template(version, _myself())
    parse(text, path)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as err:
        raise Refused(
            f"{path} exists", "it was left as it is", "--output names another file"
        ) from err
    sys.stdout.write(f"{path} was written; read it, then run: release-cockpit doctor\n")
    return int(ExitCode.OK)


def _myself() -> str:
    """Whoever runs this as the release's captain, by what git knows of them."""
    from cockpit.backends.git import GitClones
    from cockpit.errors import CockpitError

    try:
        name, email = GitClones(Path()).identity()
    except CockpitError:
        return "# Git does not know you yet: set user.name and user.email, then add yourself here."
    login = email.partition("@")[0].rpartition("+")[2] if email.endswith(_NOREPLY) else "?"
    unknown = "" if login != "?" else "                        # your login on GitHub"
    texts = {
        key: json.dumps(text, ensure_ascii=False)
        for key, text in (("name", name), ("login", login), ("email", email))
    }
    return (
        f"[[people]]\nname = {texts['name']}\nlogin = {texts['login']}{unknown}\n"
        f'email = {texts["email"]}\nduties = ["captain", "approver"]\n'
    )


def template(version: Version, people: str = "") -> str:
    """The commented config of a PyTorch release, with these tables of people."""
    text = (resources.files("cockpit.process") / "release.toml.in").read_text(encoding="utf-8")
    # Section 1.6: vision's minor is torch's plus 15; their patch digits move together.
    vision = f"0.{version.minor + 15}.{version.patch}"
    cuda = index_accelerator(version.line)
    # Section 27: wheels for ARM servers come from CUDA, too, since the index gets cu130.
    arm = cuda if cuda == "cu130" else "cpu"
    words = {"VERSION": str(version), "VISION": vision, "INDEX_CUDA": cuda, "INDEX_ARM": arm}
    for name, word in words.items():
        text = text.replace(f"@{name}@", word)
    return text.replace("@PEOPLE@\n", f"{people}\n" if people else "")


def login(arguments: argparse.Namespace) -> int:
    """Ask for a GitHub token and keep it in the keyring, and nowhere else."""
    from cockpit.backends.keyring import Credentials

    if not has_terminal():
        raise Refused(
            "There is no terminal to ask on",
            "a token is never taken from an argument",
            "set GITHUB_TOKEN instead",
        )
    token = getpass.getpass("GitHub token (it is not shown): ").strip()
    if not token:
        raise Refused("No token was given", "nothing was kept", "")
    where = Credentials(None).store_github_token(token)
    sys.stdout.write(f"The token is kept in {where}.\n")
    return int(ExitCode.OK)


def doctor(arguments: argparse.Namespace) -> int:
    """Check everything the cockpit relies on, one line each."""
    from cockpit.doctor import examine, exit_code, render

    config = load(find(arguments.config, Path.cwd()))
    results = examine(config)
    sys.stdout.write(render(results, ascii=arguments.ascii, color=wants_colour()))
    return int(exit_code(results))
