"""Snapshots as documents ``schema/1`` and back: JSON or YAML, canonical, and checked before they are believed.

A document holds what the records hold. Objects are sorted by schema and name, what belongs to a table stands in it,
columns are in order, and what has its default is left out. Two snapshots are equal if and only if their documents are.

*What is true, what is derived.* ``definition`` of a constraint or index is the server's own text, and what counts.
Beside it stand the fields taken from it (``references.columns``, ``on_delete``, ``expression``, ``keys``, ``where`` …),
where the whole text could be taken apart; they are for readers and programs. Where a document gives no ``definition``,
one is put together from those fields; the server may spell it otherwise. If both are given they must agree.

*What a document says about itself* (``name``, ``version``, ``decisions``, ``open_questions``, ``lints``; of a table
``classification`` and ``retention``; of a foreign key ``relationship``) is kept in the document, not in the snapshot.

*Trust.* A document whose ``fingerprint`` is its own was written by us from a database, and is not checked against the
rules that a server enforces. After an edit the fingerprint is no longer its own, and everything is checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from alembic_assay.catalog import document_text
from alembic_assay.catalog.document_layout import FORMAT, records, sections
from alembic_assay.catalog.fingerprint import of_document
from alembic_assay.errors import AssayError, InvalidSchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from alembic_assay.catalog.document_text import Format
    from alembic_assay.catalog.snapshot import Snapshot


def to_document(snapshot: Snapshot, *, name: str = "", version: str = "") -> dict[str, Any]:
    """Return the canonical document of a snapshot.

    Args:
        snapshot: From any source.
        name: What the schema is called; not part of the fingerprint.
        version: ``MAJOR.MINOR.PATCH``; not part of the fingerprint.

    Example:
        >>> from alembic_assay.catalog import Snapshot
        >>> from alembic_assay.catalog.enums import Enum
        >>> document = to_document(Snapshot((Enum(schema="public", name="mood", labels=("sad", "ok")),)))
        >>> document["enums"]
        [{'schema': 'public', 'name': 'mood', 'values': ['sad', 'ok']}]
    """
    about = {key: value for key, value in {"name": name, "version": version}.items() if value}
    body = sections(snapshot)
    return {"format": FORMAT, **about, "fingerprint": of_document({"format": FORMAT, **body}), **body}


def from_document(document: object, *, where: str = "the document") -> Snapshot:
    """Return the snapshot that a document describes.

    Args:
        document: What a JSON or YAML reader returned.
        where: What to call it in the error.

    Raises:
        InvalidSchemaError: It holds everything that is wrong, each with code, JSON Pointer, message and hint.
    """
    from alembic_assay.catalog import document_checks, document_models  # noqa: PLC0415 - pydantic, only when needed

    if found := document_models.problems(document):
        raise InvalidSchemaError(where, found)
    valid = cast("Mapping[str, Any]", document)
    if valid.get("fingerprint") != of_document(valid) and (found := document_checks.semantic_problems(valid)):
        raise InvalidSchemaError(where, found)
    return records(valid)


def dumps(document: Mapping[str, Any], output_format: Format = "json") -> str:
    """Write a document as text.

    Args:
        document: From :func:`to_document`.
        output_format: ``json`` or ``yaml``.
    """
    return document_text.dumps(document, output_format)


def loads(text: str, input_format: Format = "json", *, where: str = "the document") -> dict[str, Any]:
    """Read a document's text; :func:`from_document` checks what it says.

    Args:
        text: The whole text.
        input_format: ``json`` or ``yaml``.
        where: What to call it in the error.

    Raises:
        InvalidSchemaError: Not JSON or YAML, or a key that stands twice in one object.
    """
    found, problems = document_text.loads(text, input_format)
    if not problems and not isinstance(found, dict):
        problems = [{"code": "SCH001", "path": "", "message": "expected an object.", "hint": ""}]
    if problems:
        raise InvalidSchemaError(where, problems)
    return cast("dict[str, Any]", found)


def load(path: Path) -> Snapshot:
    """Read the snapshot of a document's file.

    Args:
        path: ``.yaml`` and ``.yml`` are YAML, anything else is JSON.

    Raises:
        AssayError: The file cannot be read.
        InvalidSchemaError: See :func:`loads` and :func:`from_document`.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AssayError(f"{path}: expected UTF-8: {error.reason} at byte {error.start}.") from None
    except OSError as error:
        raise AssayError(f"cannot read {path}: {error.strerror}.") from None
    input_format: Format = "yaml" if path.suffix.lower() in {".yaml", ".yml"} else "json"
    return from_document(loads(text, input_format, where=str(path)), where=str(path))


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``schema/1``, for editors and other programs."""
    from alembic_assay.catalog import document_models  # noqa: PLC0415 - pydantic, only when needed

    return document_models.json_schema()
