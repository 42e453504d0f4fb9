"""A lake in a folder and one in a bucket promise the same."""

from __future__ import annotations

import gzip
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from curation import buckets
from curation.buckets import BucketFiles, BucketLake
from curation.files import MissingObjectError
from curation.lake import DirectoryLake, Lake
from curation.lines import gathered
from curation.packing import Place


def test_of_many_who_swap_at_once_one_does(any_lake: Lake) -> None:
    def swap(number: int) -> str | None:
        return any_lake.swap("curated/_run.json", f"{number}".encode(), None)

    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(swap, range(8)))

    (winner,) = (number for number, version in enumerate(versions) if version is not None)
    found = any_lake.read_version("curated/_run.json")
    assert found is not None
    assert (found.content, found.version) == (f"{winner}".encode(), versions[winner])


def test_swap_is_refused_to_whoever_knows_an_older_version(any_lake: Lake) -> None:
    first = any_lake.swap("key", b"first", None)
    second = any_lake.swap("key", b"second", first)

    assert second not in (None, first)
    assert any_lake.swap("key", b"third", first) is None
    assert any_lake.swap("key", b"third", None) is None
    assert any_lake.read("key") == b"second"


def test_swap_says_nothing_to_other_writes(any_lake: Lake) -> None:
    any_lake.swap("key", b"first", None)
    any_lake.write("key", b"written over")
    any_lake.write("key", b"and over")

    assert any_lake.read("key") == b"and over"


def test_folder_has_its_objects_and_its_folders_only(any_lake: Lake) -> None:
    for key in ("raw/a.json", "raw/orders/b.json", "raw/orders/date=2026-11-20/c.json", "curated/d"):
        any_lake.write(key, b"xyz")

    stored, folders = any_lake.folder("raw/")
    assert ([(each.key, each.size) for each in stored], list(folders)) == ([("raw/a.json", 3)], ["raw/orders/"])
    assert any_lake.folder("quarantine/") == ([], [])


def test_object_that_is_being_written_is_not_listed_in_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake, replace = DirectoryLake(tmp_path), Path.replace
    seen: list[list[str]] = []

    def look_and_replace(half: Path, target: Path) -> Path:
        seen.append([each.key for each in lake.list("curated/")])
        return replace(half, target)

    monkeypatch.setattr(Path, "replace", look_and_replace)
    lake.write("curated/a", b"")
    lake.swap("curated/b", b"", None)
    lake.copy("curated/a", "curated/c")

    assert seen == [[], ["curated/a"], ["curated/a", "curated/b"]]
    assert [each.key for each in lake.list("curated/")] == ["curated/a", "curated/b", "curated/c"]


def test_version_changes_with_the_content(any_lake: Lake) -> None:
    versions = set()
    for content in (b"one", b"two!"):
        any_lake.write("raw/a.json", content)
        versions |= {each.version for each in any_lake.list("raw/")}
        versions |= {each.version for each in any_lake.folder("raw/")[0]}

    assert len(versions) == 2


def test_object_is_read_bit_by_bit(any_lake: Lake) -> None:
    any_lake.write("raw/a.json.gz", gzip.compress(b"x" * 5_000_000))

    with any_lake.open("raw/a.json.gz") as stored, gzip.open(stored) as file:
        assert file.read(3) == b"xxx"
        assert len(file.read()) == 4_999_997


def test_copy_of_what_is_not_there_says_so(any_lake: Lake) -> None:
    with pytest.raises(MissingObjectError, match="staged/part"):
        any_lake.copy("staged/part", "curated/part")


def test_workers_in_other_processes_read_and_write_what_the_lake_holds(
    any_lake: Lake, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(any_lake, BucketLake):
        monkeypatch.setattr("boto3.client", request.getfixturevalue("aws").client)
    files = pickle.loads(pickle.dumps(any_lake.files()))  # noqa: S301  (our own)
    any_lake.write("raw/a", b"abc")

    files.write("curated/b", b"def")

    assert (files.contents(["raw/a", "raw/a"]), any_lake.read("curated/b")) == ([b"abc"] * 2, b"def")
    with files.open("raw/a") as stream:
        assert (stream.read(2), stream.read()) == (b"ab", b"c")
    assert files.parts([Place("curated/b", 1, 2), Place("raw/a", 0, 1)]) == [b"ef", b"a"]
    with pytest.raises(MissingObjectError, match="raw/gone"):
        files.contents(["raw/a", "raw/gone"])


def test_small_objects_of_a_bucket_are_asked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    others = Barrier(4)

    class Bucket:
        def content(self, key: str) -> bytes:
            others.wait(timeout=60)  # nobody is answered before four have asked
            return key.encode()

    monkeypatch.setattr(buckets, "_lake_of_this_process", lambda _: Bucket())
    keys = [f"raw/orders/{number}.json" for number in range(8)]

    found = list(gathered(BucketFiles("any"), [(key, 1) for key in keys]))

    assert [text for lines in found for text in lines.texts] == [key.encode() for key in keys]
