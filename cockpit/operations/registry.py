"""Every operation by name."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.errors import ConfigError
from cockpit.operations.branch_specs import BRANCH_OPERATIONS
from cockpit.operations.gate_specs import GATE_OPERATIONS
from cockpit.operations.pick_specs import PICK_OPERATIONS
from cockpit.operations.promotion_specs import PROMOTION_OPERATIONS
from cockpit.operations.publish_specs import PUBLISH_OPERATIONS
from cockpit.operations.run_specs import RUN_OPERATIONS
from cockpit.operations.signing_specs import signing_operations
from cockpit.operations.specs import OperationSpec

OPERATIONS: tuple[OperationSpec, ...] = (
    *BRANCH_OPERATIONS,
    *RUN_OPERATIONS,
    *PICK_OPERATIONS,
    *PUBLISH_OPERATIONS,
    *signing_operations(lambda: BY_NAME),
    *GATE_OPERATIONS,
    *PROMOTION_OPERATIONS,
)
BY_NAME: Mapping[str, OperationSpec] = {spec.name: spec for spec in OPERATIONS}


def operation(name: str) -> OperationSpec:
    """The operation of this name; raises ConfigError naming those that exist."""
    spec = BY_NAME.get(name)
    if spec is None:
        known = ", ".join(BY_NAME)
        raise ConfigError(f"There is no operation {name!r}", f"there are: {known}", "see --help")
    return spec
