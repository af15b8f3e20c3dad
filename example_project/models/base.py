"""What every table shares: metadata with a naming convention, timestamps, enums stored by value.

No module here uses ``from __future__ import annotations``: SQLModel reads ``list["Task"]`` at run time.
"""

from enum import StrEnum
from typing import TypeVar

from pydantic import AwareDatetime
from sqlalchemy import DateTime, MetaData, func
from sqlalchemy.dialects.postgresql import ENUM
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

T = TypeVar("T")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "idx_%(table_name)s_%(column_0_N_name)s",
    }
)
"""The tables of this application. Every constraint has a name, so that a migration can drop it."""


class Model(SQLModel, registry=registry(metadata=metadata)):
    """Base of all classes here, tables and API schemas alike."""


class Timestamps(Model):
    """When a row was made and last changed, by the server's clock."""

    created_at: AwareDatetime | None = Field(
        default=None,
        nullable=False,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now(), "comment": "When the row was made"},
    )
    updated_at: AwareDatetime | None = Field(
        default=None,
        nullable=False,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={
            "server_default": func.now(),
            "onupdate": func.now(),
            "comment": "When the application last changed the row",
        },
    )


def stripped(value: object) -> object:
    """Take the white space off a text, before its length is checked."""
    return value.strip() if isinstance(value, str) else value


def enum_by_value(members: type[StrEnum], name: str) -> ENUM:
    """Make an enum type whose labels are the members' values.

    SQLAlchemy alone would store the members' names: ``HIGH``, not ``high``.
    """
    return ENUM(members, name=name, values_callable=lambda enum: [member.value for member in enum])


def not_null(value: T | None) -> T:
    """Refuse an explicit null in a partial update: the columns behind it are NOT NULL."""
    if value is None:
        raise ValueError("expected a value, got null; leave the field out to keep what is stored")
    return value
