"""Models that were not imported."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.util import PriorityDispatchResult

from alembic_assay.compare.metadata import refuse_empty
from alembic_assay.errors import MetadataError


def context(metadata: object) -> Any:
    return SimpleNamespace(metadata=metadata)


def with_a_table() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("t", metadata)
    return metadata


@pytest.mark.parametrize("metadata", [with_a_table(), [sa.MetaData(), with_a_table()], (with_a_table(),)])
def test_one_table_in_one_metadata_is_enough(metadata: object) -> None:
    assert refuse_empty(context(metadata), Any) is PriorityDispatchResult.CONTINUE  # type: ignore[arg-type] # unused


@pytest.mark.parametrize("metadata", [sa.MetaData(), [sa.MetaData(), sa.MetaData()], [], None])
def test_none_at_all_is_refused(metadata: object) -> None:
    with pytest.raises(MetadataError, match=r"^the metadata in env\.py has no tables, "):
        refuse_empty(context(metadata), Any)  # type: ignore[arg-type] # unused
