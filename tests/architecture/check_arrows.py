#!/usr/bin/env python3
"""Compares each folder's includes with the arrows its CMakeLists.txt declares (DEPS, followed through).

Usage: check_arrows.py ROOT. Ends with status 1 and a line per include that no arrow allows.
"""
import re
import sys
from pathlib import Path

root = Path(sys.argv[1])
library_of_folder = {}
deps = {}
for cmake in sorted([*root.glob("src/**/CMakeLists.txt"), *root.glob("simulator/**/CMakeLists.txt"),
                     *root.glob("tests/seeded/CMakeLists.txt")]):
    for kind, name, body in re.findall(r"lockstep_(library|program)\(\s*(\w+)([^)]*)\)", cmake.read_text()):
        if kind == "library" or cmake.parent not in library_of_folder:
            library_of_folder[cmake.parent] = name
        if library_of_folder[cmake.parent] != name:
            continue  # A second program of the folder; its sources are looked at under the first name.
        found = re.search(r"\bDEPS\b((?:\s+\w+)*?)(?=\s+(?:EXTERNAL|TESTS|TEST_DEPS|SOURCES)\b|\s*$)", body)
        deps[name] = set(found.group(1).split()) if found else set()


def reachable(name):
    seen, todo = set(), [name]
    while todo:
        for dep in deps.get(todo.pop(), ()):
            if dep not in seen:
                seen.add(dep)
                todo.append(dep)
    return seen


def folder_of(include):
    for base in (root / "src", root):
        path = base / include
        if path.exists():
            for parent in path.parents:
                if parent in library_of_folder:
                    return parent
                if parent == root:
                    break
    return None


wrong, checked = [], 0
for folder, library in sorted(library_of_folder.items()):
    allowed = reachable(library) | {library}
    for source in sorted([*folder.rglob("*.h"), *folder.rglob("*.cc")]):
        nearest = next(parent for parent in source.parents if parent in library_of_folder)
        if nearest != folder or source.name.endswith("_test.cc"):
            continue
        for line, text in enumerate(source.read_text().splitlines(), 1):
            match = re.match(r'#include "([^"]+)"', text)
            target = folder_of(match.group(1)) if match else None
            if target is None:
                continue
            checked += 1
            # The ports are headers alone: whoever implements one may include it.
            if match.group(1).startswith("core/ports/") and "model" in allowed:
                continue
            if library_of_folder[target] not in allowed:
                wrong.append(f"{source.relative_to(root)}:{line}: {library} may not know {library_of_folder[target]}")
for name, its in deps.items():
    if name in reachable(name):
        wrong.append(f"{name} depends on itself")
print("\n".join(wrong) if wrong else f"{checked} includes follow the arrows of {len(deps)} folders")
sys.exit(1 if wrong or checked == 0 else 0)
