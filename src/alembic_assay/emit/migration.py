"""Two documents to an Alembic script, without a database."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.autogenerate import render
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from mako.template import Template  # type: ignore[import-untyped] # Alembic's own dependency, without types

from alembic_assay import lint
from alembic_assay.catalog import document
from alembic_assay.catalog.fingerprint import of_document
from alembic_assay.catalog.indexes import Index
from alembic_assay.catalog.snapshot import Snapshot
from alembic_assay.compare.enum_casts import cast_columns
from alembic_assay.emit.migration_backfill import with_backfill
from alembic_assay.emit.migration_checks import problems
from alembic_assay.emit.migration_declared import declared
from alembic_assay.emit.migration_enums import enum_operations, with_properties
from alembic_assay.emit.migration_everywhere import in_every_database
from alembic_assay.emit.migration_plan import Planner
from alembic_assay.emit.migration_renames import DEFAULT_SCHEMA, renamed
from alembic_assay.errors import AsideError, IncompatibleChangeError, InvalidSchemaError, SchemaComparisonError
from alembic_assay.ops.enum_types import install_renderer
from alembic_assay.ops.layout import format_others
from alembic_assay.ops.replace_enum import ModifyEnumOps
from alembic_assay.options import Options
from alembic_assay.rewrite.finisher import commit_before_use
from alembic_assay.rules.known_indexes import EQUALITY_METHODS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from alembic.operations import MigrateOperation

    from alembic_assay.emit.migration_declared import Declared

NOTHING: Mapping[str, Any] = {"format": "schema/1"}
"""The document of an empty database: what the first migration begins with."""

_TEMPLATE = Path(__file__).parent.parent / "templates" / "generic" / "script.py.mako"
_CONFIGURED: dict[str, Any] = {
    "alembic_module_prefix": "op.",
    "sqlalchemy_module_prefix": "sa.",
    "user_module_prefix": None,
    "render_item": None,
    "include_schemas": False,
    "transaction_per_migration": True,
}


def generate_migration(
    old_schema: Mapping[str, Any],
    new_schema: Mapping[str, Any],
    *,
    allow: Collection[str] = (),
    down_revision: str | None = None,
    options: Options | None = None,
) -> str:
    """Write the migration from one schema to another, as autogenerate does between a database and models.

    No database is asked. The new document says what was renamed: ``renamed_from`` of tables, columns and enumerated
    types, ``renamed_values`` of these. What loses data is refused, unless it is allowed.

    Args:
        old_schema: A document ``schema/1``; :data:`NOTHING` for an empty database.
        new_schema: Another one.
        allow: What may be lost: codes (``"MIG102"``), objects (``"column public.tasks.notes"``), or ``"all"``.
        down_revision: The revision before; ``None`` for the first one.
        options: ``fix`` of them names the rules whose safe forms are written.

    Returns:
        A whole Alembic script. The same documents give the same bytes.

    Raises:
        SchemaComparisonError: A document is not valid, or says something of names that cannot be.
        IncompatibleChangeError: Something is lost, rows may stand against it, or PostgreSQL cannot do it.

    Example:
        >>> table = {"schema": "public", "name": "jobs", "columns": [{"name": "id", "type": "integer"}]}
        >>> 'op.drop_table("jobs")' in generate_migration(NOTHING, {"format": "schema/1", "tables": [table]})
        True
    """
    before, after = in_every_database(_snapshot(old_schema, "old"), _snapshot(new_schema, "new"))
    said = declared(new_schema, before)
    if said.problems:
        raise SchemaComparisonError("no migration can be written", said.problems)
    context = AutogenContext(MigrationContext.configure(dialect_name="postgresql", opts=dict(_CONFIGURED)), None)
    script = _script(context, _operations(context, before, after, said, allow), _identifier(old_schema, new_schema))
    _made_safe(script, options or Options(), before)
    return _rendered(context, script, _message(old_schema, new_schema), down_revision)


def _script(context: AutogenContext, operations: list[MigrateOperation], identifier: str) -> ops.MigrationScript:
    """Return both directions."""
    install_renderer(context)
    upgrade = ops.UpgradeOps(operations)
    cast_columns(context, upgrade)
    return ops.MigrationScript(identifier, upgrade, upgrade.reverse())


def _made_safe(script: ops.MigrationScript, options: Options, before: Snapshot) -> None:
    """Put in the safe forms, as the review of a new revision does."""
    lint.review(script, options, None, _indexes(before))
    for container in (*script.upgrade_ops_list, *script.downgrade_ops_list):
        format_others(container)


def _snapshot(schema: Mapping[str, Any], side: str) -> Snapshot:
    """Return the snapshot of a document, without what PostgreSQL 18 notes of NOT NULL."""
    try:
        found = document.from_document(schema, where=side)
    except InvalidSchemaError as error:
        found_errors = [{**each, "path": f"/{side}{each['path']}"} for each in error.errors]
        raise SchemaComparisonError(f"the {side} document is not valid", found_errors) from None
    left_out = {("constraint", each.key) for each in found if getattr(each, "type", None) == "not null"}
    records = tuple(each for each in found if (each.kind, each.key) not in left_out)
    return Snapshot(records, tuple(e for e in found.dependencies if (e.kind, e.key) not in left_out))


def _operations(
    context: AutogenContext, before: Snapshot, after: Snapshot, said: Declared, allow: Collection[str]
) -> list[MigrateOperation]:
    found = renamed(before, after, said)
    if stopping := problems(found.snapshot, after, said, allow):
        raise IncompatibleChangeError("these changes are not allowed", stopping)
    types = enum_operations(found.snapshot, after, said.removed)
    planner = Planner(found, after, types.defaults)
    try:
        operations = planner.operations(([], types.early, with_properties(types.late, planner.old)))
    except AsideError as error:
        refused = {"code": "MIG202", "path": "", "message": error.message, "hint": error.hint}
        raise IncompatibleChangeError("these changes cannot be made", [refused]) from None
    operations = with_backfill(operations, said.backfill)
    return _committed(context, operations, said)


def _committed(context: AutogenContext, operations: list[MigrateOperation], said: Declared) -> list[MigrateOperation]:
    """Put new labels that the migration uses first: they are committed, and it can be run again if it fails later."""
    renamed_types = {(schema, new) for (schema, _), new in said.enums.items()} | said.labels.keys()
    first: list[MigrateOperation] = []
    for each in operations:
        if isinstance(each, ModifyEnumOps):
            commit_before_use(context, each, operations)
            if each.autocommit and (each.schema or DEFAULT_SCHEMA, each.name) not in renamed_types:
                first.append(each)
    return [*first, *(each for each in operations if each not in first)]


def _indexes(snapshot: Snapshot) -> dict[tuple[str | None, str], list[Any]]:
    found: dict[tuple[str | None, str], list[Any]] = {}
    for each in snapshot.of(Index):
        if each.method in EQUALITY_METHODS:
            schema = None if each.schema == DEFAULT_SCHEMA else each.schema
            found.setdefault((schema, each.table), []).append(each)
    return found


def _identifier(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return the number of the revision: the same documents make the same one."""
    return sha256(f"{of_document(old)} {of_document(new)}".encode()).hexdigest()[:12]


def _message(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    name, version, before = new.get("name") or "Schema", new.get("version") or "", old.get("version") or ""
    words = f"{name} {version}".strip()
    return f"{words}, from {before}." if before and before != version else f"{words}."


def _rendered(context: AutogenContext, script: ops.MigrationScript, message: str, down_revision: str | None) -> str:
    arguments: dict[str, Any] = {}
    render._render_python_into_templatevars(context, script, arguments)  # noqa: SLF001 - no public way
    text = _TEMPLATE.read_text("utf-8").replace("Create Date: ${create_date}\n", "")
    return str(
        Template(text).render(  # noqa: S702 - Python, not HTML
            message=message,
            up_revision=script.rev_id,
            down_revision=down_revision,
            branch_labels=None,
            depends_on=None,
            comma=lambda value: value or "",
            **{name: value for name, value in arguments.items() if name != "message"},
        )
    )
