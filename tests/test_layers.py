"""Imports run one way, and no file grows out of sight."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "app").rglob("*.py"))
PAGES = sorted(
    path
    for kind in ("static/css/*.css", "static/js/**/*.js", "templates/**/*.html")
    for path in (ROOT / "app").glob(kind)
)
LONGEST = 250

ARROWS: dict[str, set[str]] = {
    "extensions": set(),
    "models": {"extensions"},
    "security": {"models", "extensions"},
    "exchange": {"models", "extensions"},
    "upkeep": {"exchange", "models", "extensions"},
    "jobs": {"exchange", "upkeep", "models", "extensions"},
    "views": {"exchange", "upkeep", "security", "models", "extensions"},
}
"""What each layer may import beside itself; `config` is nobody's and `app` itself the factory's."""

LAYER_OF_FILE = dict.fromkeys(("extensions", "database", "language", "spelling"), "extensions")
FACTORY = {"app/__init__.py", "app/cli.py", "app/cli_upkeep.py"}


def layer(module: str) -> str:
    """`app.views.generated.grid` → `views`; the factory is `app`."""
    parts = module.split(".")
    return LAYER_OF_FILE.get(parts[1], parts[1]) if len(parts) > 1 else "app"


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> Iterator[str]:
    """Every module of ours that a file imports, at its top or inside a function."""
    package = module_of(path) if path.name == "__init__.py" else module_of(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [_from(node, package, alias.name) for alias in node.names]
        else:
            continue
        yield from (name for name in names if name == "app" or name.startswith("app."))


def _from(node: ast.ImportFrom, package: str, name: str) -> str:
    """`from app import models` imports app.models; `from app import create_app` the factory."""
    base = node.module or ""
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, base]).strip(".")
    module = ROOT / Path(*base.split("."), name)
    return f"{base}.{name}" if module.is_dir() or module.with_suffix(".py").exists() else base


def against_the_arrows(path: Path) -> list[str]:
    own = layer(module_of(path))
    return [name for name in imported(path) if layer(name) not in {own, *ARROWS[own]}]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


INSIDE = [path for path in FILES if name_of(path) not in FACTORY]


def test_every_file_imports_along_the_arrows_only() -> None:
    found = {name_of(path): against_the_arrows(path) for path in INSIDE}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_every_file_belongs_to_a_layer() -> None:
    assert {layer(module_of(path)) for path in INSIDE} <= set(ARROWS)


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("models", "from app.security import audit"),
        ("models", "from ..views import grid"),
        ("security", "import app.views.generated.guard"),
        ("views", "from app.jobs import outbox"),
        ("jobs", "def later():\n    from app.views import home"),
        ("exchange", "from app.views.values import parse"),
        ("exchange", "from app.security import scope"),
        ("views", "from app import create_app"),
        ("extensions", "from app import models"),
    ],
)
def test_an_import_against_the_arrows_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, line: str
) -> None:
    for folder in ("models", "security", "views", "jobs", "exchange"):
        (tmp_path / "app" / folder).mkdir(parents=True)
    path = tmp_path / "app" / place / "wrong.py"
    path = path if path.parent.is_dir() else tmp_path / "app" / f"{place}.py"
    path.write_text(line)
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert len(against_the_arrows(path)) == 1


def test_every_file_can_be_read_in_one_sitting() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in FILES + PAGES}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
