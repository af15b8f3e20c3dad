"""``assay diff``: two schemas, wherever they are."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from tests.support import servers
from tests.support.cycles import snapshot

from alembic_assay.neon.url import masked

if TYPE_CHECKING:
    from tests.support.project import Project, Result

MODELS = """
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
"""

FUNCTION = "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$BEGIN\\n  RETURN {};\\nEND$$"


@pytest.fixture
def history(project: Project) -> Project:
    """A project at 0001 of 0002."""
    project.write_models(MODELS)
    project.add_revision(
        f"""
        op.execute("CREATE TABLE users (id serial CONSTRAINT users_pkey PRIMARY KEY, name varchar(50) NOT NULL)")
        op.execute("{FUNCTION.format(1)}")
        """,
        """
        op.execute("DROP FUNCTION f()")
        op.execute("DROP TABLE users")
        """,
    )
    project.add_revision(
        f"""
        op.execute('CREATE TABLE tasks (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Title" text NOT NULL,'
                   ' user_id int CONSTRAINT fk REFERENCES users ON DELETE CASCADE)')
        op.execute('CREATE INDEX i ON tasks (user_id)')
        op.execute('ALTER TABLE users ALTER name TYPE varchar(80)')
        op.execute("{FUNCTION.format(2)}")
        """,
        f"""
        op.execute("{FUNCTION.format(1)}")
        op.execute('ALTER TABLE users ALTER name TYPE varchar(50)')
        op.execute('DROP TABLE tasks')
        """,
    )
    project.alembic("upgrade", "0001")
    return project


def failure(result: Result) -> str:
    """The one line that says what went wrong."""
    assert "Traceback" not in result.stderr
    (line,) = (line for line in result.stderr.splitlines() if not line.startswith("INFO"))
    return line


FORWARD = """\
--- database
+++ rev:head
+ table public.tasks
    1 sequence: tasks_id_seq
    3 columns: id, Title, user_id
    2 constraints: fk, tasks_pkey
    2 indexes: i, tasks_pkey
~ column public.users.name: type character varying(50) → character varying(80)
~ function public.f(): definition
    @@ -4,3 +4,3 @@
     AS $function$BEGIN
    -  RETURN 1;
    +  RETURN 2;
     END$function$
