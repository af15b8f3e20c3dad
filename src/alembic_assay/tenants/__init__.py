"""One migration over many schemas, databases or projects."""

from alembic_assay.tenants.report import Report, Result, Status
from alembic_assay.tenants.rollout import Plan, upgrade
from alembic_assay.tenants.targets import Target, databases, projects, read_file, schemas

__all__ = ["Plan", "Report", "Result", "Status", "Target", "databases", "projects", "read_file", "schemas", "upgrade"]
