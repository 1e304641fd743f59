"""A newspaper on loopback with everything wrong that a real one has."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Answer:
    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Site:
    """Pages by path; `{base}` in a text becomes the site's address. Every request is kept."""

    base: str
    port: int
    pages: dict[str, Answer | Callable[[Any], Answer]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def add(self, path: str, body: bytes | str = "", status: int = 200, **headers: str) -> None:
        kind = "text/xml" if path.endswith((".xml", "/feed/")) else "text/html; charset=utf-8"
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Answer(body, status, {"Content-Type": kind, **names})

    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    def table(self, folder: Path, **keys: Any) -> Path:
        """Write the site's table of a sources file."""
        lines = ["[diario]", 'name = "Diario de Prueba"', f'home = "{self.base}/"']
        for key, value in keys.items():
            values = [value] if isinstance(value, str) else value
            if isinstance(value, (str, list)):
                texts = ", ".join(f"'{self.base}{v}'" if v.startswith("/") else f"'{v}'" for v in values)
                lines.append(f"{key} = [{texts}]" if isinstance(value, list) else f"{key} = {texts}")
            else:
                lines.append(f"{key} = {value}")
        path = folder / "sources.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path


def article(title: str, body: str = "", head: str = "") -> str:
    """A page with an article of two sentences, more on demand."""
    return (
        f"<html lang='es'><head><title>{title}</title>{head}<meta property='article:published_time'"
        f" content='2026-10-14T10:00:00-05:00'></head><body><article><h1>{title}</h1>"
        f"<p>La Policía informó que el hecho ocurrió la noche del martes en la avenida principal del distrito: {title}.</p>"
        f"<p>Los agentes de la comisaría del sector iniciaron las diligencias para identificar a los responsables.</p>"
        f"{body}</article></body></html>"
    )


def feed(*paths: str) -> str:
    """An RSS feed of these paths."""
    items = "".join(
        f"<item><title>t</title><link>{{base}}{path}</link><pubDate>Wed, 14 Oct 2026 15:00:00 +0000</pubDate></item>"
        for path in paths
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>d</title><link>{{base}}</link>{items}</channel></rss>"


def packed(text: str) -> bytes:
    return gzip.compress(text.encode())
