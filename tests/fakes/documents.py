"""The database in memory: the same preconditions, the same versions, the same atomicity; counts what it is asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.documents.document import (
    COMMIT_TIME,
    REMOVE,
    Conflict,
    Create,
    Delete,
    Document,
    Increment,
    Merge,
    Query,
    Update,
    Version,
    Write,
)
from tests.fakes.clock import StandingClock


@dataclass
class Counts:
    rpcs: int = 0
    reads: int = 0
    writes: int = 0


@dataclass
class MemoryDocuments:
    counts: Counts = field(default_factory=Counts)
    contents: dict[str, tuple[dict[str, Any], Version]] = field(default_factory=dict)
    # The database's own clock.
    clock: Clock = field(default_factory=StandingClock)
    _version: Version = datetime(2000, 1, 1, tzinfo=UTC)

    @property
    def now(self) -> datetime:
        """Never before what was committed."""
        return max(self._version, self.clock.now())

    def get(self, *paths: str) -> list[Document | None]:
        self.counts.rpcs += 1
        for path in paths:
            _require_path(path)
        self.counts.reads += len(set(paths))
        return [self._document(path) if path in self.contents else None for path in paths]

    def commit(self, *writes: Write) -> Version:
        self.counts.rpcs += 1
        version = max(self._version + timedelta(microseconds=1), self.clock.now())
        # All or none: what was there is put back if one of them is refused.
        for write in writes:
            _require_path(write.path)
        before = {write.path: self.contents.get(write.path) for write in writes}
        try:
            for write in writes:
                self._apply(write, self.contents, version)
        except Conflict:
            for path, there in before.items():
                if there is None:
                    self.contents.pop(path, None)
                else:
                    self.contents[path] = there
            raise
        self.counts.writes += len(writes)
        self._version = version
        return version

    def query(self, query: Query) -> list[Document]:
        self.counts.rpcs += 1
        # In the order in which they were made, which a seed repeats; their names are random.
        paths = [path for path in self.contents if _is_in(path, query)]
        found = [self._document(p) for p in paths if all(_holds(self.contents[p][0], *where) for where in query.where)]
        if query.order_by:
            name = query.order_by
            places = {document.path: (document.fields[name], document.path) for document in found if name in document.fields}
            found = sorted((d for d in found if d.path in places), key=lambda d: places[d.path], reverse=query.descending)
            if query.after:
                at = query.after
                found = [d for d in found if (places[d.path] < at if query.descending else places[d.path] > at)]
        found = found[: query.limit]
        self.counts.reads += max(1, len(found))
        return found

    def _document(self, path: str) -> Document:
        fields, version = self.contents[path]
        return Document(path, _copied(fields), version, self.now)

    def _apply(self, write: Write, after: dict[str, tuple[dict[str, Any], Version]], version: Version) -> None:
        there = after.get(write.path)
        match write:
            case Create():
                if there is not None:
                    raise Conflict
                after[write.path] = (_stored(write.fields), version)
            case Update():
                if there is None or (write.if_version is not None and there[1] != write.if_version):
                    raise Conflict
                fields = _copied(there[0])
                for name, value in write.fields.items():
                    new = _milliseconds(version) if value is COMMIT_TIME else value
                    _change(fields, name if isinstance(name, tuple) else (name,), new)
                after[write.path] = (fields, version)
            case Merge():
                fields = _copied(there[0]) if there else {}
                _merge(fields, _stored(write.fields))
                after[write.path] = (fields, version)
            case Delete():
                if write.if_version is not None and (there is None or there[1] != write.if_version):
                    raise Conflict
                after.pop(write.path, None)


def _copied(value: Any) -> Any:
    """As if it had been written and read: what a caller changes afterwards changes nothing here. (copy.deepcopy takes five times as
    long, most of it for the moments, which nobody can change.)"""
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(inner) for inner in value]
    return value


def _stored(fields: Mapping[str, Any]) -> dict[str, Any]:
    return _copied(dict(fields))


def _change(fields: dict[str, Any], name: tuple[str, ...], value: Any) -> None:
    for part in name[:-1]:
        fields = fields.setdefault(part, {})
    if value is REMOVE:
        fields.pop(name[-1], None)
    elif isinstance(value, Increment):
        fields[name[-1]] = fields.get(name[-1], 0) + value.by
    else:
        fields[name[-1]] = _copied(value)


def _merge(into: dict[str, Any], fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def _is_in(path: str, query: Query) -> bool:
    collection = path.rpartition("/")[0]
    return collection.rpartition("/")[2] == query.collection if query.group else collection == query.collection


def _holds(fields: Mapping[str, Any], name: str, operator: str, value: Any) -> bool:
    there = fields.get(name)
    if there is None or value is None:
        return name in fields and there is value and operator == "=="
    match operator:
        case "==":
            return there == value
        case "<=":
            return there <= value
        case "array_contains":
            return value in there
        case _:
            return there >= value


def _milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _require_path(path: str) -> None:
    """What Google's client, or Firestore, would not take for a document's path."""
    parts = path.split("/")
    odd = [part for part in parts if part in ("", ".", "..") or len(part.encode()) > 1500 or re.fullmatch("__.*__", part)]
    if odd or len(parts) % 2:
        raise ValueError(f"this is no document's path: {path[:100]!r}")
