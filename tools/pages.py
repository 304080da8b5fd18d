"""Write docs/functions.md, docs/settings.md and docs/sql.md from the declarations and the cases, and the README's plot from bench/results.

`--check` only says whether they are up to date.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from plots import plots
from quality import newest, quality
from sql_page import sql_page

from sapwood import config
from sapwood.functions import FUNCTIONS
from sapwood.functions.function import ERROR_RULES, Default, SqlFunction
from sapwood.registry.table import read_table

ROOT = Path(__file__).resolve().parent.parent

TABLE = read_table()
MEASURED = newest(ROOT / "bench" / "results")


def main(arguments: Sequence[str]) -> int:
    pages = {
        ROOT / "docs" / "functions.md": functions_page(),
        ROOT / "docs" / "settings.md": settings_page(),
        ROOT / "docs" / "sql.md": sql_page(ROOT / "tests" / "conformance"),
        ROOT / "docs" / "images" / "quickstart.svg": plots(ROOT / "bench" / "results")["quickstart"].decode(),
    }
    stale = [
        path for path, content in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != content
    ]
    if "--check" in arguments:
        return 1 if stale else 0
    for path in stale:
        path.write_text(pages[path], encoding="utf-8")
    return 0


FUNCTIONS_HEAD = """# SQL functions

Made from the declarations in `src/sapwood/functions/` by `tools/pages.py`; don't edit by hand.

A function whose call names no model is answered by its default model. It is a Cortex name, so the alias table of
`registry/models.toml` and the setting `models.aliases` say what stands behind it; `models.functions` names another model for
one function. Below the size that a function states, its answers are often wrong, and a notice says so.

Where a function was measured, a table stands beside it. *By guessing* is what always saying the commonest answer gets right. A model is
*no good* at a task that it gets right less than half of what guessing gets wrong, *fair* below four fifths of it, else *good*.

`AI_CLASSIFY`, `AI_FILTER`, `AI_EXTRACT` and `COMPLETE` take a tuned model by its name. One that is to serve `AI_CLASSIFY` is tuned on
the very prompt that `AI_CLASSIFY` sends:

```sql
CREATE TABLE train AS SELECT AI_CLASSIFY_PROMPT(request, ['bill', 'line']) AS prompt, category AS completion FROM labelled;
SELECT SNOWFLAKE.CORTEX.FINETUNE('CREATE', 'my_classifier', 'mistral-7b', 'SELECT prompt, completion FROM train');
SELECT AI_CLASSIFY(request, ['bill', 'line'], {'model': 'my_classifier'}):labels[0] FROM requests;
```
"""


def functions_page() -> str:
    return "\n".join([FUNCTIONS_HEAD, *(_function(function) for function in FUNCTIONS)])


def settings_page() -> str:
    head = (
        "# Settings\n\nMade from `src/sapwood/config.py` by `tools/pages.py`; don't edit by hand. Order: defaults, then"
        " `sapwood.toml` in the data directory, then the environment, then flags. The data directory is `--data`, then"
        " `$SAPWOOD_DATA`, then `./sapwood-data`; base models lie in `$SAPWOOD_CACHE` (`~/.cache/sapwood`).\n"
    )
    return "\n".join([head, *_settings()])


def _function(function: SqlFunction) -> str:
    signature = function.signature
    parameters = ", ".join(item.name if item.required else f"[{item.name}]" for item in signature.parameters)
    spellings = ", ".join(f"`{name}`" for name in signature.spellings)
    returns = f"{signature.returns.name}" + (
        " (OBJECT where the arguments ask for one)" if signature.returns_of else ""
    )
    facts = [
        f"- Written: {spellings}",
        f"- Arguments: `({parameters})`",
        f"- Gives: {returns}",
        f"- Errors: {ERROR_RULES[function.on_error]}",
        *([_default(function.default)] if function.default else []),
    ]
    meanings = {f"`{item.name}`": item.meaning for item in signature.parameters}
    errors = {f"`{error}`": when for error, when in function.errors.items()}
    pieces = [
        f"## {signature.function}",
        function.summary,
        "\n".join(facts),
        _table("argument", "meaning", meanings),
        f"```sql\n{function.example};\n```",
        _table("error", "when", errors),
        quality(MEASURED, signature.function),
    ]
    return "\n\n".join(piece for piece in pieces if piece) + "\n"


def _default(default: Default) -> str:
    behind = ", ".join(f"{machine} `{model}`" for machine, model in TABLE.aliases.get(default.model, {}).items())
    floor = f"; of use from {default.billions:g} billion parameters on" if default.billions else ""
    return f"- Default model: `{default.model}` ({behind or 'on each class of machine'}){floor}"


def _table(left: str, right: str, rows: Mapping[str, str]) -> str:
    lines = [f"| {name} | {text} |".replace("\n", " ") for name, text in rows.items()]
    return "\n".join([f"| {left} | {right} |", "|---|---|", *lines])


def _settings() -> Iterator[str]:
    module = ast.parse(Path(config.__file__).read_text(encoding="utf-8"))
    sections = {
        ast.unparse(item.annotation): str(item.target.id)
        for item in _class(module, "Config").body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    }
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name in sections:
            section = sections[node.name]
            yield f"## [{section}]\n\n{ast.get_docstring(node)}\n\n| setting | environment | default | meaning |\n|---|---|---|---|"
            for field, note in zip(node.body, node.body[1:], strict=False):
                if (
                    isinstance(field, ast.AnnAssign)
                    and isinstance(note, ast.Expr)
                    and isinstance(note.value, ast.Constant)
                ):
                    name = ast.unparse(field.target)
                    default = ast.unparse(field.value) if field.value else ""
                    is_map = "field(" in default
                    shown = "{}" if is_map else default
                    variable = "" if is_map else f"`SAPWOOD_{section}_{name}`".upper()
                    yield f"| `{name}` | {variable} | `{shown}` | {' '.join(str(note.value.value).split())} |"
            yield ""


def _class(module: ast.Module, name: str) -> ast.ClassDef:
    return next(node for node in module.body if isinstance(node, ast.ClassDef) and node.name == name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
