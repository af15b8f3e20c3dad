"""What is a table's own beside its columns: comment, storage, row-level security, replica identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.operations import ops

from alembic_assay.ops.execute_sql import SqlOp
from alembic_assay.ops.layout import lay_out
from alembic_assay.ops.planning import Planned, Stage
from alembic_assay.sql import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_assay.catalog.tables import Table
    from alembic_assay.ops.planning import Side


class CreateComment(ops.CreateTableCommentOp):
    """The comment of a table."""

    def reverse(self) -> CreateComment | DropComment:
        """Give the table the comment of before."""
        if self.existing_comment is None:
            return DropComment(self.table_name, existing_comment=self.comment, schema=self.schema)
        return CreateComment(self.table_name, self.existing_comment, existing_comment=self.comment, schema=self.schema)


class DropComment(ops.DropTableCommentOp):
    """No comment of a table any more."""

    def reverse(self) -> CreateComment:
        """Give the table its comment back."""
        return CreateComment(self.table_name, self.existing_comment, schema=self.schema)


lay_out(CreateComment, DropComment)


def altered(before: Table, after: Table, _old: Side, new: Side) -> list[Planned]:
    """Change what is a table's own."""
    planned = []
    place = (new.place["table", after.key], 0)
    differing = set(before.differing_fields(after))
    if "comment" in differing:
        planned.append(Planned(_comment(before, after, new), Stage.COLUMN, place))
    there, back = _settings(before, after), _settings(after, before)
    if there or back:
        planned.append(Planned(SqlOp(there, back, title=after.title), Stage.COLUMN, place))
    return planned


def _comment(before: Table, after: Table, side: Side) -> Any:
    schema = side.schema(after.schema)
    if after.comment is None:
        return DropComment(after.name, existing_comment=before.comment, schema=schema)
    return CreateComment(after.name, after.comment, existing_comment=before.comment, schema=schema)


def _settings(before: Table, after: Table) -> list[str]:
    """Return what makes the settings of a table those of another."""
    name = qualified(after.name, after.schema)
    found = []
    if before.persistence != after.persistence:
        found.append(f"ALTER TABLE {name} SET {'UNLOGGED' if after.persistence == 'unlogged' else 'LOGGED'}")
    if before.access_method != after.access_method:
        found.append(f"ALTER TABLE {name} SET ACCESS METHOD {identifier(after.access_method or 'heap')}")
    if before.tablespace != after.tablespace:
        found.append(f"ALTER TABLE {name} SET TABLESPACE {identifier(after.tablespace or 'pg_default')}")
    for field, prefix in (("options", ""), ("toast_options", "toast.")):
        found += _options(name, getattr(before, field), getattr(after, field), prefix)
    if before.row_security != after.row_security:
        found.append(f"ALTER TABLE {name} {'ENABLE' if after.row_security else 'DISABLE'} ROW LEVEL SECURITY")
    if before.force_row_security != after.force_row_security:
        found.append(f"ALTER TABLE {name} {'FORCE' if after.force_row_security else 'NO FORCE'} ROW LEVEL SECURITY")
    if after.replica_identity not in {before.replica_identity, "index"}:
        found.append(f"ALTER TABLE {name} REPLICA IDENTITY {after.replica_identity.upper()}")
    return found


def _options(name: str, before: tuple[str, ...], after: tuple[str, ...], prefix: str) -> Iterator[str]:
    old, new = (dict(each.split("=", 1) for each in listed) for listed in (before, after))
    changed = [f"{prefix}{key}='{value}'" for key, value in new.items() if old.get(key) != value]
    if changed:
        yield f"ALTER TABLE {name} SET ({', '.join(changed)})"
    if gone := [f"{prefix}{key}" for key in old if key not in new]:
        yield f"ALTER TABLE {name} RESET ({', '.join(gone)})"
