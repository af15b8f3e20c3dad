"""What is known of tables after operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from alembic.operations import MigrateOperation, ops
from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    column,
    desc,
    func,
    literal_column,
    text,
)

from alembic_assay.catalog.indexes import Index as CatalogIndex
from alembic_assay.rules.known_indexes import begins_with, serves
from alembic_assay.rules.replay import added_foreign_keys, dropped_index, replay
from alembic_assay.rules.tables import KnownTables, table_key


def create(name: str = "t", *items: Any, **options: Any) -> ops.CreateTableOp:
    columns = [Column(name, Integer) for name in "abc"]
    return ops.CreateTableOp(name, [*columns, *items], **options)


def known(*operations: MigrateOperation) -> KnownTables:
    return replay(operations, KnownTables())


def indexes(tables: KnownTables, name: str = "t", schema: str | None = None) -> dict[str | None, list[str | None]]:
    return {index.name: list(index.columns) for index in tables[schema, name].indexes}


def test_constraints_of_a_new_table_have_indexes_under_the_server_s_names() -> None:
    table = create("t", PrimaryKeyConstraint("b", "a"), UniqueConstraint("c"), UniqueConstraint("a", name="mine"))
    assert indexes(known(table)) == {"mine": ["a"], "t_pkey": ["b", "a"], "t_c_key": ["c"]}
    assert (None, "t") in known(table).created


def test_foreign_keys_of_a_new_table_come_in_the_order_of_their_columns() -> None:
    table = create(
        "t",
        ForeignKeyConstraint(["c"], ["app.x.id"], name="named"),
        ForeignKeyConstraint(["b", "a"], ["y.k", "y.l"]),
        Column("d", Integer, ForeignKey("t.a")),
    )
    found = [(key.columns, key.refers_to, key.name) for key in added_foreign_keys(table)]
    assert found == [
        (("b", "a"), (None, "y"), "t_b_a_fkey"),
        (("c",), ("app", "x"), "named"),
        (("d",), (None, "t"), "t_d_fkey"),
    ]


def test_columns_of_an_index_are_found_in_whatever_is_written() -> None:
    table = Table("t", MetaData(), Column("a", Integer), Column("B c", Integer))
    columns: list[Any] = ["a", text("a DESC"), text('"B c"'), table.c.a, desc(table.c["B c"]), literal_column("a DESC")]
    expressions: list[Any] = [text("lower(a)"), func.lower("a"), literal_column("a + 1"), text("a::text")]
    index = ops.CreateIndexOp("i", "t", [*columns, *expressions])
    assert indexes(known(index)) == {"i": ["a", "a", "B c", "a", "B c", "a", None, None, None, None]}


@pytest.mark.parametrize(
    ("options", "method", "partial", "served"),
    [
        ({}, "btree", False, True),
        ({"postgresql_using": "HASH"}, "hash", False, True),
        ({"postgresql_using": "gin"}, "gin", False, False),
        ({"postgresql_where": text("a > 1")}, "btree", True, False),
        ({"postgresql_where": text("a IS NOT NULL")}, "btree", True, True),
        ({"postgresql_where": column("a").is_not(None)}, "btree", True, True),
        ({"postgresql_where": text("a IS NOT NULL AND b IS NOT NULL")}, "btree", True, False),
        ({"postgresql_where": text("a IS NOT NULL OR b")}, "btree", True, False),
        ({"postgresql_where": text("a IS NULL")}, "btree", True, False),
        ({"postgresql_include": ["b"]}, "btree", False, True),
    ],
)
def test_what_an_index_can_find(options: dict[str, Any], method: str, partial: bool, served: bool) -> None:
    (index,) = known(ops.CreateIndexOp("i", "t", ["a"], **options))[None, "t"].indexes
    assert (list(index.columns), index.method, index.partial, index.valid) == (["a"], method, partial, True)
    assert serves(index, ["a"]) is served
    assert not serves(index, ["b"])


def test_what_is_dropped_is_gone() -> None:
    table = create("t", PrimaryKeyConstraint("a"), ForeignKeyConstraint(["b"], ["x.id"], name="f"))
    index = ops.CreateIndexOp("i", "t", ["b", "c"])
    unique = ops.CreateUniqueConstraintOp("u", "t", ["c"])
    tables = known(table, index, unique, ops.DropIndexOp("i"))
    assert indexes(tables) == {"t_pkey": ["a"], "u": ["c"]}
    assert indexes(replay([ops.DropConstraintOp("u", "t")], tables)) == {"t_pkey": ["a"]}
    assert indexes(replay([ops.DropColumnOp("t", "c")], known(table, index))) == {"t_pkey": ["a"]}
    assert replay([ops.DropConstraintOp("f", "t")], tables)[None, "t"].foreign_keys == []
    assert replay([ops.DropColumnOp("t", "b")], tables)[None, "t"].foreign_keys == []
    assert indexes(replay([ops.DropTableOp("t")], tables)) == {}


def test_what_is_renamed_is_known_by_its_new_name() -> None:
    table = create("t", ForeignKeyConstraint(["b"], ["x.id"]))
    index = ops.CreateIndexOp("i", "t", ["b"])
    rename = ops.AlterColumnOp("t", "b", modify_name="z")
    tables = known(table, index, rename, ops.RenameTableOp("t", "u"))
    assert indexes(tables, "u") == {"i": ["z"]}
    (key,) = tables[None, "u"].foreign_keys
    assert (key.table, key.columns) == ((None, "u"), ("z",))
    assert tables.created == {(None, "t"), (None, "u")}


def test_schemas_are_kept_apart_and_public_is_the_default() -> None:
    tables = known(
        ops.CreateIndexOp("i", "t", ["a"], schema="app"),
        ops.CreateIndexOp("i", "t", ["b"]),
        ops.DropIndexOp("i", schema="public"),
    )
    assert indexes(tables, schema="app") == {"i": ["a"]}
    assert indexes(tables) == {}
    assert tables.index_names("app") == {"i"}
    assert tables.index_names("public") == set()
    assert table_key("public", "t") == table_key(None, "t")


def test_a_primary_key_added_later_is_an_index() -> None:
    tables = known(ops.CreatePrimaryKeyOp(None, "t", ["a", "b"]), ops.CreateUniqueConstraintOp(None, "t", ["c"]))
    assert indexes(tables) == {"t_pkey": ["a", "b"], "t_c_key": ["c"]}


def test_records_of_the_catalog_are_indexes() -> None:
    record = CatalogIndex(schema="public", table="t", name="i", definition="", columns=("a", ""), valid=False)
    tables = KnownTables({("public", "t"): [record]})
    assert tables[None, "t"].indexes == [record]
    renamed = replay([ops.AlterColumnOp("t", "a", modify_name="z")], tables)
    (index,) = renamed[None, "t"].indexes
    assert (list(index.columns), index.valid) == (["z", ""], False)


def test_what_was_known_before_stays_as_it_was() -> None:
    before = known(create("t"), ops.CreateIndexOp("i", "t", ["a"]))
    after = replay([ops.CreateIndexOp("j", "t", ["b"]), ops.CreateIndexOp("k", "u", ["b"])], before)
    assert indexes(before) == {"i": ["a"]}
    assert indexes(before, "u") == {}
    assert indexes(after) == {"i": ["a"], "j": ["b"]}
    assert after.created == set()


def test_models_are_read_and_not_changed() -> None:
    metadata = MetaData()
    Table("x", metadata, Column("id", Integer, primary_key=True))
    table = Table(
        "t",
        metadata,
        Column("a", Integer, ForeignKey("x.id"), index=True),
        Column("b", Integer, ForeignKey("elsewhere.id"), unique=True),
        Index("i", text("lower(a)")),
        schema="app",
        postgresql_partition_by="RANGE (a)",
    )
    before = (set(table.constraints), set(table.indexes), list(table.columns), list(metadata.tables))
    declared = KnownTables.of_metadata([metadata])
    assert indexes(declared, schema="app") == {"t_b_key": ["b"], "i": [None], "ix_app_t_a": ["a"]}
    assert [key.refers_to for key in declared["app", "t"].foreign_keys] == [(None, "x"), (None, "elsewhere")]
    assert declared["app", "t"].partitioned
    assert (set(table.constraints), set(table.indexes), list(table.columns), list(metadata.tables)) == before


def test_other_operations_teach_nothing() -> None:
    @dataclass
    class Unknown(MigrateOperation):
        table_name: str = "t"

    tables = known(Unknown(), ops.ExecuteSQLOp("SELECT 1"), ops.CreateTableCommentOp("t", "x"))
    assert list(tables) == []


def test_a_dropped_index_is_found_by_its_name_or_by_what_autogenerate_knows() -> None:
    before = known(ops.CreateIndexOp("i", "t", ["a"]), ops.CreateUniqueConstraintOp("u", "t", ["b"]))
    unknown = KnownTables()
    for drop in (ops.DropIndexOp("i"), ops.CreateIndexOp("i", "t", ["a"]).reverse()):
        found = dropped_index(drop, before)
        assert found is not None
        assert (found[0], found[1].name, list(found[1].columns)) == ((None, "t"), "i", ["a"])
    constraint = ops.CreateUniqueConstraintOp("u", "t", ["b"]).reverse()
    assert [list(found[1].columns) for found in [dropped_index(constraint, unknown)] if found] == [["b"]]
    assert dropped_index(ops.DropIndexOp("i"), unknown) is None
    assert dropped_index(ops.DropConstraintOp("u", "t"), unknown) is None
    assert dropped_index(ops.DropTableOp("t"), before) is None


@pytest.mark.parametrize(
    ("index", "columns", "expected"),
    [
        (["a"], ["a"], True),
        (["b", "a", "c"], ["a", "b"], True),
        (["a", "c", "b"], ["a", "b"], False),
        (["a"], ["a", "b"], False),
        ([None, "a"], ["a"], False),
        (["", "a"], ["a"], False),
        ([], ["a"], False),
    ],
)
def test_an_index_serves_columns_that_it_begins_with_in_any_order(
    index: list[str | None], columns: list[str], expected: bool
) -> None:
    assert begins_with(index, columns) is expected
