"""`python -m cockpit.rehearsal`: serve a world without opening the cockpit on it."""

from __future__ import annotations

import argparse
import contextlib
import math
import signal
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from cockpit.rehearsal.faults import KINDS, FaultError, parse_fault
from cockpit.rehearsal.s3 import S3Error
from cockpit.rehearsal.world import World, WorldError

_WRONG_USAGE = 2
_UNREACHABLE = 3
_PROBE_S = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve a world until SIGINT, SIGTERM or `POST /stop`; gives the exit code."""
    options = _parser().parse_args(arguments)
    if options.list_faults:
        for kind, traits in KINDS.items():
            print(f"{kind}:{traits.argument}  ({', '.join(traits.services)})\n    {traits.summary}")
        return 0
    signal.signal(signal.SIGINT, _interrupt_once)
    signal.signal(signal.SIGTERM, _interrupt_once)
    try:
        with _directory(options.dir) as directory:
            _serve(directory, options)
    except KeyboardInterrupt:
        return 0
    except (WorldError, FaultError) as err:
        print(f"cockpit.rehearsal: {err}", file=sys.stderr)
        return _WRONG_USAGE
    except (S3Error, OSError) as err:
        print(f"cockpit.rehearsal: {err}", file=sys.stderr)
        return _UNREACHABLE
    return 0


def _serve(directory: Path, options: argparse.Namespace) -> None:
    faults = [parse_fault(text) for text in options.fault]
    with World.start(
        directory,
        scenario=options.scenario,
        seed=options.seed,
        speed=options.speed,
        s3=options.s3,
    ) as world:
        _probe(world)
        for fault in faults:
            world.faults.add(fault)
        print(f"ready: {world.config_path}", flush=True)
        world.stop_requested.wait()


def _probe(world: World) -> None:
    """Ask every service something, so that "ready" is true of all of them."""
    # Without this, a proxy of the environment would be asked for our own loopback.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for url in (
        f"{world.github_url}/",
        f"{world.s3_url}/",
        f"{world.index_url}/simple/",
        f"{world.control_url}/clock",
    ):
        # An answer that refuses us is an answer: S3 wants a signature.
        with contextlib.suppress(urllib.error.HTTPError):
            direct.open(url, timeout=_PROBE_S).close()


@contextlib.contextmanager
def _directory(wanted: Path | None) -> Iterator[Path]:
    """The directory asked for, which stays, or one that goes with the world."""
    if wanted is not None:
        yield wanted
        return
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as temporary:
        yield Path(temporary)


def _interrupt_once(number: int, _frame: FrameType | None) -> None:
    # A second signal must not break into the clean-up that the first one started.
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _speed(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (speed := float(text)) < math.inf:
            return speed
    raise argparse.ArgumentTypeError(f"{text} is not a positive number")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cockpit.rehearsal", description=__doc__)
    parser.add_argument("--scenario", default="default", help="which world to make")
    parser.add_argument("--seed", type=int, default=0, help="another seed is another world")
    parser.add_argument(
        "--speed", type=_speed, help="how fast its clock runs; the scenario's own without it"
    )
    parser.add_argument("--s3", choices=("moto", "seaweedfs"), default="moto")
    parser.add_argument(
        "--dir", type=Path, help="an empty directory to make it in; a temporary one otherwise"
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[@SERVICE][:ARG]",
        help="inject a fault from the start; may be given again",
    )
    parser.add_argument("--list-faults", action="store_true", help="name every fault, and end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
