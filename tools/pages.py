"""Write docs/functions.md and docs/settings.md from the declarations in the code; `--check` only says whether they are up to date."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sapwood import config
from sapwood.functions import FUNCTIONS
from sapwood.functions.function import SqlFunction

ROOT = Path(__file__).resolve().parent.parent

ERROR_RULES = {
    "raise": "A row that fails raises, once all other rows are finished and kept.",
    "null": "A row that fails gives NULL.",
    "details": "A row that fails gives NULL, or `{value, error}` with `return_error_details => TRUE`.",
}


def main(arguments: Sequence[str]) -> int:
    pages = {ROOT / "docs" / "functions.md": functions_page(), ROOT / "docs" / "settings.md": settings_page()}
    stale = [
        path for path, content in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != content
    ]
    if "--check" in arguments:
        return 1 if stale else 0
    for path in stale:
        path.write_text(pages[path], encoding="utf-8")
    return 0


def functions_page() -> str:
    head = "# SQL functions\n\nMade from the declarations in `src/sapwood/functions/` by `tools/pages.py`; don't edit by hand.\n"
    return "\n".join([head, *(_function(function) for function in FUNCTIONS)])


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
    return (
        f"## {signature.function}\n\n{function.summary}\n\n- Written: {spellings}\n- Arguments: `({parameters})`\n- Gives: {returns}\n"
        f"- Errors: {ERROR_RULES[function.on_error]}\n\n```sql\n{function.example};\n```\n"
    )


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
