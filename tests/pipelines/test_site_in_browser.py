"""The published site as a browser draws it."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import httpx
import pytest

PAGES = {
    "/": "Los más recientes",
    "/incidents/incidents": "Incidentes",
    "/incidents/incidents?_search=quintanas": "Las Quintanas",
}


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(("path", "words"), PAGES.items())
def test_a_page_draws_in_spanish_with_a_clean_console(
    chromium: list[str], site: httpx.Client, tmp_path: Path, path: str, words: str, width: int
) -> None:
    address = str(site.base_url.join(path))
    picture = tmp_path / "page.png"
    size = f"--window-size={width},900"
    seen = subprocess.run(
        [*chromium, size, "--enable-logging=stderr", "--dump-dom", address], capture_output=True, timeout=120, check=True
    )
    page = seen.stdout.decode()
    assert '<html lang="es"' in page
    assert words in page
    assert "CONSOLE" not in seen.stderr.decode()
    subprocess.run([*chromium, size, f"--screenshot={picture}", address], capture_output=True, timeout=120, check=True)
    header = picture.read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    assert struct.unpack(">II", header[16:24]) == (width, 900)
    assert picture.stat().st_size > 10_000  # a blank page of this size takes far less
