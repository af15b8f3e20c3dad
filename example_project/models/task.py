"""Tasks: what a user has to do."""

from datetime import date, time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Optional, Self

from pydantic import AwareDatetime, StringConstraints, field_validator, model_validator
from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, String, Text, false, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.mutable import MutableList
from sqlmodel import Field, Relationship

from models.base import Model, Timestamps, enum_by_value, not_null, stripped

if TYPE_CHECKING:
    from models.category import Category
    from models.user import User

Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]


class Priority(StrEnum):
    """How much a task matters, from least to most: PostgreSQL sorts an enum in this order."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class TaskBase(Model):
    """What a user says about a task."""

    title: str = Field(
        min_length=1,
        max_length=200,
        sa_type=String(200),
        sa_column_kwargs={"comment": "What is to be done"},
    )
    description: str = Field(
        default="",
        sa_type=Text,
        sa_column_kwargs={"server_default": "", "comment": "Details, in Markdown"},
    )
    priority: Priority = Field(
        default=Priority.MEDIUM,
        sa_type=enum_by_value(Priority, "task_priority"),
        sa_column_kwargs={"server_default": Priority.MEDIUM.value, "comment": "How much it matters"},
    )
    due_date: date | None = Field(default=None, sa_column_kwargs={"comment": "Day it is due"})
    due_time: time | None = Field(
        default=None, sa_column_kwargs={"comment": "Time of that day, in the user's time zone"}
    )
    tags: list[Tag] = Field(
        default_factory=list,
        sa_type=MutableList.as_mutable(JSONB()),
        sa_column_kwargs={"server_default": text("'[]'::jsonb"), "comment": "JSON array of strings"},
    )

    _stripped = field_validator("title", mode="before")(stripped)


class Task(TaskBase, Timestamps, table=True):
    """A task of one user."""

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("btrim(title) <> ''", name="title_not_blank"),
        CheckConstraint("due_time IS NULL OR due_date IS NOT NULL", name="due_time_has_date"),
        CheckConstraint("jsonb_typeof(tags) = 'array'", name="tags_is_array"),
        CheckConstraint("""NOT jsonb_path_exists(tags, '$[*] ? (@.type() != "string")')""", name="tags_are_strings"),
        Index("idx_tasks_user_id_created_at", "user_id", "created_at"),
        Index("idx_tasks_category_id", "category_id"),
        Index("idx_tasks_due_date_partial", "due_date", postgresql_where=text("NOT is_completed")),
        Index("idx_tasks_tags_gin", "tags", postgresql_using="gin"),
        {"comment": "A task of one user"},
    )

    id: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=[Identity()],
        sa_column_kwargs={"comment": "Identifier"},
    )
    user_id: str = Field(
        foreign_key="users.id",
        ondelete="CASCADE",
        sa_type=Text,
        sa_column_kwargs={"comment": "Owner; the tasks go with the user"},
    )
    is_completed: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": false(), "comment": "Whether it is done"},
    )
    category_id: int | None = Field(
        default=None,
        foreign_key="categories.id",
        ondelete="SET NULL",
        sa_type=BigInteger,
        sa_column_kwargs={"comment": "What it is about, if anything"},
    )

    user: "User" = Relationship(back_populates="tasks")
    category: Optional["Category"] = Relationship(back_populates="tasks")


class TaskCreate(TaskBase):
    """A new task. Its owner is the user who is logged in."""

    category_id: int | None = None

    @model_validator(mode="after")
    def _due_time_has_date(self) -> Self:
        if self.due_time is not None and self.due_date is None:
            raise ValueError("due_time needs a due_date")
        return self


class TaskRead(TaskBase):
    """A task as stored."""

    id: int
    user_id: str
    category_id: int | None
    is_completed: bool
    created_at: AwareDatetime
    updated_at: AwareDatetime


class TaskUpdate(Model):
    """A partial update; apply with ``model_dump(exclude_unset=True)``."""

    title: str | None = Field(default=None, min_length=1, max_length=200)
    description: str | None = None
    priority: Priority | None = None
    due_date: date | None = None
    due_time: time | None = None
    tags: list[Tag] | None = None
    is_completed: bool | None = None
    category_id: int | None = None

    _stripped = field_validator("title", mode="before")(stripped)
    _not_null = field_validator("title", "description", "priority", "tags", "is_completed")(not_null)
