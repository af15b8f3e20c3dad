"""Models of the tests: people and their notes; notes are marked as deleted."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy reads annotations

from sqlalchemy import DateTime, ForeignKey, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from alembic_assay.session.soft_delete import SoftDeletable
from alembic_assay.session.timestamps import keep_timestamps


class Base(DeclarativeBase):
    metadata = MetaData()


class Person(Base):
    __tablename__ = "Person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    created_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    notes: Mapped[list[Note]] = relationship(back_populates="person", cascade="all, delete-orphan", order_by="Note.id")


class Note(SoftDeletable, Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("Person.id"))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    person: Mapped[Person] = relationship(back_populates="notes")
    lines: Mapped[list[Line]] = relationship(cascade="all, delete-orphan")


class Line(Base):
    __tablename__ = "line"

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"))


keep_timestamps(Base.metadata)
