"""The statements of the fine-tuning quickstart through the official connectors, with `echo` in the models' place."""

from __future__ import annotations

import json

from wire_bench import ClientPython

from sapwood.quickstart import story


def test_the_quickstarts_statements_run(client: ClientPython) -> None:
    steps = [*story.setup(), story.look(), story.truth(), story.sample(), story.untuned(), story.side_by_side()]
    texts = [step.sql for step in steps]
    out = client.run(
        f"""
        cursor = connect().cursor()
        cursor.execute("create database if not exists quickstart_{client.name}")
        for text in json.loads({json.dumps(texts)!r}):
            cursor.execute(text)
            out.setdefault("counts", []).append(cursor.rowcount)
        out["tickets"] = cursor.execute("select count(*) from support_tickets").fetchone()
        prompt, response = cursor.execute('''select concat('Category? ', request) as p,
            trim(snowflake.cortex.complete('mistral-7b', concat('Category? ', request)), '\\\\n') as r
            from support_tickets where ticket_id = 'TR0001' ''').fetchone()
        out["echoed"] = prompt == response
        cursor.execute('''create or replace table support_tickets_train as select ticket_id, request as prompt,
            'Roaming fees' as mistral_large_response from support_tickets limit 50''')
        mails = cursor.execute('''select s.ticket_id, s.customer_name, concat(iff(s.contact_preference = 'Email', '📩', '📲'), ' ',
            s.contact_preference) as contact_preference, snowflake.cortex.complete('mistral-large', concat('Write. Name: ', customer_name,
            ', Contact preference: ', contact_preference)) as llm_response from support_tickets as s join support_tickets_train as t
            on s.ticket_id = t.ticket_id where t.mistral_large_response = 'Roaming fees' limit 10''').fetch_pandas_all()
        out["mails"] = [len(mails), list(mails.columns)]
        cursor.execute("drop database quickstart_{client.name}")
        """
    )
    assert len(out["counts"]) == len(texts)
    assert out["tickets"] == [1000]
    assert out["echoed"] is True
    assert out["mails"] == [10, ["TICKET_ID", "CUSTOMER_NAME", "CONTACT_PREFERENCE", "LLM_RESPONSE"]]
