"""Which database roles open which AI functions (the vendor's page on privileges of AI functions)."""

from __future__ import annotations

import pytest

from sapwood.engine.engine import Engine
from sapwood.engine.privileges import check_function
from sapwood.engine.rights import rights_of_user
from sapwood.errors import AccessError


@pytest.mark.parametrize(
    ("role", "open_ones", "closed"),
    [
        ("cortex_user", ("COMPLETE", "AI_CLASSIFY", "AI_AGG", "AI_EMBED", "FINETUNE"), ()),
        ("ai_functions_user", ("COMPLETE", "AI_CLASSIFY", "AI_EMBED"), ("AI_AGG", "AI_SUMMARIZE_AGG", "FINETUNE")),
        ("cortex_embed_user", ("EMBED_TEXT_768", "EMBED_TEXT_1024", "AI_EMBED"), ("COMPLETE", "AI_CLASSIFY", "AI_AGG")),
    ],
)
def test_a_database_role_opens_its_functions(
    engine: Engine, role: str, open_ones: tuple[str, ...], closed: tuple[str, ...]
) -> None:
    engine.open_session().execute(
        f"""create role analyst; create user anna default_secondary_roles = (); grant role analyst to user anna;
        revoke database role snowflake.cortex_user from role public;
        grant database role snowflake.{role} to role analyst"""
    )
    rights = rights_of_user(engine.parts.catalog, "ANNA", "ANALYST")
    for function in open_ones:
        check_function(rights, function)
    for function in closed:
        with pytest.raises(AccessError, match=f"'{function}'"):
            check_function(rights, function)
