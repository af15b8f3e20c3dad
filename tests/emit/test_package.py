"""Generated models: what they look like, how they behave, and what an API may see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from pydantic import ValidationError
from sqlalchemy import NullPool, create_engine, orm
from sqlalchemy.exc import IntegrityError
from tests.emit.generated import create, imported

from alembic_assay.design import design_schema, load
from alembic_assay.emit import generate_models
from alembic_assay.emit.classes import Style
from alembic_assay.emit.package import MODULES, is_edited, losses, package
from alembic_assay.emit.python import docstring, text

if TYPE_CHECKING:
    from sqlalchemy import URL

EVERYTHING = design_schema(load(Path(__file__).parent.parent / "design" / "everything.yaml"))
STYLES: tuple[Style, ...] = get_args(Style)


def shop(on_delete: str, *, required: bool) -> dict[str, Any]:
    relationship = {"name": "owner", "kind": "many_to_one", "from": "Item", "to": "Owner", "inverse": "items"}
    return design_schema(
        {
            "format": "schema-requirements/1",
            "name": "shop",
            "entities": {"Owner": {}, "Item": {"attributes": {"title": {"type": "text"}}}},
            "relationships": [{**relationship, "on_delete": on_delete, "required": required}],
        }
    )


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("on_delete", "required", "left"), [("cascade", True, []), ("set_null", False, [None]), ("restrict", True, None)]
)
def test_deleting_a_parent_does_what_the_foreign_key_says(
    style: Style, on_delete: str, required: bool, left: list[None] | None, database_url: URL, tmp_path: Path
) -> None:
    with imported(shop(on_delete, required=required), style, tmp_path) as module:
        create(module, database_url)
        engine = create_engine(database_url, poolclass=NullPool)
        with orm.Session(engine) as session:
            first, second = module.Owner(), module.Owner()
            item = module.Item(title="x", owner=first)
            session.add_all([item, second])
            session.commit()
            assert first.items == [item]
            item.owner = second
            session.commit()
            assert (first.items, second.items) == ([], [item])
            session.delete(second)
            if left is None:
                with pytest.raises(IntegrityError):
                    session.flush()
                return
            session.commit()
            assert [each.owner_id for each in session.query(module.Item).order_by(module.Item.id)] == left


@pytest.mark.parametrize("style", STYLES)
def test_every_kind_of_relationship_works(style: Style, database_url: URL, tmp_path: Path) -> None:
    with imported(EVERYTHING, style, tmp_path) as module:
        create(module, database_url)
        with orm.Session(create_engine(database_url, poolclass=NullPool)) as session:
            ada = module.User(email="ada@x", password_hash="h", slug="ada", address=module.Address(street="x"))
            bob = module.User(email="bob@x", password_hash="h", slug="bob")
            whole = module.Chapter(title="whole")
            part = module.Chapter(title="part", parent=whole)
            session.add_all([ada, bob, part, module.ReadingProgress(chapter=part, user=ada)])
            session.add(module.Conversation(user=ada, messages=[module.Message(content="?", author="user")]))
            session.commit()
            assert (ada.role, ada.role.value, ada.tags) == (module.types.UserRole.STUDENT, "student", [])
            assert whole.children == [part]
            assert part.reading_progress[0].user is ada
            assert ada.address.user is ada
            session.delete(ada)
            session.commit()
            assert session.query(module.Message).count() == session.query(module.ReadingProgress).count() == 0
            assert session.query(module.Chapter).count() == 2


def test_secrets_are_never_shown_and_values_are_checked(tmp_path: Path) -> None:
    with imported(EVERYTHING, "sqlmodel", tmp_path) as module:
        schemas = sys.modules[f"{module.__name__}.schemas"]
        shown = schemas.UserRead.model_fields
        assert {"id", "email", "created_at"} <= set(shown)
        assert "password_hash" not in {*shown, *schemas.UserCreate.model_fields, *schemas.UserUpdate.model_fields}
        assert {"id", "created_at", "computed_x"} & set(schemas.UserCreate.model_fields) == set()
        assert all(not field.is_required() for field in schemas.UserUpdate.model_fields.values())
        for wrong in ({"n": -4}, {"slug": "x" * 121}, {"role": "nobody"}, {"limits": "21"}, {"price": -1}):
            with pytest.raises(ValidationError):
                schemas.UserCreate(**{"email": "a@b", "n": 1, "slug": "a", **wrong})
        assert schemas.UserUpdate(n=5).model_dump(exclude_unset=True) == {"n": 5}


def test_modules_are_a_list_of_sources_and_always_the_same() -> None:
    modules = generate_models(EVERYTHING, "declarative")
    assert len(modules) == len(MODULES)
    for module in modules:
        compile(module, "module", "exec")
        assert not is_edited(module)
        assert is_edited(module + "\n")
    path = Path(__file__).parent.parent / "design" / "everything.yaml"
    code = (
        "from pathlib import Path; from alembic_assay.design import *; from alembic_assay.emit import *;"
        f"print('#'.join(generate_models(design_schema(load(Path({str(path)!r}))), 'declarative')))"
    )
    run = [sys.executable, "-c", code]
    printed = subprocess.run(run, env={"PYTHONHASHSEED": "3"}, capture_output=True, encoding="utf-8", check=True)
    assert printed.stdout == "#".join(modules) + "\n"


def test_a_document_keeps_the_names_of_relationships() -> None:
    models = package(EVERYTHING, "declarative")["models.py"]
    assert 'messages: orm.Mapped[list["Message"]] = orm.relationship(' in models
    assert 'children: orm.Mapped[list["Chapter"]] = orm.relationship(' in models


def test_what_sqlalchemy_cannot_say_is_named() -> None:
    said = losses(EVERYTHING)
    assert 'CREATE EXTENSION "citext" WITH SCHEMA "public"' in said
    assert any(each.startswith('COMMENT ON INDEX "public"."idx_') for each in said)


def test_texts_and_docstrings_are_valid_whatever_they_hold() -> None:
    for value in ("", "'", '"', "\"'", "\\", "a\nb", "\x00\x85\u2028é😀", '"""', "\\N{x}"):
        assert eval(text(value)) == value  # noqa: S307 - our own literal
        compile(f"def f():\n{docstring(value, 4)}", "f", "exec")


@pytest.mark.parametrize("style", STYLES)
def test_generated_code_is_typed(style: Style, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    for file, source in package(EVERYTHING, style).items():
        (tmp_path / "app" / file).write_text(source, "utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file=", "--cache-dir", str(tmp_path / "cache"), "-p", "app"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout
