"""What docs/architecture.md says of the parts is how the parts are."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

from .pasted import ROOT, blocks

DOCUMENT = "docs/architecture.md"
PACKAGE = ROOT / "deepaas"
MODULES = sorted(PACKAGE.rglob("*.py"))
SHARED = {
    "frames",
    "kinds",
    "messages",
    "model.v2",
    "plugins",
    "printed",
    "run_files",
    "schemas",
    "tensors",
    "author_files",
}
"""What both halves may import."""
PAGE_ONLY = {"gradio", "fastapi", "starlette", "uvicorn"}
"""Libraries of the try-me page, which runs in a process of its own."""
WORKERS_ONLY = {"marshmallow", "webargs", "apispec", "torch", "tensorboard"}
"""Libraries that the host never imports."""
AUTHORS_TOOLS = {"check", "cli", "kinds.check"}
"""Parts that run the author's code in their own process, as a worker does."""
WORKERS = {"runtime", "model.v2", "model.deepinv", "kinds.worker"}
"""Parts of which the host imports none."""
LATE = {"sqlalchemy", "alembic", "aiosqlite", "asyncpg", "watchfiles", "jsonschema_rs"}
"""Libraries that it imports when it listens already, if at all."""

Import = tuple[str, str]


def part_of(name: str) -> str:
    """The part that a module of ours belongs to, as the document names the parts."""
    words = name.split(".")[1:]
    if words[:2] in (["model", "v2"], ["model", "deepinv"]):
        return ".".join(words[:2])
    if words[:1] == ["kinds"]:
        return ".".join(["kinds", *words[2:3]])
    if words[:1] in (["protocols"], ["executor"]) and len(words) > 1:
        return ".".join(words[:2])
    return words[0] if words else "deepaas"


def name_of(path: Path) -> str:
    words = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(words[:-1] if words[-1] == "__init__" else words)


