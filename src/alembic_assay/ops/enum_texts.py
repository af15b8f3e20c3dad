"""Labels in what the server keeps parsed, and in text that it does not read until it runs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.enum_constants import labels_in
from alembic_assay.catalog.functions import Function
from alembic_assay.errors import IrreversibleError
from alembic_assay.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alembic_assay.catalog.record import Record
    from alembic_assay.catalog.snapshot import Snapshot
    from alembic_assay.ops.enum_rebuild import Rebuild

_OPAQUE_BODY = re.compile(r"^AS (?=[$'])", re.MULTILINE)
_INITIAL = ("agginitval", "aggminitval")


def refuse_mentions(title: str, rebuild: Rebuild) -> None:
    """Refuse what could not be put back, because it names a label that is gone.

    Raises:
        IrreversibleError: Says what names which label.
    """
    for label in rebuild.enum.labels:
        titles = sorted({each.title for each in rebuild.kept if label in labels_in(definition(each), rebuild.enum.key)})
        if titles and label not in rebuild.labels:
            raise IrreversibleError(
                f"op.replace_enum: enum {title} would lose {label!r}, which is named by {', '.join(titles)}."
                " Nothing was changed.",
                hint="Change or drop that before the label goes.",
            )


def definition(record: Record) -> str:
    """Return all SQL of a record that the server keeps parsed; of a function written as text only its head."""
    values = [getattr(record, name) for name in record.__dataclass_fields__ if name not in {"kind", "comment"}]
    flat = [each for value in values for each in (value if isinstance(value, tuple) else (value,))]
    sql = "\n".join(each for each in flat if isinstance(each, str))
    return _OPAQUE_BODY.split(sql)[0] if isinstance(record, Function) else sql


def _initial(aggregate: Function) -> list[str]:
    """Return what an aggregate starts with: text, that is read when it runs."""
    parts: dict[str, Any] = json.loads(aggregate.definition)
    return [parts[name] for name in _INITIAL if parts[name] is not None]


def texts_naming(snapshot: Snapshot, labels: Iterable[str]) -> list[tuple[str, str]]:
    """Return the functions whose text holds a label as a string, which the server does not read: title and label.

    Args:
        snapshot: Of the whole database.
        labels: That vanish or are renamed.
    """
    found = []
    for function in snapshot.of(Function):
        if function.form == "aggregate":
            found += [(function.title, label) for label in labels if label in _initial(function)]
            continue
        body = _OPAQUE_BODY.split(function.definition)[1:]
        found += [(function.title, label) for label in labels if any(literal(label).strip() in part for part in body)]
    return found
