#!/usr/bin/env python3
"""Writes the dashboard's templates and assets into Swift files, so that the binary needs nothing beside it."""

from pathlib import Path

ROOM = Path(__file__).resolve().parent.parent / "Sources" / "ApusDashboard"


def literal(text: str) -> str:
    """A raw string of several lines that holds exactly this text."""
    hashes = "#"
    while f'"""{hashes}' in text or f"\\{hashes}" in text:
        hashes += "#"
    return f'{hashes}"""\n{text}\n"""{hashes}'


def swift(name: str, what: str, folder: str, suffixes: tuple[str, ...]) -> str:
    files = sorted(path for path in (ROOM / folder).iterdir() if path.suffix in suffixes)
    parts = [f"// Made by Scripts/embed-dashboard.py from {folder}/.\n// swift-format-ignore-file\n"]
    parts.append(f"/// {what}\nenum {name} {{\n    static let files: [String: String] = [")
    parts += [f'"{path.name}": {literal(path.read_text())},' for path in files]
    parts.append("    ]\n}\n")
    return "\n".join(parts)


def main() -> None:
    out = ROOM / "Embedded"
    out.mkdir(exist_ok=True)
    (out / "EmbeddedTemplates.swift").write_text(
        swift("EmbeddedTemplates", "Templates by file name.", "Templates", (".mustache",))
    )
    (out / "EmbeddedAssets.swift").write_text(
        swift("EmbeddedAssets", "Style, scripts and the icon by file name.", "Assets", (".css", ".js", ".svg"))
    )


main()
