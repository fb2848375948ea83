"""The lease: one writer at a time, agreed upon through the ledger."""

from __future__ import annotations

import os
import secrets
from datetime import datetime, timedelta

from cockpit.errors import Refused
from cockpit.ledger.store import LedgerStore
from cockpit.release.record import Lease, LeaseReleased, LeaseTaken, Ledger

TERM = timedelta(minutes=10)
"""How long a lease lives without a heartbeat."""


class LeaseDesk:
    """Takes, renews and releases the lease for one operation of one process."""

    def __init__(self, ledger: LedgerStore, operation: str) -> None:
        self._ledger = ledger
        self._operation = operation
        self._id = f"{os.getpid()}-{secrets.token_hex(4)}"

    def take(self, take_over: str = "") -> None:
        """Take the lease; raises Refused naming the holder unless it is free or taken over."""

        def decide(ledger: Ledger) -> LeaseTaken:
            ended = take_over or self._abandoned(ledger.lease)
            _refuse_if_held(ledger.lease, ended)
            return self._event(ended if ledger.lease else "")

        self._ledger.append_if(decide)

    def renew(self) -> None:
        """Prolong the lease; raises Refused when somebody else took it over."""

        def decide(ledger: Ledger) -> LeaseTaken:
            if ledger.lease is None or ledger.lease.id != self._id:
                holder = ledger.lease.holder if ledger.lease else "nobody"
                raise Refused(
                    "The lease was lost",
                    f"it is now held by {holder}",
                    "look at the ledger before going on",
                )
            return self._event("")

        self._ledger.append_if(decide)

    def release(self) -> None:
        """Give the lease back; nothing happens when it is no longer ours."""
        lease = self._ledger.read().lease
        if lease is not None and lease.id == self._id:
            self._ledger.append(LeaseReleased(self._id))

    def _event(self, took_over: str) -> LeaseTaken:
        return LeaseTaken(self._id, self._operation, self._ledger.now() + TERM, took_over)

    def _abandoned(self, lease: Lease | None) -> str:
        """Why a lease may be ended without asking anybody; empty when it may not."""
        if lease is None:
            return ""
        if lease.expired(self._ledger.now()):
            return f"it expired at {_clock(lease.expires_at)}"
        ours = (lease.email, lease.host) == (self._ledger.email, self._ledger.host)
        if ours and not _process_lives(lease.id):
            return "the process on this machine that held it is gone"
        return ""


def _refuse_if_held(lease: Lease | None, ended: str) -> None:
    if lease is not None and not ended:
        raise Refused(
            f"{lease.holder} holds the lease",
            f"for {lease.operation}, from {lease.host}, since {_clock(lease.taken_at)},"
            f" until {_clock(lease.expires_at)}",
            "wait for it to end, or take it over with a reason: --take-over REASON",
        )


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"


def _process_lives(lease_id: str) -> bool:
    pid = lease_id.partition("-")[0]
    if not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
