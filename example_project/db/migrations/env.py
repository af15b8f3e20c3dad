from alembic import context
from alembic_assay.env import run

from models import metadata

run(context, metadata)
