"""The pages that pip reads: packages of a channel and of each of its folders; section 8.4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cockpit.rehearsal.packages import BUCKET, CHECKSUM, ChannelObject

CHANNELS = ("whl/test", "whl")
"""The prefixes that have pages; a longer one is a channel of its own, not a folder of the other."""
_NOT_STABLE = ("whl/test/", "whl/nightly/", "whl/preview/")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as a bucket lists it."""

    key: str
    checksum: str = ""


def listed(items: Iterable[ChannelObject]) -> list[Listed]:
    """Objects as the bucket will list them."""
    return [Listed(item.key, item.metadata.get(CHECKSUM, "")) for item in items]


def index_pages(
    items: Iterable[Listed], at: datetime, bucket: str = BUCKET
) -> Iterator[ChannelObject]:
    """The pages of every channel, as they are built from what the bucket holds."""
    wheels = [item for item in items if item.key.endswith(".whl")]
    for channel in CHANNELS:
        inside = [
            item
            for item in wheels
            if item.key.startswith(f"{channel}/")
            and not (channel == "whl" and item.key.startswith(_NOT_STABLE))
        ]
        yield from _pages(channel, inside, at, bucket)


def _pages(
    channel: str, items: Iterable[Listed], at: datetime, bucket: str
) -> Iterator[ChannelObject]:
    pages: dict[str, dict[str, list[Listed]]] = {}
    for item in items:
        folder, _, name = item.key.rpartition("/")
        package = name.partition("-")[0].replace("_", "-")
        for page in {folder, channel}:
            pages.setdefault(page, {}).setdefault(package, []).append(item)
    stamp = f"<!--TIMESTAMP {int(at.timestamp())}-->\n"
    for folder, packages in sorted(pages.items()):
        links = "".join(f'<a href="{name}/">{name}</a><br/>\n' for name in sorted(packages))
        text = f"<!DOCTYPE html>\n{links}{stamp}"
        yield _page(bucket, f"{folder}/index.html", text, at)
        for package, found in sorted(packages.items()):
            ordered = sorted(found, key=lambda item: item.key)
            links = "".join(_link(bucket, item) for item in ordered)
            text = f"<!DOCTYPE html>\n<h1>Links for {package}</h1>\n{links}{stamp}"
            yield _page(bucket, f"{folder}/{package}/index.html", text, at)


def _link(bucket: str, item: Listed) -> str:
    """The bucket is part of the address, since all buckets of the world share one host."""
    name = item.key.rpartition("/")[2]
    fragment = f"#sha256={item.checksum}" if item.checksum else ""
    return f'<a href="/{bucket}/{item.key.replace("+", "%2B")}{fragment}">{name}</a><br/>\n'


def _page(bucket: str, key: str, text: str, at: datetime) -> ChannelObject:
    return ChannelObject(bucket, key, text.encode(), "text/html", at)
