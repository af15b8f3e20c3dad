"""What happens to a new revision before it is written: its fixes, its findings, its proof."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from alembic import command, util
from alembic.autogenerate import render
from alembic.util import PriorityDispatchResult

from alembic_assay import lint
from alembic_assay.catalog import indexes
from alembic_assay.catalog.reading import Scope, fixed_settings
from alembic_assay.ops.layout import format_others
from alembic_assay.options import Options
from alembic_assay.proof import report
from alembic_assay.proof.rehearsal import rehearse
from alembic_assay.proof.roundtrip import Functions, Proof, prove
from alembic_assay.rules import select_rules
from alembic_assay.rules.known_indexes import EQUALITY_METHODS

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.autogenerate.api import AutogenContext, RevisionContext
    from alembic.operations.ops import MigrationScript, UpgradeOps
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection

    from alembic_assay.rules.known_indexes import IndexRecord
    from alembic_assay.rules.tables import TableKey

    Directives = list[MigrationScript]
    Hook = Callable[[MigrationContext, Any, Directives], None]


def install(autogen_context: AutogenContext, _upgrade_ops: UpgradeOps) -> PriorityDispatchResult:
    """Chain the review after the user's ``process_revision_directives``, in ``alembic revision`` only."""
    opts = autogen_context.opts
    options: Options = opts.get("assay") or Options()
    lint.ignored_rules(options)
    select_rules(options.fix, "option 'fix'")
    if "revision_context" in opts and not _only_checks(autogen_context.migration_context, opts["revision_context"]):
        users: Hook | None = opts.get("process_revision_directives")

        def process(context: MigrationContext, revision: Any, directives: Directives) -> None:
            if users is not None:
                users(context, revision, directives)
            for directive in directives:
                _review(autogen_context, directive)

        opts["process_revision_directives"] = process
    return PriorityDispatchResult.CONTINUE


def _only_checks(context: MigrationContext, revision_context: RevisionContext) -> bool:
    """Whether this is ``alembic check``; called from Python it has no name and, unlike most revisions, no message."""
    config = context.config
    chosen = getattr(config.cmd_opts, "cmd", None) if config is not None else None
    if chosen:
        return chosen[0] is command.check
    return not (revision_context.command_args["message"] or revision_context.command_args["rev_id"])


def _review(autogen_context: AutogenContext, directive: MigrationScript) -> None:
    options: Options = autogen_context.opts.get("assay") or Options()
    connection = cast("Connection", autogen_context.connection)
    if all(upgrade_ops.is_empty() for upgrade_ops in directive.upgrade_ops_list):
        return
    if options.lint == "new":
        findings = lint.review(directive, options, autogen_context.metadata, _indexes(connection))
        _say(autogen_context, lint.text(findings))
    for container in (*directive.upgrade_ops_list, *directive.downgrade_ops_list):
        format_others(container)
    if options.prove == "new":
        _say(autogen_context, report.text(_prove(autogen_context, directive, options)))


def _indexes(connection: Connection) -> dict[TableKey, list[IndexRecord]]:
    """The indexes that find rows by a column's value, by table."""
    with fixed_settings(connection):
        records = indexes.read(connection, Scope())
    by_table: dict[TableKey, list[IndexRecord]] = {}
    for record in records:
        if record.method in EQUALITY_METHODS:
            schema = None if record.schema == connection.dialect.default_schema_name else record.schema
            by_table.setdefault((schema, record.table), []).append(record)
    return by_table


def _prove(autogen_context: AutogenContext, directive: MigrationScript, options: Options) -> Proof:
    """Prove the very text that will be written."""
    connection = cast("Connection", autogen_context.connection)
    with tempfile.TemporaryDirectory(prefix="assay-") as directory:
        path = Path(directory, "revision.py")
        _write(autogen_context, directive, path)
        module = util.load_python_file(directory, path.name)
        functions = Functions(
            revision=directive.rev_id or "", path=str(path), upgrade=module.upgrade, downgrade=module.downgrade
        )
        with rehearse(connection, autogen_context.opts, options.lock_timeout) as rehearsal:
            return prove(rehearsal, functions)


def _write(autogen_context: AutogenContext, directive: MigrationScript, path: Path) -> None:
    """Render a revision as Alembic will, a moment later."""
    revision_context: RevisionContext = autogen_context.opts["revision_context"]
    directory = revision_context.script_directory
    arguments: dict[str, Any] = dict(revision_context.template_args)
    autogen_context.imports = set(directive.imports)
    render._render_python_into_templatevars(autogen_context, directive, arguments)  # noqa: SLF001 - no public way
    util.template_to_file(
        Path(directory.dir, "script.py.mako"),
        path,
        directory.output_encoding,
        up_revision=directive.rev_id,
        down_revision=None,
        branch_labels=None,
        depends_on=None,
        create_date="",
        comma=util.format_as_comma,
        message=directive.message or "",
        **arguments,
    )


def _say(autogen_context: AutogenContext, message: str) -> None:
    config = autogen_context.migration_context.config
    quiet = bool(config.messaging_opts.get("quiet")) if config is not None else False
    if message and not quiet:
        print(message, file=config.stdout if config is not None else None)