3 differences.
"""


def test_text_groups_what_comes_with_its_table(history: Project) -> None:
    major = int(history.sql("SHOW server_version_num")[0][0]) // 10_000
    expected = FORWARD
    if major >= 18:  # where NOT NULL is a constraint too
        expected = FORWARD.replace(
            "2 constraints: fk, tasks_pkey", "4 constraints: fk, tasks_Title_not_null, tasks_id_not_null, tasks_pkey"
        )
    before = snapshot(history)
    assert history.assay("diff", "database", "rev:head", expect=1).stdout == expected
    assert snapshot(history) == before


@pytest.mark.parametrize(("at", "other", "mark"), [("0001", "rev:0002", "+"), ("head", "rev:0001", "-")])
def test_a_revision_is_reached_up_and_down_and_nothing_stays(history: Project, at: str, other: str, mark: str) -> None:
    history.alembic("upgrade", at)
    before = snapshot(history)
    found = history.assay("diff", "database", other, expect=1).stdout
    assert f"{mark} table public.tasks\n" in found
    assert snapshot(history) == before
    assert history.assay("diff", other, other).stdout.startswith("Equal: ")


def test_base_is_a_revision_too(history: Project) -> None:
    found = history.assay("diff", "rev:base", "rev:0001", expect=1).stdout
    assert found.splitlines()[2:] == [
        "+ table public.users",
        "    1 sequence: users_id_seq",
        "    2 columns: id, name",
        f"    {_constraints(history)}",
        "    1 index: users_pkey",
        "+ function public.f()",
        "2 differences.",
    ]


def _constraints(project: Project) -> str:
    major = int(project.sql("SHOW server_version_num")[0][0]) // 10_000
    names = ["users_id_not_null", "users_name_not_null", "users_pkey"] if major >= 18 else ["users_pkey"]
    return f"{len(names)} constraint{'s' if len(names) > 1 else ''}: {', '.join(names)}"


def test_a_document_equals_the_database_until_one_of_both_changes(history: Project) -> None:
    url = servers.libpq_url(history.url)
    history.assay("snapshot", "-o", "a.yaml")
    history.assay("snapshot", "-o", "b.json")
    objects = len(snapshot(history))
    for one, other in (("a.yaml", "b.json"), ("database", "a.yaml"), ("b.json", url), (url, "rev:0001")):
        result = history.assay("diff", one, other)
        assert result.stdout == f"Equal: {objects} objects.\n"
    history.sql("COMMENT ON TABLE users IS 'x'")
    assert history.assay("diff", "a.yaml", "database", expect=1).stdout == (
        "--- a.yaml\n+++ database\n~ table public.users: comment none → x\n1 difference.\n"
    )
    assert history.assay("diff", "a.yaml", "database", "--no-comments").stdout == f"Equal: {objects} objects.\n"


def test_owners_and_privileges_can_be_left_out(history: Project) -> None:
    role = f"owner_{os.getpid()}"
    history.assay("snapshot", "-o", "a.json")
    history.sql(f"CREATE ROLE {role}")
    try:
        history.sql(f"ALTER FUNCTION f() OWNER TO {role}")
        history.sql("GRANT SELECT ON users TO PUBLIC")
        found = history.assay("diff", "a.json", "database", expect=1).stdout.splitlines()
        assert [line.partition(":")[0] for line in found[2:]] == [
            "~ table public.users",
            "~ function public.f()",
            "2 differences.",
        ]
        assert history.assay("diff", "a.json", "database", "--no-owner", expect=1).stdout.endswith("1 difference.\n")
        assert history.assay("diff", "a.json", "database", "--no-owner", "--no-privileges").returncode == 0
    finally:
        history.sql(f"DROP OWNED BY {role}")
        history.sql(f"DROP ROLE {role}")


def test_models_are_compared_where_they_say_something(history: Project) -> None:
    assert history.assay("diff", "database", "models").stdout == f"Equal: {len(_of_models(history))} objects.\n"
    history.write_models(MODELS.replace("String(50)", "String(60)") + "    age: Mapped[int | None]\n")
    assert history.assay("diff", "database", "models", expect=1).stdout.splitlines() == [
        "--- database",
        "+++ models",
        "+ column public.users.age",
        "~ column public.users.name: type character varying(50) → character varying(60)",
        "2 differences.",
    ]


def _of_models(project: Project) -> list[str]:
    kinds = {"table", "column", "constraint", "index", "sequence"}
    return [record.title for record in snapshot(project) if record.kind in kinds]


def test_models_that_the_server_refuses_are_not_equal(history: Project) -> None:
    history.write_models(
        MODELS.replace("from sqlalchemy import", "from sqlalchemy import CheckConstraint, text,")
        + '    __table_args__ = (CheckConstraint("nonsense > 0", name="ck"),)\n'
    )
    result = history.assay("diff", "database", "models", expect=2)
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Equal: ")
    assert lines[1:] == ['Not compared: constraint public.users.ck: column "nonsense" does not exist']
    found = json.loads(history.assay("diff", "database", "models", "--format", "json", expect=2).stdout)
    assert (found["equal"], found["changes"]) == (False, [])
    assert found["not_compared"] == [lines[1].removeprefix("Not compared: ")]


def test_json_is_for_programs(history: Project) -> None:
    found = json.loads(history.assay("diff", "database", "rev:head", "--format", "json", expect=1).stdout)
    assert {name: found[name] for name in ("version", "before", "after", "equal", "not_compared")} == {
        "version": 1,
        "before": "database",
        "after": "rev:head",
        "equal": False,
        "not_compared": [],
    }
    by_object = {change["object"]: change for change in found["changes"]}
    assert by_object["column public.users.name"] == {
        "action": "alter",
        "kind": "column",
        "object": "column public.users.name",
        "fields": ["type"],
        "before": {"schema": "public", "table": "users", "name": "name", "position": 2,
                   "type": "character varying(50)", "nullable": False},
        "after": {"schema": "public", "table": "users", "name": "name", "position": 2,
                  "type": "character varying(80)", "nullable": False},
    }  # fmt: skip
    added = by_object["constraint public.tasks.fk"]
    assert (added["action"], added["before"], added["after"]["on_delete"]) == ("add", None, "CASCADE")


SIDES = "a database URL, a document's file, 'database' (the one of env.py), 'models' or 'rev:<revision>'"

HIDDEN = "something with '@' or '=', not shown because of passwords"


@pytest.mark.parametrize(
    ("side", "message"),
    [
        ("nowhere.json", f"FAILED: expected {SIDES}, got 'nowhere.json'. There is no such file."),
        ("postgres//ann:s3cret@db/app", f"FAILED: expected {SIDES}, got {HIDDEN}. There is no such file."),
        ("rev:nonsense", "FAILED: rev:nonsense: Can't locate revision identified by 'nonsense'."),
        (
            "mysql://ann:s3cret@db/app",
            "FAILED: database URL: expected postgresql://user:password@host/database, got a URL for 'mysql'.",
        ),
        ("migrations", "FAILED: cannot read migrations: Is a directory."),
    ],
)
def test_a_side_that_cannot_be_had_is_one_line_and_exit_code_2(history: Project, side: str, message: str) -> None:
    result = history.assay("diff", side, "database", expect=2)
    assert failure(result) == message
    assert result.stdout == ""


def test_an_invalid_document_is_refused_with_all_its_errors(history: Project) -> None:
    history.write("bad.yaml", "format: schema/1\nenums:\n- {schema: a, name: b, values: [x, x], labels: []}\n")
    result = history.assay("diff", "bad.yaml", "bad.yaml", expect=2)
    assert result.stderr == (
        "FAILED: bad.yaml is not a valid schema document: 1 error.\n"
        "  SCH001 at /enums/0/labels: unknown field 'labels'.\n"
    )


def test_a_revision_that_does_not_run_is_one_line(history: Project) -> None:
    history.add_revision("op.execute('DROP TABLE missing')")
    assert failure(history.assay("diff", "database", "rev:head", expect=2)) == (
        'FAILED: on the way from 0001 to 0003, upgrade() of 0003 failed: UndefinedTable: table "missing" does not exist'
    )


def test_no_password_is_printed(history: Project) -> None:
    password = str(history.url.password or "s3cret-word")
    url = servers.libpq_url(history.url.set(password=password))
    result = history.assay("diff", url, "rev:head", expect=1)
    assert password not in result.stdout + result.stderr
    assert result.stdout.splitlines()[0] == f"--- {masked(history.url.set(password=password))}"