@functools.cache
def imported(path: Path) -> list[str]:
    """The modules that a module imports, wherever in it the import stands."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path}: a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.append(inner if _is_ours(inner) else node.module)
    return found


def _is_ours(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return name.startswith("deepaas.") and (path.is_dir() or path.with_suffix(".py").is_file())


def importers_of(libraries: set[str], but: set[str]) -> dict[str, set[str]]:
    """The modules that import some of these, each with which; but for those of some parts."""
    found = {
        name_of(path): libraries & {name.split(".")[0] for name in imported(path)}
        for path in MODULES
        if part_of(name_of(path)) not in but
    }
    return {module: some for module, some in found.items() if some}


@functools.cache
def our_imports() -> dict[Import, set[str]]:
    """Each pair of parts of which one imports the other, with the modules that do it."""
    found: dict[Import, set[str]] = {}
    for path in MODULES:
        importer = part_of(name_of(path))
        for name in imported(path):
            if name.split(".")[0] == "deepaas" and part_of(name) != importer:
                found.setdefault((importer, part_of(name)), set()).add(name_of(path))
    return found


def documented_imports() -> set[Import]:
    (block,) = blocks(DOCUMENT, "imports")
    allowed = set()
    for line in block.splitlines():
        importer, _, parts = line.partition("->")
        allowed |= {(importer.strip(), part) for part in parts.split()}
    return allowed


def test_every_import_is_an_arrow_of_the_document() -> None:
    allowed = documented_imports()
    forbidden = {pair: by for pair, by in our_imports().items() if pair not in allowed}
    assert not forbidden


def test_every_arrow_of_the_document_is_an_import() -> None:
    assert documented_imports() <= our_imports().keys()


def test_arrows_make_no_circle() -> None:
    arrows = documented_imports()
    parts = {part for pair in arrows for part in pair}
    while leaves := {p for p in parts if not any(a == p and b in parts for a, b in arrows)}:
        parts -= leaves
    assert not parts


def test_halves_share_nothing_but_the_contract() -> None:
    for importer, part in our_imports():
        if importer == "runtime":
            assert part in SHARED
        elif importer == "kinds.worker":
            assert part in {*SHARED, "runtime"}
        elif importer == "model.deepinv":
            assert part in {*SHARED, "near_names"}
        elif importer not in SHARED | AUTHORS_TOOLS:
            assert part not in WORKERS


def test_trainings_and_web_do_not_know_each_other() -> None:
    assert not {("training", "web"), ("web", "training")} & our_imports().keys()


def test_the_page_is_a_client() -> None:
    imports = our_imports()
    assert {part for importer, part in imports if importer == "ui"} == {
        *("browsers", "client", "codings", "curl", "origins", "site")
    }
    assert not {
        part
        for importer, part in imports
        if importer in {"browsers", "client", "codings", "curl", "origins", "site"}
    }
    assert [by for (_, part), by in imports.items() if part == "ui"] == [{"deepaas.cmd.ui"}]


def test_host_imports_no_library_of_the_page() -> None:
    assert importers_of(PAGE_ONLY, but={"ui"}) == {}


def test_executors_are_imported_by_their_entry_points_only() -> None:
    for importer, part in our_imports():
        assert not part.startswith("executor.") or importer == part


def test_protocols_do_not_know_each_other() -> None:
    for importer, part in our_imports():
        assert not (importer.startswith("protocols") and part.startswith("protocols.")) or (
            part == "protocols.door"  # What all of them are.
        )


def test_nobody_knows_a_kind_of_model() -> None:
    """But itself, and each half of it knows no other; only the check runs what a worker does."""
    for path in MODULES:
        kind, half = kind_of(name_of(path))
        for name in imported(path):
            other, other_half = kind_of(name)
            if other:
                assert other == kind, f"{path} imports {name}"
                assert other_half in {half, ""} or half == "check", f"{path} imports {name}"


def kind_of(module: str) -> tuple[str, str]:
    """The kind of model whose a module is, and which half of it; empty for none."""
    words = module.split(".")
    if words[:2] != ["deepaas", "kinds"]:
        return "", ""
    kind, half, *_ = [*words[2:], "", ""]
    halves = {"host", "worker", "check"}
    return kind, half if half in halves else ""


def test_host_imports_no_library_of_models() -> None:
    # Who wants arrays imports ``tensors.arrays`` when there are some.
    workers = WORKERS | AUTHORS_TOOLS | {"tensors"}
    assert importers_of(WORKERS_ONLY, but=workers) == {}
    assert importers_of({"numpy"}, but=workers | {"client", "ui"}) == {}


def test_host_starts_without_libraries_of_models_and_of_the_store() -> None:
    program = (
        "import sys, deepaas.app, deepaas.cmd.run, deepaas.cmd.ui, deepaas.protocols.v2\n"
        "import deepaas.protocols.cog.door\n"
        "from deepaas.model.kinds import load_kinds\n"
        "assert {'cog', 'entry_point'} <= load_kinds().keys()\n"
        f"print(*({WORKERS_ONLY | PAGE_ONLY | LATE!r} & sys.modules.keys()))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == []


def stations(heading: str) -> list[tuple[str, str]]:
    """The functions of the table "One prediction" or "One training run", in order."""
    text = (ROOT / DOCUMENT).read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {heading}\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    return re.findall(r"^\| \d+ \| `(deepaas[\w.]+):([\w.]+)`", section, re.MULTILINE)


def test_prediction_passes_at_most_a_dozen_functions_once() -> None:
    assert 0 < len(stations("One prediction")) <= 12
    assert len(set(stations("One prediction"))) == len(stations("One prediction"))


def test_stations_exist() -> None:
    named = [*stations("One prediction"), *stations("One training run")]
    assert named
    assert [station for station in named if not is_there(*station)] == []


def is_there(module: str, function: str) -> bool:
    """Whether there is just one function of that name: `f`, or `Class.f`."""
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    node: ast.AST = ast.parse(path.read_text(encoding="utf-8"))
    for word in function.split("."):
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        found = [n for n in ast.walk(node) if isinstance(n, kinds) and n.name == word]
        if len(found) != 1:
            return False
        node = found[0]
    return True


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / DOCUMENT).read_text(encoding="utf-8")
    for dependency in importlib.metadata.requires("deepaas") or []:
        name = re.match(r"[\w.-]+", dependency)
        assert name
        if "extra ==" not in dependency:
            assert f"| `{name[0]}` |" in text
        elif not re.search(r"extra == ['\"](?:docs|test|test-minimal)['\"]", dependency):
            assert f"`{name[0]}`" in text
