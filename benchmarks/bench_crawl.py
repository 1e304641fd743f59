"""Pages a second and memory of a whole crawl, beside a bare Scrapy spider and other news crawlers, on one loopback server.

    python benchmarks/bench_crawl.py [--pages 2000] [--newspapers 16] [--only bare,quintanas,…] [--rounds 1]
    python benchmarks/bench_crawl.py --corpus DIR …   # real Spanish pages, of a checkout of github.com/adbar/trafilatura
    python benchmarks/bench_crawl.py --memory 1000,20000   # the crawl's own peak at two sizes; fails above 1.15 times

Everything runs one after another in processes of its own against the same server: synthetic Spanish news pages of 64 KB, as a
content management system wraps a text of 2,000 characters: menus, scripts, cards of other stories, comments. The peers
(news-please, newspaper4k, Fundus) are installed into throw-away virtual environments where a package index can be reached; one
that cannot be installed is left out with the reason; `--peers DIR` uses (or leaves) them in a folder. Memory is the peak of the
proportional set sizes of all processes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SIZE = 64 * 1024
PEERS: dict[str, list[str]] = {
    "news-please": ["news-please", "lxml_html_clean"],
    "newspaper4k": ["newspaper4k", "lxml_html_clean"],
}
PEERS["fundus"] = ["fundus", "curl-cffi<0.16", "lxml_html_clean"]
PLACES = ("Trujillo", "El Porvenir", "La Esperanza", "Víctor Larco", "Chao", "Otuzco", "Huamachuco", "Pacasmayo", "Virú")
DEEDS = (
    "Sujetos armados asaltaron una bodega en el distrito de {place} la noche del martes y se llevaron el dinero de la caja.",
    "Un comerciante fue asesinado a balazos en {place} cuando cerraba su puesto, según informó la Policía Nacional.",
    "La municipalidad de {place} inauguró una losa deportiva que beneficiará a más de trescientos vecinos del sector.",
    "Agentes de la Policía capturaron en {place} a dos presuntos extorsionadores que cobraban cupos a transportistas.",
    "Los agricultores de {place} piden que se repare el canal antes de que comience la campaña de siembra.",
)
FILLER = (
    "El jefe policial de la zona señaló que las cámaras de seguridad del sector ayudarán a identificar a los responsables.",
    "Vecinos del lugar contaron que hechos como este se repiten desde hace meses y reclamaron más patrullaje por las noches.",
    "La fiscalía de turno dispuso las primeras diligencias y el traslado de los detenidos a la dependencia policial.",
    "El alcalde indicó que convocará a una reunión con las juntas vecinales para coordinar nuevas medidas.",
    "De acuerdo con el reporte oficial, no se registraron heridos de gravedad y los daños se limitaron a lo material.",
    "La familia pidió a las autoridades que el caso no quede impune y que se agilicen las investigaciones.",
)


def page(number: int, base: str, count: int) -> str:
    """One article of 64 KB, always the same for the same number."""
    chance = random.Random(number)
    place = chance.choice(PLACES)
    lead = chance.choice(DEEDS).format(place=place)
    text = [lead] + [f"{chance.choice(FILLER)} (Nota {number}, párrafo {n}.)" for n in range(16)]
    title = f"{lead.split(',')[0][:90]} ({number})"
    day = f"2026-10-{1 + number % 28:02d}"
    paragraphs = "".join(f"<p>{line}</p>" for line in text)
    others = "".join(
        f'<div class="card"><a href="{base}/nota/{chance.randrange(count)}/noticia-relacionada-con-el-caso-{n}/">'
        f'<img src="/i/{n}.jpg" alt=""><h3>Otra noticia del día sobre el tema número {n} en la región</h3></a>'
        '<span class="cat">Locales</span></div>'
        for n in range(24)
    )
    menu = "".join(f'<li class="menu-item"><a href="{base}/seccion/{n}/">Sección {n}</a></li>' for n in range(40))
    ld = json.dumps(
        {"@context": "https://schema.org", "@type": "NewsArticle", "headline": title, "datePublished": f"{day}T10:00:00-05:00"},
        ensure_ascii=False,
    )
    head = (
        f'<!DOCTYPE html><html lang="es"><head><meta charset="utf-8"><title>{title} | Diario</title>'
        f'<meta property="og:type" content="article"><meta property="og:title" content="{title}">'
        f'<meta property="article:published_time" content="{day}T10:00:00-05:00">'
        f'<link rel="canonical" href="{base}/nota/{number}/noticia-del-dia-en-la-region/">'
        f'<script type="application/ld+json">{ld}</script>'
    )
    body = (
        f'</head><body class="single single-post"><header><nav><ul>{menu}</ul></nav></header><main><article><h1>{title}</h1>'
        f'<time class="entry-date published" datetime="{day}T10:00:00-05:00">{day}</time>'
        f'<div class="entry-content">{paragraphs}</div></article>'
        f'<aside class="sidebar">{others}</aside><section class="related-posts">{others}</section></main>'
        "<footer><p>Todos los derechos reservados.</p></footer>"
    )
    filler = "window.__state=" + json.dumps([chance.random() for _ in range(4000)])
    room = max(0, SIZE - len(head.encode()) - len(body.encode()) - 40)
    return f"{head}<script>{filler[:room]}</script>{body}</body></html>"


def corpus_pages(folder: Path, count: int) -> list[bytes]:
    """Real Spanish news pages of 20 to 120 KB, each of its own text: every paragraph ends with its number."""
    found = []
    for page in json.loads((folder / "tests" / "evaldata.json").read_text(encoding="utf-8")).values():
        file = next((f for kind in ("cache", "eval") if (f := folder / "tests" / kind / page["file"]).exists()), None)
        body = file.read_bytes() if file else b""
        language = re.search(rb"<html[^>]*\blang=[\"']?([a-z]+)", body[:8000].lower())
        if language and language[1] == b"es" and 20_000 <= len(body) <= 120_000:
            found.append(body)
    assert found, f"{folder}: no Spanish pages"
    return [found[n % len(found)].replace(b"</p>", b" (Nota %d.)</p>" % n) for n in range(count)]


def serve(count: int, newspapers: int, corpus: Path | None) -> None:
    """Serve so many newspapers, each on a port of its own; print their addresses as JSON; end with standard input."""
    bodies: list[bytes] = []
    servers = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            port = self.server.server_address[1]  # type: ignore[misc, index]
            parts = self.path.split("/")
            if self.path == "/robots.txt":
                body, kind = b"User-agent: *\nDisallow:\n", "text/plain"
            elif self.path.startswith("/sitemap.xml"):
                mine = range(ports.index(port), count, newspapers)
                urls = "".join(
                    f"<url><loc>http://127.0.0.1:{port}/nota/{n}/noticia-del-dia-en-la-region/</loc></url>" for n in mine
                )
                body = (
                    f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()
                )
                kind = "text/xml"
            elif len(parts) > 2 and parts[1] == "nota" and parts[2].isdigit():
                body = bodies[int(parts[2]) % len(bodies)].replace(b"{base}", f"http://127.0.0.1:{port}".encode())
                kind = "text/html; charset=utf-8"
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: Any) -> None:
            """A client that goes away is no fault."""

    for _ in range(newspapers):
        server = Server(("127.0.0.1", 0), Handler)
        servers.append(server)
    ports = [server.server_address[1] for server in servers]
    if corpus:
        bodies += corpus_pages(corpus, min(count, 4000))
    else:
        bodies += [page(number, "{base}", count).encode() for number in range(min(count, 4000))]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps([f"http://127.0.0.1:{port}" for port in ports]), flush=True)
    sys.stdin.read()


BARE = """
import sys, json
from scrapy import Spider, Request
from scrapy.crawler import AsyncCrawlerProcess
urls = json.load(open(sys.argv[1]))
class Bare(Spider):
    name = "bare"
    async def start(self):
        for url in urls:
            yield Request(url)
    def parse(self, response):
        self.crawler.stats.inc_value("pages")
