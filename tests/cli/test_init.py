from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import alembic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.project import Project

from alembic_assay.cli._models import find, named, with_options
from alembic_assay.errors import AssayError

if TYPE_CHECKING:
    from sqlalchemy import URL

STOCK = (Path(alembic.__file__).parent / "templates" / "generic" / "env.py").read_text("utf-8")


@pytest.fixture
def empty(tmp_path: Path, database_url: URL) -> Project:
    """A project of which only the directory is there."""
    project = Project(tmp_path / "project", database_url)
    for path in sorted(project.root.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    return project


def there(project: Project) -> set[str]:
    return {path.relative_to(project.root).as_posix() for path in project.root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("template", ["generic", "async", "multitenant"])
def test_an_empty_project_works_after_one_command(empty: Project, template: str) -> None:
    result = empty.assay("init", "-t", template)
    assert result.stderr == ""
    assert there(empty) == {
        "alembic.ini",
        "database.py",
        "migrations/README",
        "migrations/env.py",
        "migrations/script.py.mako",
        "models.py",
        *(["tenants.toml"] if template == "multitenant" else []),
    }
    empty.revise("first")
    if template == "multitenant":
        empty.sql("CREATE SCHEMA tenant_1")
        empty.assay("upgrade", "head", "--tenants", "tenants.toml")
        assert empty.sql("SELECT * FROM tenant_1.examples") == []
        code = "from database import connect, tenant_session\nfrom models import Example\n"
        code += "with connect() as d, tenant_session(d, 'tenant_1') as s:\n    s.add(Example(name='x'))\n"
        empty.write("use.py", code)
        empty.run("use")
        assert empty.sql("SELECT name FROM tenant_1.examples") == [("x",)]
    else:
        empty.alembic("upgrade", "head")
        empty.alembic("check")
        empty.run("database")


def test_models_that_are_there_are_used(empty: Project) -> None:
    empty.write(
        "shop/models/base.py", "from sqlalchemy.orm import DeclarativeBase\n\nclass Root(DeclarativeBase):\n    pass\n"
    )
    empty.write("shop/models/__init__.py", "from shop.models.base import Root\n")
    empty.assay("init", "db/migrations", "--package")
    assert (
        "from shop.models import Root\n\nrun(context, Root.metadata)\n"
        in (empty.root / "db/migrations/env.py").read_text()
    )
    assert there(empty) >= {"db/migrations/__init__.py", "db/migrations/versions/__init__.py"}
    assert "models.py" not in there(empty)
    empty.alembic("current")


def test_nothing_is_half_written(empty: Project) -> None:
    empty.write("migrations/README", "mine")
    failed = empty.assay("init", expect=1)
    assert (
        failed.stderr
        == "FAILED: migrations/README exists already; nothing was written. Move it away, or name a directory.\n"
    )
    assert there(empty) == {"migrations/README"}


def test_an_existing_environment_is_shown_a_diff(empty: Project) -> None:
    empty.alembic("init", "migrations")
    env = empty.root / "migrations" / "env.py"
    before = there(empty)
    shown = empty.assay("init").stdout
    assert [line for line in shown.splitlines() if re.match(r"[+-](?![+-])", line)] == [
        "+import alembic_assay as assay",
        "+        **assay.configure_options(),",
        "-            connection=connection, target_metadata=target_metadata",
        "+            connection=connection, target_metadata=target_metadata,",
        "+            **assay.configure_options(),",
    ]
    assert shown.endswith("Nothing was changed: assay init --write does it.\n")
    assert (env.read_text("utf-8"), there(empty)) == (STOCK, before)
    assert empty.assay("init", "--write").stdout.endswith(f"wrote {env}\n")
    assert empty.assay("init").stdout == f"{env} uses alembic-assay already.\n"
    compile(env.read_text("utf-8"), env, "exec")


def test_alembics_own_init_takes_the_templates(empty: Project) -> None:
    path = empty.assay("init", "-t", "async", "--show-path").stdout.strip()
    empty.alembic("init", "-t", path, "scripts")
    assert "run(context, Base.metadata)" in (empty.root / "scripts" / "env.py").read_text("utf-8")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"models.py": "class Base(DeclarativeBase):"}, ("from models import Base\n", "Base.metadata")),
        (
            {"src/app/models.py": "class B(MappedAsDataclass, DeclarativeBase):"},
            ("from app.models import B\n", "B.metadata"),
        ),
        (
            {
                "app/models/__init__.py": "from app.models.user import User",
                "app/models/user.py": "class User(SQLModel, table=True):",
            },
            ("import app.models  # noqa: F401\nfrom sqlmodel import SQLModel\n", "SQLModel.metadata"),
        ),
        ({"tests/models.py": "class Base(DeclarativeBase):", ".venv/models.py": "class Base(DeclarativeBase):"}, None),
        ({"models.py": "x = 1"}, None),
    ],
)
def test_where_models_are_found(tmp_path: Path, files: dict[str, str], expected: tuple[str, str] | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    found = find(tmp_path)
    assert (None if found is None else (found.statement, found.expression)) == expected


@pytest.mark.parametrize("text", ["app.models", "app:", ":Base", "a b:c", "app.models:Base()"])
def test_a_wrong_metadata(text: str) -> None:
    message = f"--metadata: expected MODULE:NAME such as app.models:Base.metadata, got {text!r}."
    with pytest.raises(AssayError, match=f"^{re.escape(message)}$"):
        named(text)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("context.configure()", "context.configure(**assay.configure_options())"),
        ("context.configure(a=1)", "context.configure(a=1, **assay.configure_options())"),
        ("context.configure(a=1,)", "context.configure(a=1, **assay.configure_options())"),
        ("context.configure(é='ü(', b=2)", "context.configure(é='ü(', b=2, **assay.configure_options())"),
        (
            "context.configure(\n    a=1,\n    b=2,\n)",
            "context.configure(\n    a=1,\n    b=2,\n    **assay.configure_options(),\n)",
        ),
        (
            "context.configure(\n    a=1  # why, so\n)",
            "context.configure(\n    a=1,  # why, so\n    **assay.configure_options(),\n)",
        ),
        ("context.configure(\n    **opts\n)", "context.configure(\n    **opts,\n    **assay.configure_options(),\n)"),
        (
            "context.configure(\n    a=f(\n        1\n    )\n)",
            "context.configure(\n    a=f(\n        1\n    ),\n    **assay.configure_options(),\n)",
        ),
        (
            "context.configure(\n    a=1,\n    # nothing more\n)",
            "context.configure(\n    a=1,\n    # nothing more\n    **assay.configure_options(),\n)",
        ),
        ("with x: context.configure(a=1); go()", "with x: context.configure(a=1, **assay.configure_options()); go()"),
    ],
)
def test_calls_of_every_style(call: str, expected: str) -> None:
    assert with_options(f"from alembic import context\n{call}\n", "env.py") == (
        f"from alembic import context\nimport alembic_assay as assay\n{expected}\n"
    )


