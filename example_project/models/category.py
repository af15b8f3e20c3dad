"""Categories: what tasks are about."""

from typing import TYPE_CHECKING

from pydantic import field_validator
from sqlalchemy import BigInteger, CheckConstraint, Identity, String, Text, UniqueConstraint
from sqlmodel import Field, Relationship

from models.base import Model, not_null, stripped

if TYPE_CHECKING:
    from models.task import Task


class CategoryBase(Model):
    """What describes a category."""

    name: str = Field(
        min_length=1,
        max_length=50,
        sa_type=String(50),
        sa_column_kwargs={"comment": "Name to show"},
    )
    description: str = Field(
        default="",
        sa_type=Text,
        sa_column_kwargs={"server_default": "", "comment": "What belongs here"},
    )

    _stripped = field_validator("name", mode="before")(stripped)


class Category(CategoryBase, table=True):
    """What a task is about."""

    __tablename__ = "categories"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("btrim(name) <> ''", name="name_not_blank"),
        {"comment": "What a task is about"},
    )

    id: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=[Identity()],
        sa_column_kwargs={"comment": "Identifier"},
    )

    tasks: list["Task"] = Relationship(back_populates="category", passive_deletes=True)


class CategoryCreate(CategoryBase):
    """A new category."""


class CategoryRead(CategoryBase):
    """A category as stored."""

    id: int


class CategoryUpdate(Model):
    """A partial update; apply with ``model_dump(exclude_unset=True)``."""

    name: str | None = Field(default=None, min_length=1, max_length=50)
    description: str | None = None

    _stripped = field_validator("name", mode="before")(stripped)
    _not_null = field_validator("name", "description")(not_null)
