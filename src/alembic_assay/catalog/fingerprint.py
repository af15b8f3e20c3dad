"""Fingerprints: one hash of a whole schema, or one an object; equal schemas have equal ones."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.document_layout import DEPENDENCIES, FORMAT, own, section_name, sections
from alembic_assay.catalog.document_shapes import decode
from alembic_assay.catalog.snapshot import READERS, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alembic_assay.catalog.record import Record

NOT_HASHED = ("name", "version", "fingerprint", "decisions", "open_questions", "lints", DEPENDENCIES)
"""What a document says about itself, and what the server derives from the objects; :func:`diff` ignores it too."""

COMMENTS = ("comment", "comments")
"""The fields that hold what ``COMMENT ON`` said."""


def fingerprint(snapshot: Snapshot, *, comments: bool = True) -> str:
    """Return the fingerprint of a schema.

    It is the SHA-256 of the document ``schema/1`` without :data:`NOT_HASHED`, as JSON in UTF-8 with sorted keys and
    no white space.

    Args:
        snapshot: From any source.
        comments: Whether what ``COMMENT ON`` said counts.

    Example:
        >>> fingerprint(Snapshot(()))
        'sha256:330d2552793e86b3dd8591f54f432e89fcbf08069edc9fe2fb9e10228030775f'
    """
    return of_document({"format": FORMAT, **sections(snapshot if comments else without(snapshot, COMMENTS))})


def fingerprints(snapshot: Snapshot, *, comments: bool = True) -> dict[str, str]:
    """Return the fingerprint of each object, of a table with all that belongs to it.

    Args:
        snapshot: From any source.
        comments: Whether what ``COMMENT ON`` said counts.

    Returns:
        By title, ``"table public.tasks"``, in the order of the document.
    """
    found = sections(snapshot if comments else without(snapshot, COMMENTS))
    return {
        decode(record_type, own(item)).title: _hash({section: item})
        for record_type in READERS
        for section in [section_name(record_type)]
        for item in found.get(section, ())
    }


def of_document(document: Mapping[str, Any]) -> str:
    """Return the fingerprint of a document as it stands, whether it is canonical or not."""
    return _hash({name: value for name, value in document.items() if name not in NOT_HASHED})


def without(snapshot: Snapshot, names: Iterable[str]) -> Snapshot:
    """Return a snapshot whose records have the defaults in some fields.

    Args:
        snapshot: From any source.
        names: Of fields, or what they end with after the last underscore: :data:`COMMENTS`, ``("owner", "acl")``.
    """
    wanted = frozenset(names)
    return replace(snapshot, records=tuple(_cleared(record, wanted) for record in snapshot))


def _cleared(record: Record, names: frozenset[str]) -> Record:
    """Return a record whose fields of these names, or ending so, have their defaults."""
    cleared: dict[str, Any] = {
        field.name: field.default for field in fields(record) if field.name.rpartition("_")[2] in names
    }
    return replace(record, **cleared) if cleared else record


def _hash(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
