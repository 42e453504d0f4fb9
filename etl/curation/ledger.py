"""What remembers the objects that were read: the job's bookmark, in the lake itself, the same on Glue and here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256

from curation.lake import Lake, Stored

RAW = "raw/"
LEDGER = "curated/_bookmark.json"  # folder → digest of what it held when it was read
PAGES = "curated/_bookmark/"  # and a page for each folder: key → version
_AT_ONCE = 16


@dataclass(frozen=True)
class Folder:
    """A folder of the raw zone that has something new: all it holds, and what of that is to be read."""

    name: str
    held: Mapping[str, str]
    new: Sequence[Stored]


class Ledger:
    """The objects below `raw/` by key and version, a page for each folder, so that a night reads only what changed.

    Every object is listed each time, for events come late and into folders of any day; but of a folder that is as it
    was, nothing more is asked.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def news(self, again: Callable[[str], bool]) -> list[Folder]:
        """Folders with objects that no run has read, or that are to be read `again`, by the name of the folder."""
        digests = self._digests()

        def look(name: str, stored: Sequence[Stored]) -> Folder | None:
            held = {each.key: each.version for each in stored}
            read_again = again(name)
            if not held or (digests.get(name) == _digest(held) and not read_again):
                return None
            known = {} if read_again else self._page(name)
            new = [each for each in stored if known.get(each.key) != each.version]
            return Folder(name, held, new)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(lambda folder: look(*folder), self._folders(pool)))
        return [folder for folder in found if folder is not None and folder.new]

    def read(self, folders: Iterable[Folder]) -> None:
        """Remember what these folders hold; the index comes last, so that a run that dies between reads them again."""
        digests = self._digests()
        for folder in folders:
            self._lake.write(_page_of(folder.name), json.dumps(folder.held).encode())
            digests[folder.name] = _digest(folder.held)
        self._lake.write(LEDGER, json.dumps(digests).encode())

    def _folders(self, pool: ThreadPoolExecutor) -> Iterator[tuple[str, list[Stored]]]:
        names = [RAW]
        while names:
            below: list[str] = []
            for name, (stored, folders) in zip(names, pool.map(self._lake.folder, names), strict=True):
                below += folders
                yield name, [each for each in stored if each.size and not each.key.endswith("/")]
            names = below

    def _digests(self) -> dict[str, str]:
        index = self._lake.read(LEDGER)
        digests: dict[str, str] = json.loads(index) if index else {}
        return digests

    def _page(self, folder: str) -> dict[str, str]:
        page = self._lake.read(_page_of(folder))
        known: dict[str, str] = json.loads(page) if page else {}
        return known


def _page_of(folder: str) -> str:
    return f"{PAGES}{folder.removeprefix(RAW).rstrip('/') or 'root'}.json"


def _digest(held: Mapping[str, str]) -> str:
    return sha256(json.dumps(sorted(held.items())).encode()).hexdigest()
