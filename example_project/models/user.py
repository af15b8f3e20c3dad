"""Users: who owns tasks."""

import re
from typing import TYPE_CHECKING
from uuid import uuid4

from pydantic import AwareDatetime, SecretStr, field_validator
from sqlalchemy import CheckConstraint, DateTime, String, Text, UniqueConstraint, true
from sqlmodel import Field, Relationship

from models.base import Model, Timestamps, not_null, stripped

if TYPE_CHECKING:
    from models.task import Task

EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def address(value: object) -> object:
    """Write an email address as it is stored: in lower case, without white space around it.

    Raises:
        ValueError: It has no ``@``, or more than one; whether somebody reads it is for a message to find out.
    """
    if not isinstance(value, str):
        return value
    stored = value.strip().lower()
    if not EMAIL.fullmatch(stored):
        raise ValueError("expected an address such as ada@example.com")
    return stored


class UserBase(Model):
    """What users say about themselves."""

    email: str = Field(
        max_length=255,
        sa_type=String(255),
        sa_column_kwargs={"comment": "Address to log in with, in lower case"},
    )
    name: str = Field(
        min_length=1,
        max_length=255,
        sa_type=String(255),
        sa_column_kwargs={"comment": "Name to show"},
    )

    _address = field_validator("email", mode="before")(address)
    _stripped = field_validator("name", mode="before")(stripped)


class User(UserBase, Timestamps, table=True):
    """A person who owns tasks."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("email"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("btrim(name) <> ''", name="name_not_blank"),
        {"comment": "A person who owns tasks"},
    )

    id: str = Field(
        default_factory=lambda: str(uuid4()),
        primary_key=True,
        sa_type=Text,
        sa_column_kwargs={"comment": "Identifier given by the authentication service, else a UUID"},
    )
    password_hash: str = Field(
        max_length=255,
        sa_type=String(255),
        sa_column_kwargs={"comment": "Salted hash, with the name of its method before the first '$'"},
    )
    is_active: bool = Field(
        default=True,
        sa_column_kwargs={"server_default": true(), "comment": "Whether the user may log in"},
    )
    last_login_at: AwareDatetime | None = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"comment": "When the user last logged in"},
    )

    tasks: list["Task"] = Relationship(back_populates="user", passive_deletes=True, cascade_delete=True)


class UserCreate(UserBase):
    """What it takes to register. The password is hashed before it reaches a ``User``."""

    password: SecretStr = Field(min_length=12, max_length=128)


class UserRead(UserBase):
    """What others may see: never the password, nor its hash."""

    id: str
    is_active: bool
    last_login_at: AwareDatetime | None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class UserUpdate(Model):
    """A partial update; apply with ``model_dump(exclude_unset=True)``."""

    email: str | None = Field(default=None, max_length=255)
    name: str | None = Field(default=None, min_length=1, max_length=255)

    _address = field_validator("email", mode="before")(address)
    _stripped = field_validator("name", mode="before")(stripped)
    _not_null = field_validator("email", "name")(not_null)
