"""What a workflow's own file says of its inputs, compared with what would be sent."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from cockpit.release.dispatches import WorkflowCall
from cockpit.release.workflows import is_number

_ON = re.compile(r"^(?:on|'on'|\"on\")\s*:.*(?:\n(?:[ \t#-].*|(?=\n|\Z)))*", re.MULTILINE)
"""The block that says what starts a workflow, up to the next key."""
_DISPATCH = "workflow_dispatch"


class DeclaredInput(msgspec.Struct, frozen=True):
    """An input as the workflow's file declares it; every value as text."""

    name: str
    type: str = "string"
    default: str = ""
    required: bool = False
    options: tuple[str, ...] = ()


class Comparison(msgspec.Struct, frozen=True):
    """How what would be sent fits what the file declares."""

    blockers: tuple[str, ...] = ()
    left_to_it: tuple[str, ...] = ()
    """Inputs that are not sent, with the default that then counts."""
    defaults: dict[str, str] = {}
    """What the inputs that are sent would be if they were left out, where that differs."""


def declared_inputs(text: str) -> tuple[DeclaredInput, ...] | None:
    """The inputs of `on.workflow_dispatch`; None where it cannot be started by hand.

    Raises ValueError for a file that cannot be read. Only the block of `on` is parsed: generated
    workflows have thousands of lines.
    """
    import yaml  # 25 ms that a start which dispatches nothing need not spend

    block = _ON.search(text)
    if block is None:
        return None
    try:
        # The base loader leaves every scalar a text: GitHub's YAML knows no `on` and `yes`.
        found = yaml.load(block.group(), Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, RecursionError) as err:
        raise ValueError(" ".join(str(err).split())) from err
    triggers = found["on"]
    if isinstance(triggers, str | list):
        listed = [triggers] if isinstance(triggers, str) else triggers
        return () if _DISPATCH in listed else None
    if not isinstance(triggers, dict) or _DISPATCH not in triggers:
        return None
    dispatch = triggers[_DISPATCH]
    inputs = dispatch.get("inputs") if isinstance(dispatch, dict) else None
    if not isinstance(inputs, dict):
        return ()
    return tuple(_declared(name, body) for name, body in inputs.items())


def compare(call: WorkflowCall, declared: tuple[DeclaredInput, ...]) -> Comparison:
    """What GitHub would refuse, and which defaults of the file's own are in play."""
    by_name = {one.name: one for one in declared}
    blockers = [
        f"{call.file} has no input {name!r} on {call.ref}"
        for name in call.inputs
        if name not in by_name
    ]
    left: list[str] = []
    defaults: dict[str, str] = {}
    for one in declared:
        value = call.inputs.get(one.name)
        if value is None:
            if one.required and not one.default:
                blockers.append(f"{call.file} requires {one.name}, which is not sent")
            left.append(f"{one.name} is left to the workflow: {one.default or 'empty'}")
            continue
        if expected := _misfit(one, value):
            blockers.append(f"{call.file} takes {expected} for {one.name}, not {value!r}")
        if value != _default_of(one):
            defaults[one.name] = _default_of(one)
    return Comparison(tuple(blockers), tuple(left), defaults)


def _misfit(declared: DeclaredInput, value: str) -> str:
    """What the file expects where a value is not that; empty where it fits."""
    match declared.type:
        case "choice" if value not in declared.options:
            return f"one of {', '.join(declared.options)}"
        case "boolean" if value not in ("true", "false"):
            return "true or false"
        case "number" if not is_number(value):
            return "a number"
        case _:
            return ""


def _default_of(declared: DeclaredInput) -> str:
    """What counts when nothing is sent."""
    if declared.default:
        return declared.default
    if declared.type == "boolean":
        return "false"
    return declared.options[0] if declared.type == "choice" and declared.options else ""


def _declared(name: str, body: object) -> DeclaredInput:
    if not isinstance(body, Mapping):
        return DeclaredInput(str(name))
    options = body.get("options")
    return DeclaredInput(
        name=str(name),
        type=_text(body.get("type")) or "string",
        default=_text(body.get("default")),
        required=_text(body.get("required")) == "true",
        options=tuple(map(_text, options)) if isinstance(options, list) else (),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
