"""Sessions: one per piece of work."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlmodel import Session


@contextmanager
def session_scope(engine: Engine) -> Iterator[Session]:
    """Open a session, commit it at the end, roll it back if anything goes wrong.

    Objects stay readable after the commit: a response is often built from them then. An application that has its
    engine from the environment writes ``with database.session()``, of ``alembic_assay.session.Database``, instead.

    Example:
        >>> with session_scope(engine) as session:  # doctest: +SKIP
        ...     session.add(User(email="ada@example.com", name="Ada", password_hash="…"))
    """
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
