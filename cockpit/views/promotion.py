"""The promotion as a pane: each package in each place, expected against present and verified."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.release.index_state import IndexState
from cockpit.release.promotion import Backup, Likeness, Promotion, Standing
from cockpit.release.state import ReleaseState
from cockpit.release.words import counted, size
from cockpit.views.ages import timestamp
from cockpit.views.framing import detail, field, framed, heading, line, remembered_lines
from cockpit.views.marks import (
    EXPECTED,
    FAILED,
    NEEDS_YOU,
    NO_DATA,
    NOT_APPLICABLE,
    PASSED,
    RUNNING,
    Mark,
    Tone,
)
from cockpit.views.table import Align, Cell, Column, Detail, Line, Pane, Row, Span, Table, cell

_RIGHT = Align.RIGHT
COLUMNS = (
    Column("place", "place"),
    Column("package", "package", weight=1),
    Column("expected", "expected", _RIGHT),
    Column("present", "present", _RIGHT),
    Column("verified", "verified", _RIGHT),
    Column("wrong", "differ", _RIGHT),
    Column("size", "size", _RIGHT, rank=1),
    Column("index", "index", rank=2),
)
FILE_MARKS: dict[Likeness, Mark] = {
    Likeness.ABSENT: EXPECTED,
    Likeness.SAME: PASSED,
    Likeness.TOLD: PASSED,
    Likeness.UNKNOWN: NO_DATA,
    Likeness.DIFFERENT: FAILED,
}
"""How a file in a place is drawn."""
_WORST_FIRST = (
    *(Likeness.DIFFERENT, Likeness.UNKNOWN, Likeness.ABSENT),
    *(Likeness.TOLD, Likeness.SAME),
)
_SHOWN = 400
"""Files of one package that a detail lists."""


def promotion_pane(state: ReleaseState) -> Pane:
    """A row for each package in each place, as the stores are."""
    promotion = state.promotion.value or Promotion()
    rows = tuple(_row(standing) for standing in promotion.standings)
    table = Table(COLUMNS, rows, "the test channel holds nothing of this release")
    return framed(
        state, "promotion", "Promotion", ("promotion",), table, tuple(_summary(promotion))
    )


def promotion_lines(state: ReleaseState) -> tuple[Line, ...]:
    """The same in lines, with everything that is not as it should be."""
    promotion = state.promotion.value
    if promotion is None:
        why = state.promotion.failure or "the channels have not been read"
        return (line(Span(str(why), Tone.WARN)),)
    lines = [*remembered_lines(state, "promotion"), *_summary(promotion)]
    for standing in promotion.standings:
        mark = _mark(standing)
        lines.append(
            line(
                Span(f"{mark.shape} ", mark.tone),
                f"{standing.at:<8} {standing.release!s:<22} ",
                "not read" if standing.problem else _amounts(standing),
            )
        )
        lines += [line(Span("  "), *entry.spans) for entry in _trouble(standing)]
        lines += [line(Span("  "), *entry.spans) for entry in _index_lines(standing.index)]
    return (*lines, *_backup_lines(promotion), *_orphan_lines(promotion))


def promotion_detail(state: ReleaseState, key: str) -> Detail | None:
    """Every file of one package in one place, what is not right first."""
    promotion = state.promotion.value or Promotion()
    standing = next((s for s in promotion.standings if row_key(s) == key), None)
    if standing is None:
        return None
    files = sorted(standing.files, key=lambda file: (_WORST_FIRST.index(file.state), file.key))
    absent = standing.of(Likeness.ABSENT)
    left = f"{counted(len(absent), 'file')}, {size(sum(file.size for file in absent))}"
    known = not standing.problem
    amounts = f"{size(standing.there)} of {size(standing.size)}"
    return detail(
        f"{standing.release} in {standing.at}",
        field("in place", amounts if known else "not known"),
        field("left", (left if absent else "nothing") if known else "not known"),
        tuple(_trouble(standing)),
        tuple(_index_lines(standing.index)),
        heading("Files"),
        tuple(
            line(
                Span(f"{FILE_MARKS[file.state].shape} ", FILE_MARKS[file.state].tone),
                f"{file.key}  ",
                Span(f"{size(file.size)}  {file.state.value}", Tone.DIM),
            )
            for file in files[:_SHOWN]
        ),
        tuple(_backup_lines(promotion)),
        tuple(_orphan_lines(promotion)),
    )


def _amounts(standing: Standing) -> str:
    return (
        f"{len(standing.files)} of {standing.expected} expected, {_present(standing)} present,"
        f" {_verified(standing)} verified, {size(standing.there)} of {size(standing.size)}"
    )


def row_key(standing: Standing) -> str:
    """What a row is known by: place and package."""
    return f"{standing.at}/{standing.release.package}"


def _row(standing: Standing) -> Row:
    mark = _mark(standing)
    differing = len(standing.of(Likeness.DIFFERENT))
    amounts = f"{size(standing.there)} / {size(standing.size)}"
    known = not standing.problem
    return Row(
        key=row_key(standing),
        cells=(
            Cell((Span(standing.at),), mark),
            cell(str(standing.release)),
            cell(standing.expected if known else "?"),
            cell(_present(standing) if known else "?"),
            cell(_verified(standing) if known else "?"),
            cell(differing if known else "?", Tone.BAD if differing else Tone.DIM),
            cell(amounts if known else "", Tone.DIM),
            _index_cell(standing),
        ),
        copy=str(standing.release),
        search=" ".join(file.key for file in standing.files),
    )


def _mark(standing: Standing) -> Mark:
    if standing.problem:
        return NO_DATA
    wrong = standing.index.wrong if standing.index else ()
    if standing.of(Likeness.DIFFERENT) or standing.mislabelled or wrong:
        return FAILED
    if standing.missing:
        return NEEDS_YOU
    if standing.complete:
        return PASSED
    if standing.of(Likeness.UNKNOWN):
        return NO_DATA
    return RUNNING if standing.there else EXPECTED


def _present(standing: Standing) -> int:
    return len(standing.files) - len(standing.of(Likeness.ABSENT))


def _verified(standing: Standing) -> int:
    return len(standing.of(Likeness.SAME, Likeness.TOLD))


def _index_cell(standing: Standing) -> Cell:
    index = standing.index
    if standing.problem:
        return cell("?", Tone.DIM)
    if index is None:
        return cell("", Tone.DIM, mark=NOT_APPLICABLE)
    if index.wrong:
        return cell(f"{len(index.wrong)} wrong", Tone.BAD, mark=FAILED)
    if index.unlisted:
        return cell(f"{len(index.unlisted)} not listed", Tone.BUSY, mark=RUNNING)
    if not index.listed:
        return cell("", Tone.DIM, mark=EXPECTED)
    return cell(f"{index.listed} listed", Tone.DIM, mark=PASSED)


def _summary(promotion: Promotion) -> Iterator[Line]:
    total = sum(standing.size for standing in promotion.standings)
    there = sum(standing.there for standing in promotion.standings)
    if not total:
        return
    left = sum(len(standing.of(Likeness.ABSENT)) for standing in promotion.standings)
    differing = sum(len(standing.of(Likeness.DIFFERENT)) for standing in promotion.standings)
    spans = [Span(f"{size(there)} of {size(total)} in place  {100 * there // total} %")]
    if left:
        spans.append(Span(f"   {EXPECTED.shape} {left} to copy", EXPECTED.tone))
    if differing:
        spans.append(Span(f"   {FAILED.shape} {differing} different", FAILED.tone))
    unread = dict.fromkeys(s.at for s in promotion.standings if s.problem)
    if unread:
        spans.append(Span(f"   {NO_DATA.shape} {', '.join(unread)} not read", NO_DATA.tone))
    if promotion.orphans:
        orphans = counted(len(promotion.orphans), "unfinished upload")
        spans.append(Span(f"   {NEEDS_YOU.shape} {orphans}", NEEDS_YOU.tone))
    yield line(*spans)


def _trouble(standing: Standing) -> Iterator[Line]:
    if standing.problem:
        yield line(Span(f"{NO_DATA.shape} {standing.problem}", NO_DATA.tone))
    for file in standing.of(Likeness.DIFFERENT):
        found = f": {file.difference}" if file.difference else ""
        text = f"{FAILED.shape} {file.key} differs from the test channel's{found}"
        yield line(Span(text, FAILED.tone))
    for key in standing.mislabelled:
        text = f"{FAILED.shape} {key} claims another checksum than its bytes have"
        yield line(Span(text, FAILED.tone))
    if standing.missing:
        text = f"{NEEDS_YOU.shape} missing from the test channel: {', '.join(standing.missing)}"
        yield line(Span(text, NEEDS_YOU.tone))
    for key in standing.strange:
        text = f"{NEEDS_YOU.shape} {key} is here and not in the test channel"
        yield line(Span(text, NEEDS_YOU.tone))


def _index_lines(index: IndexState | None) -> Iterator[Line]:
    if index is None or not (index.listed or index.unlisted or index.wrong):
        return
    built = f", built {timestamp(index.built_at)}" if index.built_at else ""
    yield field("index", f"{counted(index.listed, 'file')} listed{built}")
    for each in index.wrong:
        yield line(Span(f"{FAILED.shape} {each}", FAILED.tone))
    if index.unlisted:
        text = f"{RUNNING.shape} {len(index.unlisted)} not listed yet, first {index.unlisted[0]}"
        yield line(Span(text, RUNNING.tone))
    if index.bare:
        text = f"{NEEDS_YOU.shape} {len(index.bare)} listed without a checksum"
        yield line(Span(text, NEEDS_YOU.tone))


def _backup_lines(promotion: Promotion) -> Iterator[Line]:
    if promotion.backups:
        yield heading("Backups of the candidates")
    for backup in promotion.backups:
        mark = PASSED if backup.complete else FAILED
        yield line(Span(f"{mark.shape} ", mark.tone), _backup_words(backup))


def _backup_words(backup: Backup) -> str:
    words = f"{backup.tag}  {counted(backup.files, 'file')} of {backup.release}"
    if backup.missing:
        words += f", {len(backup.missing)} missing, such as {backup.missing[0]}"
    if backup.differing:
        words += f", {len(backup.differing)} other than the test channel's"
    if backup.disputed:
        words += f", {len(backup.disputed)} with a checksum that the test channel contradicts"
    return words


def _orphan_lines(promotion: Promotion) -> Iterator[Line]:
    if promotion.orphans:
        yield heading("Uploads that nobody finished")
    for orphan in promotion.orphans:
        begun = f"begun {orphan.begun_at:%d %b %H:%M} UTC"
        yield line(
            Span(f"{NEEDS_YOU.shape} ", NEEDS_YOU.tone),
            f"{orphan.at}: {orphan.key}  ",
            Span(begun, Tone.DIM),
        )
