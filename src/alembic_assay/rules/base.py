"""The mould of a rule, and what a rule is told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeVar

from alembic_assay.findings import Finding, Location, Severity
from alembic_assay.options import Options
from alembic_assay.rules.known_indexes import serves
from alembic_assay.rules.naming import find_table, index_name, model_index
from alembic_assay.rules.render import render
from alembic_assay.rules.replay import replay
from alembic_assay.rules.tables import KnownTables, table_key
from alembic_assay.sql import display

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic.operations import MigrateOperation
    from sqlalchemy import MetaData

    from alembic_assay.rules.tables import ForeignKey, TableKey
    from alembic_assay.statements import Statement

Direction = Literal["upgrade", "downgrade"]
OperationT = TypeVar("OperationT", bound="MigrateOperation")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """One operation of a revision, never a container, and where it stands.

    Args:
        operation: The operation. Raw SQL is here as the operation that says the same, where there is one.
        autocommit: Whether it stands in an ``autocommit_block()``.
        implied: Whether Alembic derives it from the operation before: the foreign key of an added column.
        lines: First and last line of the call in the script.
        statement: The raw SQL that it was read from.
    """

    operation: MigrateOperation
    autocommit: bool = False
    implied: bool = False
    lines: tuple[int, int] | None = None
    statement: Statement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """What a rule knows besides the operation that it looks at. Rules change nothing of it.

    Args:
        steps: All operations of this direction, in order.
        direction: ``"upgrade"`` or ``"downgrade"``.
        before: What is known of the tables before the revision.
        metadata: The models, where they are known.
        declared: What the models, or the revisions that follow, say of the tables.
        complete: Whether ``declared`` names every foreign key that there is in the end.
        server_version: Major version of the server, ``None`` where it is not known.
        options: The settings of the run.
    """

    steps: Sequence[Step]
    direction: Direction = "upgrade"
    before: KnownTables = field(default_factory=KnownTables)
    metadata: Sequence[MetaData] = ()
    declared: KnownTables = field(default_factory=KnownTables)
    complete: bool = False
    server_version: int | None = None
    options: Options = field(default_factory=Options)
    after: KnownTables = field(init=False)
    """What is known of the tables after the revision."""

    def __post_init__(self) -> None:
        after = replay((step.operation for step in self.steps), self.before)
        object.__setattr__(self, "after", after)

    def step(self, operation: MigrateOperation) -> Step:
        """Return where an operation stands."""
        return next((step for step in self.steps if step.operation is operation), Step(operation=operation))

    def creates(self, table: TableKey) -> bool:
        """Tell whether this revision creates the table: nobody can be waiting for it."""
        return table_key(*table) in self.after.created

    def is_partitioned(self, table: TableKey) -> bool:
        """Tell whether the table is known to be partitioned."""
        return self.after[table].partitioned or self.declared[table].partitioned

    def foreign_keys(self, table: TableKey) -> tuple[ForeignKey, ...]:
        """Return the foreign keys that the table has after this revision, as far as they are known."""
        known = [*self.after[table].foreign_keys, *self.declared[table].foreign_keys]
        return tuple({key.columns: key for key in known}.values())

    def remains(self, key: ForeignKey) -> bool:
        """Tell whether a foreign key is still there in the end, as far as that is known."""
        return not self.complete or any(key.columns == other.columns for other in self.declared[key.table].foreign_keys)

    def models(self, table: TableKey) -> MetaData | None:
        """Return the models that have this table; else the first ones."""
        owner = next((one for one in self.metadata if find_table(one, table) is not None), None)
        return owner if owner is not None else next(iter(self.metadata), None)

    def index_name(self, table: TableKey, columns: Sequence[str]) -> str:
        """Return a free name for a new index, by the models' naming convention if they have one."""
        known = (self.before, self.after, self.declared)
        taken = set[str]().union(*(tables.index_names(table[0]) for tables in known))
        return index_name(table, columns, self.models(table), taken)

    def model_index(self, name: str, table: TableKey, columns: Sequence[str]) -> str:
        """Return the line that the model of a table needs to have an index."""
        return model_index(name, table, columns, self.models(table))

    def is_indexed(self, table: TableKey, columns: Sequence[str]) -> bool:
        """Tell whether an index begins with these columns, in any order, once this revision has run."""
        indexes = [*self.after[table].indexes, *self.declared[table].indexes]
        return any(serves(index, columns) for index in indexes)


class Rule(ABC, Generic[OperationT]):
    """One hazard: what it does, what to do instead, and when it is safe.

    A rule is one module in a family's folder: it is found there, and named after its file. Its docstring has
    the sections ``Effect``, ``Instead`` and ``When it is safe``; they become its page in the documentation.
    """

    name: ClassVar[str]
    """The file name with hyphens: ``fk-without-index``."""
    family: ClassVar[str]
    """The folder: ``foreign_keys``."""
    code: ClassVar[str]
    """``ASY201``: never given to another rule."""
    severity: ClassVar[Severity]
    looks_at: ClassVar[tuple[type[MigrateOperation], ...]]
    """The classes of the operations that :meth:`check` is called with."""
    directions: ClassVar[tuple[Direction, ...]] = ("upgrade", "downgrade")
    message: ClassVar[str]
    """What happens, to whom, until when; with ``{placeholders}``."""
    advice: ClassVar[str] = "Instead, use:"
    """The line above what :meth:`fix` writes."""

    def __init_subclass__(cls) -> None:
        *_, cls.family, module = cls.__module__.split(".")
        cls.name = module.replace("_", "-")

    @abstractmethod
    def check(self, operation: OperationT, context: RuleContext) -> Iterator[Finding]:
        """Yield what is wrong with an operation.

        Args:
            operation: One of :attr:`looks_at`.
            context: The rest of the revision, and what is known of the tables.
        """

    def fix(self, operation: OperationT, context: RuleContext) -> list[MigrateOperation] | None:  # noqa: ARG002 - overridden
        """Return what to put in the operation's place; ``None`` where nothing is sure to be right.

        Args:
            operation: One that :meth:`check` found something in. It may stand in the answer, unchanged.
            context: As for :meth:`check`.
        """
        return None

    def finding(
        self,
        step: Step,
        subject: TableKey,
        message: str,
        instead: Sequence[MigrateOperation] | None = None,
        note: str = "",
    ) -> Finding:
        """Return a finding of this rule.

        Args:
            step: Where the operation stands.
            subject: The table.
            message: What happens, to whom, until when.
            instead: What to write instead.
            note: A sentence to follow it; code for another place than the script goes below, on lines of its own.
        """
        return Finding(
            code=self.code,
            rule=self.name,
            severity=self.severity,
            message=message,
            instead=render(instead or ()),
            note=note,
            location=Location(line=step.lines and step.lines[0], subject=show(subject)),
        )


def show(table: TableKey) -> str:
    """Write a table as a person would type it."""
    return display(table[1], table[0])
