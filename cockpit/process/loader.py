"""Reads a release process from TOML and refuses one that cannot be followed."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import msgspec

from cockpit.errors import ConfigError
from cockpit.release.checklist import Item, Phase, Process
from cockpit.release.gates import GATES

__all__ = ["Process", "load_process", "parse"]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    phases: tuple[Phase, ...]
    items: tuple[Item, ...]


def load_process(name: str, folder: Path) -> Process:
    """The process of this name that comes with the cockpit, or the TOML file beside the config.

    Raises ConfigError naming the file and the key that is wrong.
    """
    if not name.endswith(".toml"):
        return parse(_shipped(name), f"process/{name}.toml")
    path = folder / name
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as err:
        raise ConfigError(
            f"{path} could not be read",
            err.strerror or str(err),
            "name a process that comes with the cockpit, such as pytorch, or a TOML file",
        ) from err


def _shipped(name: str) -> str:
    folder = Path(__file__).parent
    names = sorted(entry.stem for entry in folder.glob("*.toml"))
    if name not in names:
        raise ConfigError(
            "release.process",
            f"no process {name!r} comes with the cockpit; there is {', '.join(names)}",
            "name one of these, or a file that ends in .toml",
        )
    return (folder / f"{name}.toml").read_text(encoding="utf-8")


def parse(text: str, where: str) -> Process:
    """Decode the text of a process file; `where` is what errors call it."""
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as err:
        raise ConfigError(f"{where} is not TOML", str(err), f"edit {where}") from err
    except msgspec.ValidationError as err:
        found, _, place = str(err).partition(" - at `")
        key = place.removesuffix("`").removeprefix("$.") or "the top of the file"
        raise ConfigError(f"{where}: {key}", found, f"edit {key} in {where}") from err
    _check(file, where)
    phases = tuple(sorted(file.phases, key=lambda phase: phase.id.order))
    return Process(phases, file.items)


def _check(file: _File, where: str) -> None:
    titled = {phase.id for phase in file.phases}
    ids = {item.id for item in file.items}
    for twice in _repeated(phase.id.value for phase in file.phases):
        raise _wrong(where, f"phases.{twice}", "is named twice")
    for twice in _repeated(item.id for item in file.items):
        raise _wrong(where, f"items.{twice}", "is named twice")
    for item in file.items:
        key = f"items.{item.id}"
        if item.phase not in titled:
            raise _wrong(where, f"{key}.phase", f"{item.phase.value} is not among the phases")
        for need in item.needs:
            if need not in ids:
                raise _wrong(where, f"{key}.needs", f"{need!r} is no item")
        if item.gate is not None and item.gate not in GATES:
            raise _wrong(where, f"{key}.gate", f"{item.gate!r} is no gate of {', '.join(GATES)}")
    _check_order(file.items, where)


def _check_order(items: tuple[Item, ...], where: str) -> None:
    try:
        TopologicalSorter({item.id: item.needs for item in items}).prepare()
    except CycleError as err:
        chain = " → ".join(reversed(err.args[1]))
        raise _wrong(where, "items.needs", f"the items wait for each other: {chain}") from err
    phase = {item.id: item.phase for item in items}
    for item in items:
        late = next((n for n in item.needs if phase[n].order > item.phase.order), None)
        if late is not None:
            text = f"{late!r} belongs to a later phase, {phase[late].value}"
            raise _wrong(where, f"items.{item.id}.needs", text)


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _wrong(where: str, key: str, text: str) -> ConfigError:
    return ConfigError(f"{where}: {key}", text, f"edit {key} in {where}")
