"""A schema while it is designed: records, and what is said about them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from alembic_assay.catalog.columns import Column
from alembic_assay.catalog.constraints import Constraint
from alembic_assay.catalog.indexes import Index
from alembic_assay.design.naming import written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alembic_assay.catalog.policies import Policy
    from alembic_assay.catalog.record import Record
    from alembic_assay.design.book import Book, Thing


@dataclass(slots=True)
class TablePlan:
    """A table while it is designed.

    Args:
        thing: What it is the table of.
        schema: Its schema.
        columns: In their order.
        constraints: Of any type.
        indexes: Those of constraints too.
        policies: Row-level security, if there are any.
        classification: Column to kind of data.
        relationships: Constraint to the names of a foreign key in models.
    """

    thing: Thing
    schema: str
    columns: dict[str, Column] = field(default_factory=dict)
    constraints: list[Constraint] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    classification: dict[str, str] = field(default_factory=dict)
    relationships: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.thing.table

    @property
    def qualified(self) -> str:
        """The name with its schema, as the server writes it."""
        return written(self.name, self.schema)

    def add_column(self, name: str, type_name: str, comment: str, **options: Any) -> None:
        """Add a column at the end."""
        self.columns[name] = Column(
            schema=self.schema,
            table=self.name,
            name=name,
            position=len(self.columns) + 1,
            type=type_name,
            comment=comment,
            **options,
        )

    def must(self, names: Iterable[str]) -> None:
        """Refuse NULL in columns."""
        for name in names:
            self.columns[name] = replace(self.columns[name], not_null=True)

    def add_key(self, kind: str, name: str, columns: list[str], comment: str | None = None) -> None:
        """Add a primary key or unique constraint, with its index."""
        listed = ", ".join(written(column) for column in columns)
        constraint = self._constraint(kind, name, f"{kind.upper()} ({listed})", columns)
        self.constraints.append(replace(constraint, comment=comment))
        self._index(name, listed, columns, unique=True, constraint=name)

    def add_check(self, name: str, expression: str, columns: Iterable[str], comment: str | None = None) -> None:
        """Add a check constraint.

        Args:
            name: Its name.
            expression: Without parentheses around it.
            columns: Those in it.
            comment: What it is for.
        """
        ordered = [column for column in self.columns if column in set(columns)]
        taken = {each.name for each in self.constraints}
        name = next(free for free in (name, *(f"{name}_{n}" for n in range(2, 1000))) if free not in taken)
        constraint = self._constraint("check", name, f"CHECK (({expression}))", ordered)
        self.constraints.append(replace(constraint, comment=comment))

    def add_exclusion(self, name: str, by: list[str], during: str, comment: str | None) -> None:
        """Add an exclusion constraint with its index."""
        elements = [f"{written(column)} WITH =" for column in by] + [f"{written(during)} WITH &&"]
        columns = [*by, during]
        constraint = self._constraint("exclude", name, f"EXCLUDE USING gist ({', '.join(elements)})", columns)
        self.constraints.append(replace(constraint, comment=comment))
        self._index(name, ", ".join(map(written, columns)), columns, method="gist", constraint=name)

    def add_foreign_key(
        self, name: str, columns: list[str], target: TablePlan, pointed: list[str], action: str
    ) -> None:
        """Add a foreign key.

        Args:
            name: Its name.
            columns: Its own columns.
            target: The table it points to.
            pointed: The columns there.
            action: ``NO ACTION``, ``CASCADE`` …
        """
        listed, others = (", ".join(map(written, names)) for names in (columns, pointed))
        end = "" if action == "NO ACTION" else f" ON DELETE {action}"
        definition = f"FOREIGN KEY ({listed}) REFERENCES {target.qualified}({others}){end}"
        constraint = self._constraint("foreign key", name, definition, columns)
        self.constraints.append(replace(constraint, references=target.qualified))

    def add_index(self, name: str, keys: list[str], columns: list[str], **options: Any) -> None:
        """Add an index that is no constraint's.

        Args:
            name: Its name.
            keys: As the server writes them.
            columns: Of each key; empty for an expression.
            options: ``method``, ``unique``, ``where``, ``comment``.
        """
        self._index(name, ", ".join(keys), columns, **options)

    def _constraint(self, kind: str, name: str, definition: str, columns: list[str]) -> Constraint:
        return Constraint(
            schema=self.schema, table=self.name, name=name, type=kind, definition=definition, columns=tuple(columns)
        )

    def _index(self, name: str, keys: str, columns: list[str], **options: Any) -> None:
        where, method = options.pop("where", None), options.get("method", "btree")
        unique = "UNIQUE " if options.get("unique") else ""
        end = f" WHERE ({where})" if where else ""
        definition = f"CREATE {unique}INDEX {written(name)} ON {self.qualified} USING {method} ({keys}){end}"
        self.indexes.append(
            Index(
                schema=self.schema,
                table=self.name,
                name=name,
                definition=definition,
                columns=tuple(columns),
                partial=where is not None,
                **options,
            )
        )


@dataclass(slots=True)
class Plan:
    """A schema while it is designed.

    Args:
        book: The requirements.
        tables: By entity.
        others: Records that are not of a table.
        decisions: What was decided, and because of what.
        questions: What a person has to decide.
    """

    book: Book
    tables: dict[str, TablePlan] = field(default_factory=dict)
    others: dict[tuple[str, ...], Record] = field(default_factory=dict)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def schema(self) -> str:
        """The schema of all tables."""
        return self.book.requirements.namespace

    def add(self, record: Record) -> None:
        """Add a record that is not of a table, once."""
        self.others[record.kind, *record.key] = record

    def decide(self, decision: str, why: str, *because: str) -> None:
        """Note a decision.

        Args:
            decision: What was decided.
            why: The reason.
            because: JSON Pointers into the requirements.
        """
        self.decisions.append({"decision": decision, "why": why, "because": list(because)})

    def ask(self, question: str, why: str, *because: str) -> None:
        """Note a question that a person has to answer."""
        entry = {"question": question, "why": why, "because": list(because)}
        if entry not in self.questions:
            self.questions.append(entry)
