"""Reads a release process from TOML and refuses one that cannot be followed."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import msgspec

from cockpit.errors import ConfigError
from cockpit.release.gates import GATES
from cockpit.release.people import OwnerRole
from cockpit.release.process import Item, Phase, Process
from cockpit.release.versions import Line

__all__ = ["Process", "load_process", "parse"]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    phases: tuple[Phase, ...]
    items: tuple[Item, ...]
    roles: tuple[OwnerRole, ...] = ()


class _LeftOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[left_out]]`: an item that a project does without."""

    id: str
    reason: str


class _Extension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A project's own file over a process: what it changes, adds and does without."""

    items: tuple[dict[str, Any], ...] = ()
    """Keys given for an item of the process replace its own; any other item is a new one."""
    roles: tuple[dict[str, Any], ...] = ()
    left_out: tuple[_LeftOut, ...] = ()


def load_process(
    name: str, folder: Path, *, extend: str = "", operations: Collection[str] | None = None
) -> Process:
    """The process of this name that comes with the cockpit, or the TOML file beside the config.

    `extend` names a project's own file over it, and `operations` what an item may name as such;
    without them nothing is known, and none is refused. Raises ConfigError naming the file and the
    key that is wrong.
    """
    if name.endswith(".toml"):
        where, text = str(folder / name), _beside(folder / name)
    else:
        where, text = f"process/{name}.toml", _shipped(name)
    if not extend:
        return parse(text, where, operations)
    own = folder / extend
    raw = _extended(_toml(text, where), _toml(_beside(own), str(own)), str(own))
    return _decoded(raw, f"{own} over {where}", operations)


def parse(text: str, where: str, operations: Collection[str] | None = None) -> Process:
    """Decode the text of a process file; `where` is what errors call it."""
    return _decoded(_toml(text, where), where, operations)


def _beside(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
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


def _toml(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise ConfigError(f"{where} is not TOML", str(err), f"edit {where}") from err


def _extended(raw: dict[str, Any], own: dict[str, Any], where: str) -> dict[str, Any]:
    """The process with a project's changes: its items stay in place, new ones follow."""
    try:
        changes = msgspec.convert(own, _Extension)
    except msgspec.ValidationError as err:
        raise _invalid(err, where) from err
    for kind, tables in (("items", changes.items), ("roles", changes.roles)):
        for table in tables:
            if not isinstance(table.get("id"), str):
                raise _wrong(where, kind, "one of them has no id")
        for twice in _repeated(table["id"] for table in tables):
            raise _wrong(where, f"{kind}.{twice}", "is named twice")
    items = _overlaid(raw.get("items", []), changes.items)
    for gone in changes.left_out:
        if gone.id not in items:
            raise _wrong(where, f"left_out.{gone.id}", "is no item of the process")
        if not gone.reason.strip():
            raise _wrong(where, f"left_out.{gone.id}", "says no reason")
        items[gone.id] = items[gone.id] | {"left_out": " ".join(gone.reason.split())}
    roles = _overlaid(raw.get("roles", []), changes.roles)
    return raw | {"items": list(items.values()), "roles": list(roles.values())}


def _overlaid(
    tables: Iterable[Mapping[str, Any]], own: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    found = {str(table.get("id", at)): dict(table) for at, table in enumerate(tables)}
    for table in own:
        found[table["id"]] = found.get(table["id"], {}) | dict(table)
    return found


def _decoded(raw: dict[str, Any], where: str, operations: Collection[str] | None) -> Process:
    try:
        file = msgspec.convert(raw, _File)
    except msgspec.ValidationError as err:
        raise _invalid(err, where) from err
    _check(file, where, operations)
    phases = tuple(sorted(file.phases, key=lambda phase: phase.id.order))
    return Process(phases, file.items, file.roles)


def _invalid(err: msgspec.ValidationError, where: str) -> ConfigError:
    found, _, place = str(err).partition(" - at `")
    key = place.removesuffix("`").removeprefix("$.") or "the top of the file"
    return ConfigError(f"{where}: {key}", found, f"edit {key} in {where}")


def _check(file: _File, where: str, operations: Collection[str] | None) -> None:
    for twice in _repeated(phase.id.value for phase in file.phases):
        raise _wrong(where, f"phases.{twice}", "is named twice")
    for twice in _repeated(item.id for item in file.items):
        raise _wrong(where, f"items.{twice}", "is named twice")
    for twice in _repeated(role.id for role in file.roles):
        raise _wrong(where, f"roles.{twice}", "is named twice")
    for item in file.items:
        for key, problem in _problems(item, file, operations):
            raise _wrong(where, f"items.{item.id}.{key}", problem)
    _check_order(file.items, where)


def _problems(
    item: Item, file: _File, operations: Collection[str] | None
) -> Iterable[tuple[str, str]]:
    """Each key of an item that names something there is not, with what is wrong."""
    ids = {other.id for other in file.items}
    roles = [role.id for role in file.roles]
    if item.phase not in {phase.id for phase in file.phases}:
        yield "phase", f"{item.phase.value} is not among the phases"
    yield from (("needs", f"{need!r} is no item") for need in item.needs if need not in ids)
    if item.gate is not None and item.gate not in GATES:
        yield "gate", f"{item.gate!r} is no gate of {', '.join(GATES)}"
    if operations is not None and item.operation and item.operation not in operations:
        yield "operation", f"{item.operation!r} is no operation of {', '.join(operations)}"
    if roles and item.owner not in roles:
        yield "owner", f"{item.owner!r} is no role of {', '.join(roles)}"
    if item.signers < 1:
        yield "signers", f"{item.signers} people cannot sign"
    for key, text in (("since", item.since), ("until", item.until)):
        try:
            Line.parse(text or "0.0")
        except ValueError as err:
            yield key, str(err)


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
