"""Tables of hospitals: whose study each row is given, and what becomes of spoiled tables.

    python -m benchmarks.fuzz.tables --cohorts 300 --spoiled 3000

Makes cohorts whose folders are named in the ways of hospitals, with numbers of people that are
also months, days, visits and sites of others, and counts the rows that are given the study of
another person or of another day: there must be none. Then changes bytes of tables and parts of
workbooks, and counts those that end with anything but a reading or a reason in one line.
"""

import argparse
import io
import random
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from openpyxl import Workbook

from benchmarks.figures import record
from monai_amyloid.cohort.listing import Listing, list_scans
from monai_amyloid.errors import UserError

# Day in a folder's name and in a row; the second of two rows makes the order of a column sure.
DAYS: tuple[Callable[[date], str], ...] = (
    lambda day: f"{day:%Y-%m-%d}",
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day.year}.{day.month}.{day.day}",
    lambda day: f"{day.year}년 {day.month}월 {day.day}일",
    lambda day: f"{day:%d %b %Y}",
)
NAMES = (
    *("{id}_{day}_PET", "{day}_{id}", "{id} {day} visit_{n}", "sub-{id}_ses-{n}_{day}_pet"),
    *("PET_{id}_{day}_run-{n}", "site_{n:02d}_sub_{id}_{day}", "{id}_{day}_AC_{n}"),
    *("{day}_FBB_{id}_V{n}", "{id}_M_7{n}_{day}", "{id}"),
)
PREFIXES = ("", "", "", "P", "AB-", "S")


def cohort(folder: Path, draw: random.Random) -> tuple[Path, dict[str, tuple[str, date]]]:
    """A table and its studies; the person and day of each study by its name."""
    prefix, width = draw.choice(PREFIXES), draw.choice((2, 3, 5))
    numbers = draw.sample(range(1, 40), 12)
    form, shown = draw.choice(NAMES), draw.choice(DAYS)
    owners: dict[str, tuple[str, date]] = {}
    rows = []
    for number in numbers:
        person = f"{prefix}{number:0{width}d}" if prefix else str(number)
        for visit in range(1, draw.choice((2, 2, 3))):
            day = date(2012, 1, 1) + timedelta(days=draw.randrange(4000))
            other = day + timedelta(days=draw.choice((0, 0, 0, 365)))
            rows.append((person, draw.choice(DAYS)(other), str(draw.randint(1, 3))))
            if draw.random() < 0.7:
                written = f"{prefix}{number:0{width}d}"
                name = form.format(id=written, day=shown(day), n=draw.randint(1, 9) or visit)
                (folder / "studies" / name).mkdir(parents=True, exist_ok=True)
                owners.setdefault(name, (person, day))
    lines = ["ID,date,BAPL", *(",".join(row) for row in rows)]
    (folder / "studies").mkdir(exist_ok=True)
    (folder / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "t.csv", owners


def count_mixed(found: Listing, owners: dict[str, tuple[str, date]]) -> Counter[str]:
    """Rows that were given their own study, and that of another person or day."""
    counts: Counter[str] = Counter(refused=len(found.refused))
    for row in found.table.to_dict("records"):
        name = Path(row["path"]).name
        person, day = owners[name]
        has_day = name != row["participant_id"] and any(map(name.count, map(str, [day.year])))
        right = person == row["participant_id"]
        right &= not has_day or row["session_id"] == f"ses-{day:%Y%m%d}"
        counts["own" if right else "mixed"] += 1
        if not right:
            print(f"mixed: {row['participant_id']} {row['session_id']}: {name} of {person} {day}")
    return counts


def spoiled(draw: random.Random, content: bytes) -> bytes:
    """Content of which a few bytes are changed, cut, doubled or added."""
    data = bytearray(content)
    additions = (b"\0", b'"', b",", b"\n", b"<", b"E+30", b"#N/A", b"\xff\xfe", b"=", b"9" * 30)
    for _ in range(draw.randint(1, 6)):
        place, kind = draw.randrange(len(data) + 1), draw.random()
        if kind < 0.4 and place < len(data):
            data[place] = draw.randrange(256)
        elif kind < 0.6:
            del data[place : place + draw.randint(1, 20)]
        elif kind < 0.8:
            data[place:place] = draw.choice(additions)
        else:
            start = draw.randrange(len(data) + 1)
            data[place:place] = data[start : start + draw.randint(1, 40)]
    return bytes(data)


def workbook() -> dict[str, bytes]:
    """The parts of a small workbook."""
    book = Workbook()
    rows = [["등록번호", "date", "BAPL", "x"], [124, datetime(2019, 3, 13), 2, "=1+1"]]
    for row in [*rows, ["125", "2020.1.1", "BAPL 1", None], [None, None, 3, "a"]]:
        book.active.append(row)
    book.active.merge_cells("A3:A4")
    book.active.row_dimensions[3].hidden = True
    content = io.BytesIO()
    book.save(content)
    with zipfile.ZipFile(content) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def spoil(folder: Path, draw: random.Random, parts: dict[str, bytes]) -> Path:
    """Write one spoiled table."""
    if draw.random() < 0.5:
        text = 'ID,date,BAPL,c\n124,2019-03-13,2,"a\nb"\n125,3/12/2019,1,\n,,3\n'
        (folder / "t.csv").write_bytes(spoiled(draw, text.encode()))
        return folder / "t.csv"
    chosen = draw.choice(list(parts))
    with zipfile.ZipFile(folder / "t.xlsx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, spoiled(draw, content) if name == chosen else content)
    return folder / "t.xlsx"


def main() -> None:
    """Print and record how many rows were mixed, and how many tables ended with an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=300)
    parser.add_argument("--spoiled", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    draw = random.Random(options.seed)  # noqa: S311 (no secret)
    counts: Counter[str] = Counter()
    for _ in range(options.cohorts):
        with tempfile.TemporaryDirectory() as name:
            table, owners = cohort(Path(name), draw)
            counts += count_mixed(list_scans(table, Path(name) / "studies"), owners)
    print(dict(counts))
    record("rows of a table given another person's study or day", counts["mixed"])
    record("rows of a table given their own study", counts["own"])
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    parts = workbook()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for study in ("00124_2019-03-13", "125"):
            (folder / "studies" / study).mkdir(parents=True)
        for _ in range(options.spoiled):
            table = spoil(folder, draw, parts)
            begun = time.monotonic()
            try:
                list_scans(table, folder / "studies")
                outcomes["read"] += 1
            except UserError as error:
                outcomes["refused" if "\n" not in str(error) else "error"] += 1
            except Exception as error:  # what is looked for
                outcomes["error"] += 1
                print(f"{type(error).__name__}: {error}")
            slowest = max(slowest, time.monotonic() - begun)
    print(f"{dict(outcomes)}, slowest {slowest:.1f} s")
    record("spoiled tables that ended with an error", outcomes["error"], f"of {options.spoiled}")


if __name__ == "__main__":
    main()