process = AsyncCrawlerProcess({"CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": 16, "LOG_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False})
crawler = process.create_crawler(Bare)
process.crawl(crawler)
process.start()
print(json.dumps({"pages": crawler.stats.get_value("pages")}))
"""
NEWS_PLEASE = """
import sys, json
from newsplease import NewsPlease
urls = json.load(open(sys.argv[1]))
found = NewsPlease.from_urls(urls, request_args={"timeout": 30})
print(json.dumps({"pages": sum(1 for a in found.values() if getattr(a, "maintext", None))}))
"""
NEWSPAPER4K = """
import sys, json
import newspaper
from newspaper import Config
from newspaper.mthreading import fetch_news
urls = json.load(open(sys.argv[1]))
config = Config(); config.language = "es"; config.fetch_images = False; config.disable_category_cache = True
done = 0
articles = [newspaper.Article(url, config=config) for url in urls]
from concurrent.futures import ThreadPoolExecutor
def one(article):
    article.download(); article.parse()
    return bool(article.text)
with ThreadPoolExecutor(16) as pool:
    done = sum(pool.map(one, articles))
print(json.dumps({"pages": done}))
"""
FUNDUS = """
import sys, json
from datetime import datetime
from typing import List, Optional
from urllib.parse import urlsplit
from lxml.etree import XPath
from fundus import Crawler, Sitemap
from fundus.parser import ArticleBody, BaseParser, Image, ParserProxy, attribute
from fundus.parser.utility import (
    extract_article_body_with_selector, generic_author_parsing, generic_date_parsing, generic_topic_parsing, image_extraction
)
from fundus.publishers.base_objects import Publisher, PublisherGroup
urls = json.load(open(sys.argv[1]))
homes = list(dict.fromkeys("{0.scheme}://{0.netloc}".format(urlsplit(u)) for u in urls))
class Proxy(ParserProxy):
    class V1(BaseParser):
        _paragraphs = XPath("//div[@class='entry-content']/p | //article//p | //main//p")
        _subheads = XPath("//div[@class='entry-content']/h2 | //article//h2")
        _summary = XPath("//article//p[@class='lead']")
        @attribute
        def body(self) -> Optional[ArticleBody]:
            return extract_article_body_with_selector(
                self.precomputed.doc,
                paragraph_selector=self._paragraphs,
                subheadline_selector=self._subheads,
                summary_selector=self._summary,
            )
        @attribute
        def title(self) -> Optional[str]:
            return self.precomputed.meta.get("og:title")
        @attribute
        def publishing_date(self) -> Optional[datetime]:
            return generic_date_parsing(self.precomputed.ld.bf_search("datePublished"))
        @attribute
        def authors(self) -> List[str]:
            return generic_author_parsing(self.precomputed.ld.bf_search("author"))
        @attribute
        def topics(self) -> List[str]:
            return generic_topic_parsing(self.precomputed.meta.get("keywords"))
        @attribute
        def images(self) -> List[Image]:
            return image_extraction(doc=self.precomputed.doc, paragraph_selector=self._paragraphs)
names = {"P%d" % n: Publisher(name="P%d" % n, domain=home + "/", parser=Proxy, sources=[Sitemap(home + "/sitemap.xml")])
         for n, home in enumerate(homes)}
body = "class Bench(metaclass=PublisherGroup):\\n    default_language = 'es'\\n"
body += "".join("    %s = names[%r]\\n" % (n, n) for n in names)
exec(body)
crawler = Crawler(Bench, delay=0.0, ignore_robots=True)
done = sum(1 for article in crawler.crawl(max_articles=len(urls), only_complete=False, timeout=60))
print(json.dumps({"pages": done}))
"""


def measure(command: list[str], env: dict[str, str] | None = None, timeout: float = 1800) -> dict[str, Any]:
    """Run a command; return its seconds, its last line as JSON, and the peak memory of it and its children in MB."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, start_new_session=True
    )
    peak = [0.0]
    cpu: dict[int, float] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.25):
            peak[0] = max(peak[0], memory(process.pid, cpu))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        err += f"\\nended after {timeout} s"
    over.set()
    watcher.join()
    return {"seconds": time.monotonic() - begun, "peak": peak[0], "cpu": sum(cpu.values()), "out": out, "err": err}


