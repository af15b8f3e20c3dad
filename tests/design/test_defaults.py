from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alembic_assay.design.defaults import jsonb

if TYPE_CHECKING:
    from sqlalchemy import Connection

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS, lambda items: st.lists(items, max_size=3) | st.dictionaries(TEXTS, items, max_size=4), max_leaves=6
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
def test_json_is_written_as_the_server_writes_it(connection: Connection, value: Any) -> None:
    found = connection.exec_driver_sql("SELECT CAST(%s AS jsonb)::text", (json.dumps(value),)).scalar_one()
    assert jsonb(value) == found
