"""SQLAlchemy with its Snowflake dialect, and pandas over it."""

from __future__ import annotations

import pytest
from wire_bench import ClientPython, Server, environment, pasted

ENGINE = """
import datetime, decimal
import pandas
import sqlalchemy as sa
from sqlalchemy import orm
place = {name: settings[name] for name in ("host", "port", "protocol")}
engine = sa.create_engine(f"snowflake://ADMIN:{settings['password']}@sapwood/CORTEX_FINETUNING_DB/SQLALCHEMY_TESTS", connect_args=place)
with engine.begin() as connection:
    connection.execute(sa.text("create schema if not exists sqlalchemy_tests"))
"""
MODELS = """
class Base(orm.DeclarativeBase):
    pass
class Customer(Base):
    __tablename__ = "customers"
    id = sa.Column(sa.Integer, sa.Sequence("customer_numbers"), primary_key=True)
    name = sa.Column(sa.String(50), nullable=False, unique=True, comment="who it is")
    balance = sa.Column(sa.Numeric(10, 2))
    since = sa.Column(sa.DateTime)
    tickets = orm.relationship("Ticket", back_populates="customer", order_by="Ticket.id")
class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = {"comment": "what they asked"}
    id = sa.Column(sa.Integer, sa.Sequence("ticket_numbers"), primary_key=True)
    customer_id = sa.Column(sa.ForeignKey("customers.id"))
    request = sa.Column(sa.Text)
    urgent = sa.Column(sa.Boolean, server_default=sa.false())
    customer = orm.relationship(Customer, back_populates="tickets")
Base.metadata.drop_all(engine)
Base.metadata.create_all(engine)
"""


@pytest.fixture
def alchemy(server: Server) -> ClientPython:
    """The environment with SQLAlchemy."""
    return ClientPython(environment("connector5"), server)


def test_what_the_server_prints_makes_an_engine(alchemy: ClientPython) -> None:
    out = alchemy.run(
        pasted(alchemy.server, "SQLAlchemy")
        + """
from sqlalchemy import inspect, text
with engine.connect() as connection:
    out["place"] = list(connection.execute(text("select current_user(), current_database(), current_schema()")).one())
out["found"] = inspect(engine).has_table("support_tickets")
"""
    )
    assert out == {"place": ["ADMIN", "CORTEX_FINETUNING_DB", "PUBLIC"], "found": True}


def test_objects_are_written_and_read(alchemy: ClientPython) -> None:
    out = alchemy.run(
        ENGINE
        + MODELS
        + """
with orm.Session(engine) as session:
    ada = Customer(name="Ada", balance=decimal.Decimal("12.50"), since=datetime.datetime(2024, 1, 2, 3, 4, 5))
    ada.tickets = [Ticket(request="it's slow"), Ticket(request="roaming 100%")]
    session.add_all([ada, Customer(name="Bob")])
    session.commit()
    out["numbers"] = [ada.id, [each.id for each in ada.tickets], ada.tickets[0].urgent]
    ada.balance += 1
    session.delete(ada.tickets[1])
    session.commit()
with orm.Session(engine) as session:
    asked = sa.func.snowflake.cortex.complete("mistral-7b", Ticket.request)
    out["joined"] = [list(map(str, row)) for row in session.execute(
        sa.select(Customer.name, Customer.balance, Customer.since, asked).join(Ticket).where(Customer.name.in_(["Ada", "Bob"])))]
    session.add(Customer(name="Cy"))
    session.flush()
    session.rollback()
    out["left"] = session.scalars(sa.select(Customer.name).order_by(Customer.id)).all()
    out["page"] = session.scalar(sa.select(sa.func.count()).select_from(sa.select(Customer).limit(1).offset(1).subquery()))
try:
    with engine.begin() as connection:
        connection.execute(sa.insert(Customer).values(name="Dee"))
        connection.execute(sa.text("select nothing from customers"))
except sa.exc.ProgrammingError as error:
    out["error"] = [error.orig.errno, error.orig.sqlstate]
with engine.connect() as connection:
    out["undone"] = connection.scalar(sa.select(sa.func.count()).select_from(Customer))
"""
    )
    assert out == {
        "numbers": [1, [1, 2], False],
        "joined": [["Ada", "13.50", "2024-01-02 03:04:05", "it's slow"]],
        "left": ["Ada", "Bob"],
        "page": 1,
        "error": [904, "42000"],
        "undone": 2,
    }


