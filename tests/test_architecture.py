"""The import direction of the house, held statically and in fresh interpreters."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
SDKS = {"git", "github", "boto3", "botocore", "keyring", "twine", "wheel"}
SDK_HOMES = {
    "git": ("cockpit/backends/git",),
    "github": ("cockpit/backends/github",),
    "boto3": ("cockpit/backends/objectstore",),
    "botocore": ("cockpit/backends/objectstore",),
    "keyring": ("cockpit/backends/keyring",),
    "twine": ("cockpit/backends/package_index", "cockpit/backends/wheel_contents"),
    "wheel": ("cockpit/backends/repacking", "cockpit/backends/wheel_contents"),
}
LAYERS = (
    ("cockpit.errors", "cockpit.places", "cockpit.still", "cockpit.threads", "cockpit.release"),
    ("cockpit.process",),
    ("cockpit.config", "cockpit.config_places", "cockpit.config_tables"),
    ("cockpit.backends.ports",),
    ("cockpit.backends", "cockpit.commandlog", "cockpit.editing", "cockpit.logs"),
    ("cockpit.ledger",),
    ("cockpit.provider",),
    ("cockpit.feeds",),
    ("cockpit.operations",),
    (
        "cockpit.runtime",
        "cockpit.actions",
        "cockpit.views",
        "cockpit.doctor",
    ),
    ("themes", "widgets"),
    ("screens",),
    ("cockpit.app",),
    ("cockpit.commands", "cockpit.usage"),
    ("cockpit.cli",),
)
"""From the bottom up: a module imports its own layer or a lower one."""
TEXTUAL_HOMES = ("cockpit/app.py", "screens/", "widgets/", "themes/")


class Module(NamedTuple):
    """One source file of the product."""

    path: str
    name: str
    named: tuple[str, ...]
    """Every module it imports, wherever in the file."""
    run: tuple[str, ...]
    """Those of them that are imported when it runs, and not for types alone."""


@cache
def modules() -> tuple[Module, ...]:
    """Every source file of the product."""
    return tuple(
        _read(path)
        for top in ("cockpit", "screens", "widgets", "themes")
        for path in sorted((ROOT / top).rglob("*.py"))
    )


def _read(path: Path) -> Module:
    relative = path.relative_to(ROOT)
    name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = tuple(imports(tree))
    return Module(str(relative), name, named, tuple(imports(_Running().visit(tree))))


def imports(tree: ast.Module) -> Iterator[str]:
    """Every module a tree imports, wherever in the file; `from a import b` counts as a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


class _Running(ast.NodeTransformer):
    """Leaves out what is imported for types alone."""

    def visit_If(self, node: ast.If) -> list[ast.stmt] | ast.If:
        typed = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return node.orelse if typed else node


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def layer(module: str) -> int | None:
    """The layer a module belongs to, by its longest matching name."""
    matches = [
        (len(package), position)
        for position, packages in enumerate(LAYERS)
        for package in packages
        if within(module, package)
    ]
    return max(matches)[1] if matches else None


def test_every_module_belongs_to_a_layer() -> None:
    homeless = [
        name
        for _, name, *_ in modules()
        if layer(name) is None and name != "cockpit" and not within(name, "cockpit.rehearsal")
    ]
    assert homeless == []


def test_imports_point_downwards() -> None:
    wrong = []
    for _, name, named, _ in modules():
        own = layer(name)
        if own is None:
            continue
        for target in named:
            other = layer(target)
            if other is not None and other > own:
                wrong.append(f"{name} imports {target}")
    assert wrong == []


def test_the_domain_reaches_nothing_outside_itself() -> None:
    allowed = {"msgspec", "packaging", "yaml", *sys.stdlib_module_names}
    impure = {"socket", "subprocess", "urllib", "http", "time", "os", "pathlib", "asyncio"}
    wrong = []
    for _, name, named, _ in modules():
        if not within(name, "cockpit.release"):
            continue
        for target in named:
            top = target.partition(".")[0]
            if top == "cockpit":
                pure = within(target, "cockpit.release")
            else:
                pure = top in allowed and top not in impure
            if not pure:
                wrong.append(f"{name} imports {target}")
    assert wrong == []


def test_each_sdk_stays_in_its_adapter() -> None:
    wrong = []
    for path, name, named, _ in modules():
        if within(name, "cockpit.rehearsal"):
            continue
        for target in named:
            top = target.partition(".")[0]
            if top in SDKS and not path.startswith(SDK_HOMES[top]):
                wrong.append(f"{path} imports {target}")
    assert wrong == []


def test_textual_stays_in_the_interface() -> None:
    wrong = [
        f"{path} imports {target}"
        for path, _, named, _ in modules()
        for target in named
        if within(target, "textual") and not path.startswith(TEXTUAL_HOMES)
    ]
    assert wrong == []


def test_the_interface_reaches_no_backend() -> None:
    """It may name the ports in its types, and nothing else of the backends."""
    wrong = []
    for path, _, named, run in modules():
        if not path.startswith(("screens/", "widgets/")):
            continue
        forbidden = ["cockpit.ledger", "cockpit.app", "cockpit.cli"]
        if path.startswith("widgets/"):
            forbidden += ["screens", "cockpit.operations.runner", "cockpit.operations.candidates"]
        wrong += [
            f"{path} imports {target}"
            for target in sorted(set(named))
            if any(within(target, package) for package in forbidden)
            or (
                within(target, "cockpit.backends")
                and (target in run or not within(target, "cockpit.backends.ports"))
            )
        ]
    assert wrong == []


def test_the_rehearsal_and_the_cockpit_do_not_know_each_other() -> None:
    wrong = []
    for _, name, named, _ in modules():
        inside = within(name, "cockpit.rehearsal")
        for target in named:
            if inside and within(target, "cockpit") and not within(target, "cockpit.rehearsal"):
                if target not in ("cockpit", "cockpit.rehearsal"):
                    wrong.append(f"{name} imports {target}")
            elif not inside and name != "cockpit.cli" and within(target, "cockpit.rehearsal"):
                wrong.append(f"{name} imports {target}")
    assert wrong == []


def test_only_the_command_line_opens_the_app() -> None:
    wrong = [
        name
        for _, name, named, _ in modules()
        if name not in ("cockpit.cli", "cockpit.app")
        and any(within(target, "cockpit.app") for target in named)
    ]
    assert wrong == []


def loaded_by(code: str) -> set[str]:
    """Top-level names of what a fresh interpreter has loaded after running `code`."""
    script = f"{code}\nimport sys\nprint(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["cockpit.commands.status", "cockpit.cli", "cockpit.runtime"])
def test_what_draws_nothing_loads_no_textual_and_no_sdk(module: str) -> None:
    assert loaded_by(f"import {module}").isdisjoint(SDKS | {"textual", "rich"})


def test_the_app_loads_no_sdk() -> None:
    code = "import cockpit.app, cockpit.runtime, screens.dashboard"
    loaded = loaded_by(code)
    assert "textual" in loaded
    assert loaded.isdisjoint(SDKS)
