"""What is there: typed records of everything that PostgreSQL keeps about a schema, one reader, one diff."""

from alembic_assay.catalog.diff import Action, Change, diff
from alembic_assay.catalog.moment import read_moment
from alembic_assay.catalog.record import Record
from alembic_assay.catalog.renaming import Renames
from alembic_assay.catalog.snapshot import Snapshot, read

__all__ = ["Action", "Change", "Record", "Renames", "Snapshot", "diff", "read", "read_moment"]
