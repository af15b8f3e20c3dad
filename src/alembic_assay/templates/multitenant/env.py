"""The whole environment: run() connects, locks and migrates."""

from alembic import context

from alembic_assay.env import run
from models import Base

run(context, Base.metadata)