def memory(session: int, cpu: dict[int, float]) -> float:
    """Proportional set size of every process of a session, in MB; notes the CPU seconds of each so far (Linux)."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(stat[3]) != session:
                continue
            cpu[int(folder.name)] = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
            for line in (folder / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except (OSError, ValueError, IndexError):
            continue
    return total / 1024


def quintanas(folder: Path, homes: list[str], count: int) -> dict[str, Any]:
    """Crawl, read, extract and store everything with the real command."""
    data = folder / f"data{time.monotonic_ns()}"
    data.mkdir()
    tables = "".join(
        f'[p{n}]\nname = "Diario {n}"\nhome = "{home}/"\nregion = "La Libertad"\nnews_sitemaps = ["{home}/sitemap.xml"]\n'
        f"allow = ['/nota/\\d+/noticia-del-dia']\n"
        for n, home in enumerate(homes)
    )
    (data / "sources.toml").write_text(tables, encoding="utf-8")
    names = [f"p{n}" for n in range(len(homes))]
    settings = ["-s", f"QUINTANAS_LISTING_ENTRIES={count}"]
    done = measure([sys.executable, "-m", "pipelines.cli", "crawl", *names, "--data", str(data), *settings])
    import sqlite3

    archive = sqlite3.connect(data / "archive.db")
    done["pages"] = archive.execute("SELECT count(*) FROM visits WHERE kind = 'article' AND bytes > 0").fetchone()[0]
    done["incidents"] = archive.execute("SELECT count(*) FROM reports").fetchone()[0]
    return done


def peer(folder: Path, name: str) -> str | None:
    """Make a virtual environment with a peer; returns its Python, or None where it cannot be installed."""
    home = folder / name
    if (home / "bin" / "python").exists():
        return str(home / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, capture_output=True)
    python = home / "bin" / "python"
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "-q", *PEERS[name]], capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(f"{name}: cannot be installed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return str(python)


def flat(few: int, many: int, newspapers: int) -> bool:
    """Crawl few pages and many, each from a server of its own; print the peaks and whether they stay within 1.15 times."""
    peaks = []
    for count in (few, many):
        command = [sys.executable, __file__, "--serve", "--pages", str(count), "--newspapers", str(newspapers)]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            homes = json.loads(server.stdout.readline())
            with tempfile.TemporaryDirectory() as name:
                done = quintanas(Path(name), homes, count)
        finally:
            server.stdin.close()
            server.wait(10)
        peaks.append(done["peak"])
        print(f"{done['pages']:>8} pages {done['seconds']:>8.1f} s {done['peak']:>6.0f} MB, all processes", flush=True)
    print(f"{peaks[1] / peaks[0]:.2f} times the memory for {many / few:.0f} times the pages")
    return peaks[1] <= 1.15 * peaks[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--newspapers", type=int, default=16)
    parser.add_argument("--only", default="bare,quintanas,fundus,news-please,newspaper4k")
    parser.add_argument("--peer-pages", type=int, default=400, help="pages for the slow peers (news-please, newspaper4k)")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--corpus", type=Path, help="a checkout of trafilatura's repository")
    parser.add_argument("--peers", type=Path, help="where the peers' environments are, or are to be left")
    parser.add_argument("--memory", metavar="FEW,MANY", help="pages of two crawls whose peaks are compared")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.pages, given.newspapers, given.corpus)
        return
    if given.memory:
        sys.exit(0 if flat(*map(int, given.memory.split(",")), given.newspapers) else 1)
    wanted = given.only.split(",")
    command = [sys.executable, __file__, "--serve", "--pages", str(given.pages), "--newspapers", str(given.newspapers)]
    command += ["--corpus", str(given.corpus)] if given.corpus else []
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        homes = json.loads(server.stdout.readline())
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            urls = [f"{homes[n % len(homes)]}/nota/{n}/noticia-del-dia-en-la-region/" for n in range(given.pages)]
            (folder / "urls.json").write_text(json.dumps(urls))
            (folder / "few.json").write_text(json.dumps(urls[: given.peer_pages]))
            pythons = {one: peer(given.peers or folder, one) for one in wanted if one in PEERS}
            kind = "real Spanish pages" if given.corpus else f"pages of {SIZE // 1024} KB"
            print(f"{given.pages} {kind} from {given.newspapers} newspapers, {os.cpu_count()} cores")
            print(f"{'':<14}{'pages':>8}{'seconds':>10}{'pages/s':>10}{'CPU ms/page':>13}{'peak MB':>10}")
            for _ in range(given.rounds):
                for one in wanted:
                    if one == "quintanas":
                        done = quintanas(folder, homes, given.pages)
                    elif one == "bare":
                        done = measure([sys.executable, "-c", BARE, str(folder / "urls.json")])
                    elif pythons.get(one):
                        script = {"news-please": NEWS_PLEASE, "newspaper4k": NEWSPAPER4K, "fundus": FUNDUS}[one]
                        file = "urls.json" if one == "fundus" else "few.json"
                        done = measure([str(pythons[one]), "-c", script, str(folder / file)])
                    else:
                        continue
                    if "pages" not in done:
                        try:
                            done["pages"] = json.loads(done["out"].strip().splitlines()[-1])["pages"]
                        except (IndexError, ValueError, KeyError):
                            print(f"{one}: {done['err'].strip()[-1500:]}", file=sys.stderr)
                            continue
                    rate = done["pages"] / done["seconds"]
                    print(
                        f"{one:<14}{done['pages']:>8}{done['seconds']:>10.1f}{rate:>10.1f}"
                        f"{1000 * done['cpu'] / max(1, done['pages']):>13.1f}{done['peak']:>10.0f}",
                        flush=True,
                    )
    finally:
        assert server.stdin is not None
        server.stdin.close()
        server.wait(10)


if __name__ == "__main__":
    main()
