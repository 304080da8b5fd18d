"""Snowflake's data types as values, and what stands for each in DuckDB.

Source of names and defaults: the vendor's page "Summary of data types". Knows no SQL text beyond type names.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_TEXT = 16_777_216
"""Length of VARCHAR without a length, in characters."""


@dataclass(frozen=True)
class SnowType:
    """One Snowflake type. `name` is the logical name that the wire protocol uses.

    FIXED has precision and scale; TEXT and BINARY a length (characters, bytes); the TIMESTAMP kinds and TIME a scale
    (digits of a second's fraction). VECTOR has a length (elements), and the scale 0 where these are INT rather than FLOAT.
    REAL, BOOLEAN, DATE, VARIANT, OBJECT and ARRAY have none.
    """

    name: str
    precision: int | None = None
    scale: int | None = None
    length: int | None = None

    def __str__(self) -> str:
        """The type as DESCRIBE TABLE shows it.

        >>> str(number(10, 2)), str(text(60)), str(REAL)
        ('NUMBER(10,2)', 'VARCHAR(60)', 'FLOAT')
        """
        match self.name:
            case "FIXED":
                return f"NUMBER({self.precision},{self.scale})"
            case "TEXT":
                return f"VARCHAR({self.length})"
            case "BINARY":
                return f"BINARY({self.length})"
            case "REAL":
                return "FLOAT"
            case "TIME" | "TIMESTAMP_NTZ" | "TIMESTAMP_LTZ" | "TIMESTAMP_TZ":
                return f"{self.name}({self.scale})"
            case "VECTOR":
                return f"VECTOR({'FLOAT' if self.scale is None else 'INT'}, {self.length})"
            case _:
                return self.name

    def duckdb(self) -> str:
        """The DuckDB type that holds values of this type. Semi-structured values are JSON text."""
        match self.name:
            case "FIXED":
                return f"DECIMAL({self.precision},{self.scale})"
            case "TIMESTAMP_NTZ":
                return "TIMESTAMP"
            case "TIMESTAMP_LTZ":
                return "TIMESTAMPTZ"
            case "VECTOR":
                return f"{'FLOAT' if self.scale is None else 'INTEGER'}[{self.length}]"
            case _:
                return _DUCKDB[self.name]


def number(precision: int = 38, scale: int = 0) -> SnowType:
    """NUMBER(precision, scale)."""
    return SnowType("FIXED", precision=precision, scale=scale)


def text(length: int = MAX_TEXT) -> SnowType:
    """VARCHAR(length)."""
    return SnowType("TEXT", length=length)


def vector(length: int, *, of_integers: bool = False) -> SnowType:
    """VECTOR(FLOAT, length), or of INT: 32 bits an element, none of them NULL."""
    return SnowType("VECTOR", scale=0 if of_integers else None, length=length)


REAL = SnowType("REAL")
BOOLEAN = SnowType("BOOLEAN")
DATE = SnowType("DATE")
TIME = SnowType("TIME", scale=9)
TIMESTAMP_NTZ = SnowType("TIMESTAMP_NTZ", scale=9)
TIMESTAMP_LTZ = SnowType("TIMESTAMP_LTZ", scale=9)
TIMESTAMP_TZ = SnowType("TIMESTAMP_TZ", scale=9)
BINARY = SnowType("BINARY", length=8_388_608)
VARIANT = SnowType("VARIANT")
OBJECT = SnowType("OBJECT")
ARRAY = SnowType("ARRAY")

_DUCKDB = {
    "TEXT": "VARCHAR", "REAL": "DOUBLE", "BOOLEAN": "BOOLEAN", "DATE": "DATE", "TIME": "TIME", "BINARY": "BLOB",
    "VARIANT": "JSON", "OBJECT": "JSON", "ARRAY": "JSON", "TIMESTAMP_TZ": "STRUCT(moment TIMESTAMPTZ, minutes SMALLINT)",
}  # fmt: skip