def test_what_is_there_is_reflected(alchemy: ClientPython) -> None:
    out = alchemy.run(
        ENGINE
        + MODELS
        + """
with engine.begin() as connection:
    connection.execute(sa.text("create or replace view named as select name from customers"))
    connection.execute(sa.text("create or replace temporary table passing (a int)"))
    out["temporary"] = sa.inspect(connection).get_temp_table_names()
    connection.execute(sa.text("drop table passing"))
look = sa.inspect(engine)
out["schemas"] = "sqlalchemy_tests" in look.get_schema_names()
out["tables"], out["views"], out["sequences"] = sorted(look.get_table_names()), look.get_view_names(), sorted(look.get_sequence_names())
out["view"] = look.get_view_definition("named").startswith("create or replace view NAMED")
out["columns"] = [[each["name"], str(each["type"]), each["nullable"], each["comment"]] for each in look.get_columns("customers")]
out["primary"] = look.get_pk_constraint("customers")["constrained_columns"]
foreign = look.get_foreign_keys("tickets")[0]
out["foreign"] = [foreign["constrained_columns"], foreign["referred_table"], foreign["referred_columns"]]
out["unique"] = [each["column_names"] for each in look.get_unique_constraints("customers")]
out["indexes"] = look.get_indexes("customers")
out["comment"] = look.get_table_comment("tickets")["text"]
out["has"] = [look.has_table("tickets"), look.has_table("nothing"), look.has_sequence("customer_numbers"), look.has_schema("public")]
found = sa.MetaData()
found.reflect(engine)
out["reflected"] = sorted(found.tables)
with engine.connect() as connection:
    out["selected"] = connection.execute(sa.select(found.tables["tickets"])).fetchall()
"""
    )
    assert out == {
        "temporary": ["passing"],
        "schemas": True,
        "tables": ["customers", "tickets"],
        "views": ["named"],
        "sequences": ["customer_numbers", "ticket_numbers"],
        "view": True,
        "columns": [
            ["id", "DECIMAL(38, 0)", False, None], ["name", "VARCHAR(50)", False, "who it is"], ["balance", "DECIMAL(10, 2)", True, None],
            ["since", "TIMESTAMP_NTZ", True, None],
        ],
        "primary": ["id"],
        "foreign": [["customer_id"], "customers", ["id"]],
        "unique": [["name"]],
        "indexes": [],
        "comment": "what they asked",
        "has": [True, False, True, True],
        "reflected": ["customers", "tickets"],
        "selected": [],
    }  # fmt: skip


def test_frames_and_many_rows_go_in_at_once(alchemy: ClientPython) -> None:
    out = alchemy.run(
        ENGINE
        + """
frame = pandas.DataFrame({"number": range(3), "word": ["a", None, "c"], "day": pandas.to_datetime(["2024-01-01", None, "2024-02-29"])})
out["to_sql"] = frame.to_sql("frames", engine, index=False, if_exists="replace", method="multi")
frame.to_sql("frames", engine, index=False, if_exists="append")
back = pandas.read_sql(sa.text("select * from frames where word = :word order by number"), engine, params={"word": "c"})
out["read_sql"] = back.astype(str).values.tolist()
table = sa.Table("many", sa.MetaData(), sa.Column("a", sa.Integer), sa.Column("b", sa.String))
with engine.begin() as connection:
    table.create(connection, checkfirst=True)
    connection.execute(table.insert(), [{"a": each, "b": f"row {each}"} for each in range(2000)])
    out["many"] = list(connection.execute(sa.select(sa.func.count(), sa.func.sum(table.c.a), sa.func.max(table.c.b))).one())
    table.drop(connection)
    connection.execute(sa.text("drop table frames"))
"""
    )
    assert out == {
        "to_sql": 3,
        "read_sql": [["2", "c", "2024-02-29"]] * 2,
        "many": [2000, 1_999_000, "row 999"],
    }