@given(
    st.lists(
        st.sampled_from(["a=1", "**x", "c='('", "d=f(1, 2)", "e={\n 'k': 1}", "f=1  # no\n"]), min_size=1, unique=True
    ),
    st.booleans(),
)
def test_the_result_is_the_same_call_with_one_argument_more(arguments: list[str], comma: bool) -> None:
    call = f"context.configure({', '.join(arguments[:-1])}{', ' if len(arguments) > 1 else ''}{arguments[-1]}{',' if comma and '#' not in arguments[-1] else ''})"
    if any("#" in each for each in arguments[:-1]):
        return
    import ast  # noqa: PLC0415 - for the oracle only

    after = ast.unparse(ast.parse(with_options(f"import os\n{call}", "env.py")).body[-1])
    before = ast.unparse(ast.parse(call).body[-1])
    assert after == before.removesuffix(")") + ", **assay.configure_options())"


def test_an_env_py_that_cannot_be_changed() -> None:
    with pytest.raises(AssayError, match=r"^env\.py, line 1: .*\.$"):
        with_options("def (", "env.py")
    message = "env.py does not call context.configure(). See the documentation, how to use an existing env.py."
    with pytest.raises(AssayError, match=f"^{re.escape(message)}$"):
        with_options(dedent("import os\n"), "env.py")
