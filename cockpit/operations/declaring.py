"""What operations that only write to the ledger have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.errors import ConfigError

if TYPE_CHECKING:
    from cockpit.config import Config


def reason_of(text: str, decision: str) -> str:
    """A reason on one line; raises ConfigError where none is given."""
    reason = " ".join(text.split())
    if not reason:
        raise ConfigError(
            f"There is no reason for {decision}",
            "everybody sees it in the ledger, with your name",
            "say why in a few words",
        )
    return reason


def ledger_push(config: Config) -> str:
    """The equivalent line of appending an entry; TIP and ENTRY stand for commits of the ledger."""
    ref = config.ledger_ref
    return f"git push --force-with-lease={ref}:TIP {config.ledger_remote} ENTRY:{ref}"
