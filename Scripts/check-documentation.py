#!/usr/bin/env python3
"""
Lists public symbols without documentation, and what docc complains about, and fails when there is something.

Arguments are symbol graphs (`*.symbols.json`) and docc's diagnostics (any other name).
"""

import json
import sys
from pathlib import Path

# What the compiler makes, or a protocol of another module has documented.
SYNTHESIZED = ("::SYNTHESIZED::",)
INHERITED = {
    "init(from:)", "encode(to:)", "hash(into:)", "==(_:_:)", "!=(_:_:)", "hashValue", "id", "rawValue",
    "init(rawValue:)",
}  # fmt: skip


def undocumented(path: Path) -> list[str]:
    graph = json.loads(path.read_text())
    # A member that fulfils a documented requirement needs no words of its own.
    fulfilled = {
        link["source"]
        for link in graph["relationships"]
        if link["kind"] in ("defaultImplementationOf", "overrides") or "sourceOrigin" in link
    }
    found = []
    for symbol in graph["symbols"]:
        name = symbol["names"]["title"]
        precise = symbol["identifier"]["precise"]
        if symbol["accessLevel"] not in ("public", "open") or any(mark in precise for mark in SYNTHESIZED):
            continue
        if precise in fulfilled or name in INHERITED or symbol["kind"]["identifier"] == "swift.extension":
            continue
        if not symbol.get("docComment", {}).get("lines"):
            place = symbol.get("location", {})
            file = place.get("uri", "").removeprefix("file://")
            line = place.get("position", {}).get("line", -1) + 1
            found.append(f"{file}:{line}: {'.'.join(symbol['pathComponents'])} has no documentation")
    return found


def complaints(path: Path) -> list[str]:
    found = []
    for diagnostic in json.loads(path.read_text())["diagnostics"]:
        # A parameter whose name says all needs no sentence.
        if diagnostic["summary"].endswith("is missing documentation"):
            continue
        line = diagnostic.get("range", {}).get("start", {}).get("line", 0)
        found.append(f"{diagnostic.get('source', '').removeprefix('file://')}:{line}: {diagnostic['summary']}")
    return found


def main() -> int:
    paths = [Path(argument) for argument in sys.argv[1:]]
    found = [
        line
        for path in paths
        for line in (undocumented(path) if path.name.endswith(".symbols.json") else complaints(path))
    ]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
