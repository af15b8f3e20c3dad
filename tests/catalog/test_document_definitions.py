"""Definitions taken apart: exactly, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_assay.catalog.document_compositions import constraint_definition, index_definition
from alembic_assay.catalog.document_definitions import (
    constraint_fields,
    identifiers,
    index_fields,
    plain_columns,
    qualified_parts,
)
from alembic_assay.sql import identifier

CONSTRAINTS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("primary key", "PRIMARY KEY (id)", {}),
    ("primary key", 'PRIMARY KEY (id, "valid at" WITHOUT OVERLAPS)', {"without_overlaps": True}),
    (
        "unique",
        'UNIQUE NULLS NOT DISTINCT (a, "B c") INCLUDE (d, "e""f") DEFERRABLE INITIALLY DEFERRED',
        {"nulls_not_distinct": True, "include": ["d", 'e"f']},
    ),
    (
        "check",
        "CHECK ((a <> 'x)'::text)) NO INHERIT NOT VALID",
        {"expression": "(a <> 'x)'::text)", "no_inherit": True},
    ),
    ("check", 'CHECK (("a)" > 0)) NOT ENFORCED', {"expression": '("a)" > 0)'}),
    ("check", "CHECK ((a ~ 'it''s ('::text))", {"expression": "(a ~ 'it''s ('::text)"}),
    (
        "foreign key",
        'FOREIGN KEY (a, b) REFERENCES "My App".t("C", d) MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL (a) DEFERRABLE',
        {
            "columns": ["C", "d"],
            "match": "FULL",
            "on_update": "CASCADE",
            "on_delete": "SET NULL",
            "set_null_columns": ["a"],
        },
    ),
    ("foreign key", "FOREIGN KEY (a, PERIOD v) REFERENCES t(b, PERIOD w)", None),
    ("foreign key", "FOREIGN KEY (a) REFERENCES t(b) ON DELETE SOMETHING", None),
    (
        "exclude",
        "EXCLUDE USING gist (room WITH =, tsrange(a, b) WITH OPERATOR(public.&&)) WHERE ((room > 0)) DEFERRABLE",
        {
            "method": "gist",
            "elements": [
                {"column": "room", "operator": "="},
                {"expression": "tsrange(a, b)", "operator": "OPERATOR(public.&&)"},
            ],
            "where": "(room > 0)",
        },
    ),
    ("exclude", "EXCLUDE USING gist (room WITH =", None),
    ("not null", "NOT NULL id NO INHERIT", {"no_inherit": True}),
    ("check", "CHECK ((a > 0)) SOMETHING NEW", None),
    ("unique", "UNIQUE SOMETHING (a)", None),
    ("trigger", "TRIGGER", None),
]


@pytest.mark.parametrize(("kind", "definition", "fields"), CONSTRAINTS)
def test_constraints(kind: str, definition: str, fields: dict[str, Any] | None) -> None:
    assert constraint_fields(kind, definition) == fields


@pytest.mark.parametrize(
    ("definition", "fields"),
    [
        ("CREATE INDEX i ON public.t USING btree (a)", {"keys": [{"column": "a"}]}),
        (
            (
                """CREATE UNIQUE INDEX "i%" ON ONLY "My App"."Order" USING btree (lower((code)::text) COLLATE "C" public.o DESC"""
                """ NULLS LAST, p public.gist_trgm_ops (siglen='32'), (a + b), "USING") INCLUDE (x) NULLS NOT DISTINCT"""
                """ WITH (fillfactor='70', fastupdate=off) WHERE (x <> ') WHERE '::text)"""
            ),
            {
                "keys": [
                    {
                        "expression": "lower((code)::text)",
                        "order": "desc",
                        "nulls": "last",
                        "opclass": "public.o",
                        "collation": '"C"',
                    },
                    {"column": "p", "opclass": "public.gist_trgm_ops", "opclass_params": "siglen='32'"},
                    {"expression": "(a + b)"},
                    {"column": "USING"},
                ],
                "only": True,
                "include": ["x"],
                "nulls_not_distinct": True,
                "where": "(x <> ') WHERE '::text)",
                "with": {"fillfactor": "70", "fastupdate": "off"},
            },
        ),
        (
            "CREATE INDEX i ON t USING gin (COALESCE(a, 'b, c'::text) gin_trgm_ops, (data -> 'x'::text))",
            {
                "keys": [
                    {"expression": "COALESCE(a, 'b, c'::text)", "opclass": "gin_trgm_ops"},
                    {"expression": "(data -> 'x'::text)"},
                ]
            },
        ),
        ("CREATE INDEX i ON t USING btree (a) SOMETHING NEW", None),
        ("CREATE INDEX i ON t USING btree (a SOMETHING)", None),
        ("CREATE INDEX i ON t USING btree (a", None),
        ("CREATE INDEX i ON t USING btree (a) WITH (b={1,2})", None),
    ],
)
def test_indexes(definition: str, fields: dict[str, Any] | None) -> None:
    assert index_fields(definition) == fields


names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)


@given(st.lists(names, min_size=1, max_size=3), names, st.sampled_from(["CASCADE", "SET NULL", "NO ACTION"]))
def test_what_is_put_together_comes_apart_again(columns: list[str], table: str, action: str) -> None:
    references = {"table": f"s.{identifier(table)}", "columns": columns}
    key = {"columns": columns, "references": references, "on_delete": action, "deferrable": True}
    found = constraint_fields("foreign key", constraint_definition("foreign key", key))
    assert found == {"columns": columns} | ({"on_delete": action} if action != "NO ACTION" else {})
    index = {"name": table, "keys": [{"column": name, "order": "desc"} for name in columns], "where": "(a > 0)"}
    assert index_fields(index_definition("s", table, index)) == {"keys": index["keys"], "where": "(a > 0)"}


def test_helpers() -> None:
    assert qualified_parts('public."a.b""c"') == ["public", 'a.b"c']
    assert plain_columns("LIST (lower(a))") is None
    assert identifiers("(a + \"B c\") * f('d e')::numeric") == {"a", "B c"}
