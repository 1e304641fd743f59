"""What `quintanas schedule` writes, run by what will run it."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import Run

from pipelines.demo.server import SampleNewspapers

ROOT = Path(__file__).resolve().parents[2]
CONTACT = "redaccion@example.org"


@pytest.fixture(scope="module")
def newspapers() -> Iterator[SampleNewspapers]:
    with SampleNewspapers() as samples:
        yield samples


def tool(folder: Path, name: str, script: str) -> None:
    """A command that stands in for one of the machine's, in a folder for PATH."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def systemd_analyze() -> str:
    path = shutil.which("systemd-analyze")
    if path is None:
        pytest.skip("systemd-analyze is not installed (Debian: apt-get install systemd)")
    return path


class TestSystemd:
    @pytest.mark.parametrize("options", [[], ["--system", "daemon"], ["--mail", "op@example.org", "--mail-always"]])
    @pytest.mark.parametrize("folder", ["datos", "da tos de % $HOME \"'\\n"])
    def test_systemd_finds_no_fault_in_the_units(
        self, quintanas: Run, tmp_path: Path, systemd_analyze: str, options: list[str], folder: str
    ) -> None:
        data, units = tmp_path / folder, tmp_path / "units"
        where = ("--data", data, "--backup", data / "bk", "--to", units)
        done = quintanas("schedule", "systemd", "farol", *options, *where, "--contact", CONTACT)
        assert done.returncode == 0, done.stderr
        files = sorted(units.iterdir())
        assert {"quintanas.service", "quintanas.timer"} <= {file.name for file in files}
        verified = subprocess.run(
            [systemd_analyze, "verify", "--man=no", *files], capture_output=True, text=True, check=False, timeout=60
        )
        assert verified.returncode == 0, verified.stderr
        ours = [line for line in verified.stderr.splitlines() if "quintanas" in line]
        assert ours == []

    def test_the_machines_service_is_well_shut_in(self, quintanas: Run, tmp_path: Path, systemd_analyze: str) -> None:
        quintanas("schedule", "systemd", "--system", "daemon", "--data", tmp_path / "d", "--to", tmp_path / "units")
        command = [systemd_analyze, "security", "--offline=yes", "--no-pager", tmp_path / "units" / "quintanas.service"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        [exposure] = re.findall(r"exposure level for \S+: ([\d.]+)", done.stdout)
        assert float(exposure) < 3.0, done.stdout

    def test_the_calendar_is_in_the_newspapers_time_zone(self, quintanas: Run, systemd_analyze: str, tmp_path: Path) -> None:
        timer = quintanas(
            "schedule", "systemd", "--at", "05:40,17:40", "--timezone", "America/Bogota", "--data", tmp_path
        ).stdout
        calendars = re.findall(r"^OnCalendar=(.+)$", timer, re.MULTILINE)
        assert calendars == ["*-*-* 05:40:00 America/Bogota", "*-*-* 17:40:00 America/Bogota"]
        done = subprocess.run([systemd_analyze, "calendar", *calendars], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        for wanted in ("Persistent=yes", "RandomizedDelaySec=900"):
            assert wanted in timer

    def test_the_command_of_the_service_runs(self, quintanas: Run, tmp_path: Path, newspapers: SampleNewspapers) -> None:
        data = tmp_path / "da tos"
        data.mkdir()
        (data / "sources.toml").write_text(newspapers.sources_toml(), encoding="utf-8")
        service = quintanas("schedule", "systemd", "farol", "--data", data).stdout
        command = re.findall(r'"([^"]*)"', re.findall(r"^ExecStart=(.*)$", service, re.MULTILINE)[0])
        settings = dict(line.split("=", 1) for line in re.findall(r'^Environment="(.*)"$', service, re.MULTILINE))
        done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, cwd="/", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (data / "incidents.db").exists()
        assert re.search(r"^OK ", done.stdout, re.MULTILINE)
        assert re.search(r"crawl +ok +\d+ articles read", done.stdout)

    def test_install_writes_the_units_and_starts_the_timer(
        self, quintanas: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = tmp_path / "log"
        tool(tmp_path / "bin", "systemctl", f'echo "$@" >> {log}')
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        done = quintanas("schedule", "systemd", "--install", "--data", tmp_path / "data")
        assert done.returncode == 0, done.stderr
        assert {path.name for path in (tmp_path / "config/systemd/user").iterdir()} == {"quintanas.service", "quintanas.timer"}
        assert log.read_text().splitlines() == ["--user daemon-reload", "--user enable --now quintanas.timer"]

    def test_a_systemd_that_refuses_is_told(self, quintanas: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        tool(tmp_path / "bin", "systemctl", 'echo "Failed to connect to bus" >&2; exit 1')
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        done = quintanas("schedule", "systemd", "--install", "--data", tmp_path / "data")
        assert done.returncode == 1
        assert "Failed to connect to bus" in done.stderr
        assert "Traceback" not in done.stderr


class TestCron:
    CRONTAB = 'file="$FAKE_CRONTAB"; case "$1" in -l) cat "$file" 2>/dev/null || exit 1;; -) cat > "$file";; esac'

    @pytest.fixture
    def crontab(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        tool(tmp_path / "bin", "crontab", self.CRONTAB)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setenv("FAKE_CRONTAB", str(tmp_path / "crontab"))
        return tmp_path / "crontab"

    def test_a_shell_runs_the_line_once_until_the_next_time(
        self, quintanas: Run, tmp_path: Path, newspapers: SampleNewspapers
    ) -> None:
        data = tmp_path / "50 % de datos"
        data.mkdir()
        (data / "sources.toml").write_text(newspapers.sources_toml(), encoding="utf-8")
        block = quintanas("schedule", "cron", "farol", "--jitter", "0s", "--data", data, "--mail", "op@example.org").stdout
        assert "MAILTO=op@example.org" in block
        [line] = [line for line in block.splitlines() if not line.startswith(("#", "MAILTO"))]
        minutes, *stars, command = line.split(" ", 5)
        assert len({int(minute) for minute in minutes.split(",")} & set(range(60))) == 3
        assert stars == ["*"] * 4
        assert not re.search(r"(?<!\\)%", command), "cron takes a bare % as the end of the line"
        command = command.replace(r"\%", "%")  # as cron does
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}  # as bare as cron's
        runs = [
            subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, cwd="/", check=False)
            for _ in range(2)
        ]
        assert runs[0].returncode == 0, runs[0].stdout + runs[0].stderr
        assert re.search(r"publish +ok", runs[0].stdout)
        assert (runs[1].returncode, runs[1].stdout, runs[1].stderr) == (0, "", ""), "nothing is due, so cron mails nothing"
        assert len((data / "journal.jsonl").read_text().splitlines()) == 1

    def test_install_keeps_the_lines_of_others_and_replaces_its_own(
        self, quintanas: Run, tmp_path: Path, crontab: Path
    ) -> None:
        crontab.write_text("MAILTO=yo@example.org\n5 4 * * * otra-cosa\n", encoding="utf-8")
        for at in ("06:10", "07:20,19:20"):
            done = quintanas("schedule", "cron", "--install", "--at", at, "--data", tmp_path / "data")
            assert done.returncode == 0, done.stderr
        text = crontab.read_text(encoding="utf-8")
        assert text.startswith("MAILTO=yo@example.org\n5 4 * * * otra-cosa\n# BEGIN quintanas")
        assert text.count("pipelines.cli") == 1
        assert "07:20,19:20" in text
        assert text.endswith("# END quintanas\n")

    def test_it_is_installed_where_there_was_no_crontab(self, quintanas: Run, tmp_path: Path, crontab: Path) -> None:
        assert quintanas("schedule", "cron", "--install", "--data", tmp_path / "data").returncode == 0
        assert crontab.read_text(encoding="utf-8").startswith("# BEGIN quintanas")


GH = r"""
set -e
store="$FAKE_RELEASES"
[ "$1" = release ]
case "$2" in
  view) [ -d "$store" ] || { echo "release not found" >&2; exit 1; }; [ $# -le 3 ] || ls "$store" ;;
  create) mkdir "$store" ;;
  upload) cp "$4" "$store/" ;;
  download) cp "$store/$5" "$7/" ;;
  delete-asset) rm "$store/$4" ;;
  *) exit 2 ;;
esac
"""


class TestGitHub:
    @pytest.fixture
    def steps(self, quintanas: Run, tmp_path: Path, newspapers: SampleNewspapers) -> Any:
        """Runs the workflow's steps in a checkout of a data repository, as the runner does; returns what each gave."""
        origin, checkout = tmp_path / "origin.git", tmp_path / "checkout"
        git = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}

        def run(*command: str | Path, cwd: Path = tmp_path) -> None:
            subprocess.run(command, cwd=cwd, env=environment | git, check=True, capture_output=True)

        run("git", "init", "--quiet", "--bare", "--initial-branch=main", origin)
        run("git", "clone", "--quiet", origin, checkout)
        (checkout / "newspapers.toml").write_text(newspapers.sources_toml(), encoding="utf-8")
        made = quintanas(
            *("schedule", "github", "farol", "--sources", checkout / "newspapers.toml", "--contact", CONTACT, "--keep", "1"),
            *("--package", ROOT, "--to", checkout / ".github/workflows"),
        )
        assert made.returncode == 0, made.stderr
        for command in (("add", "."), ("commit", "-qm", "Empezar"), ("push", "-q", "origin", "HEAD:main")):
            run("git", *command, cwd=checkout)
        workflow = yaml.safe_load((checkout / ".github/workflows/quintanas.yml").read_text(encoding="utf-8"))
        tool(tmp_path / "bin", "gh", GH)
        tool(tmp_path / "bin", "quintanas", f'exec {sys.executable} -m pipelines.cli "$@"')
        [job] = workflow["jobs"].values()
        assert {key for step in job["steps"] for key in step} <= {"uses", "with", "name", "run", "if"}
        count = 0

        def once(passphrase: str = "una frase") -> dict[str, subprocess.CompletedProcess[str]]:
            nonlocal count
            count += 1
            temp = tmp_path / f"runner-{count}"
            temp.mkdir()
            variables = environment | {
                **{"PATH": f"{tmp_path / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}", "TZ": job["env"]["TZ"]},
                **{"FAKE_RELEASES": str(tmp_path / "releases"), "ARCHIVE_PASSPHRASE": passphrase, "GITHUB_RUN_ID": str(count)},
                **{"RUNNER_TEMP": str(temp), "GITHUB_ENV": str(temp / "env"), "GITHUB_STEP_SUMMARY": str(temp / "summary.md")},
                **{"QUINTANAS_CONTACT": job["env"]["QUINTANAS_CONTACT"], "PIP_TARGET": str(temp / "packages")},
                **{"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "no"},
            }
            variables.pop("QUINTANAS_DATA", None)
            done: dict[str, subprocess.CompletedProcess[str]] = {}
            failed = False
            for step in job["steps"]:
                if "run" not in step or (failed and step.get("if") != "always()") or (step["name"] == "Install" and count > 1):
                    continue
                command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
                result = subprocess.run(command, cwd=checkout, env=variables, capture_output=True, text=True, check=False)
                done[step["name"]] = result
                failed = failed or result.returncode != 0
                if (temp / "env").exists():
                    variables |= dict(line.split("=", 1) for line in (temp / "env").read_text().splitlines())
            return done | {"summary": subprocess.CompletedProcess("", 0, (temp / "summary.md").read_text())}

        once.checkout, once.releases = checkout, tmp_path / "releases"  # type: ignore[attr-defined]
        return once

    def test_its_steps_crawl_keep_the_archive_and_commit_the_data(self, steps: Any, newspapers: SampleNewspapers) -> None:
        first = steps()
        assert {name: (step.stdout, step.stderr) for name, step in first.items() if step.returncode} == {}
        assert "OK" in first["summary"].stdout
        data = steps.checkout / "data"
        assert len((data / "incidents.csv").read_text(encoding="utf-8").splitlines()) > 5
        [kept] = steps.releases.iterdir()
        assert b"SQLite format" not in kept.read_bytes()
        asked = len(newspapers.requests)

        wrong = steps("otra frase")
        assert wrong["Bring the archive back"].returncode != 0
        assert "Run" not in wrong
        assert list(steps.releases.iterdir()) == [kept], "a run that could not read the archive must not write over it"

        again = steps()
        assert {name: (step.stdout, step.stderr) for name, step in again.items() if step.returncode} == {}
        assert re.search(r"crawl +ok +0 articles read", again["Run"].stdout), "what the archive knows is not fetched again"
        assert len(newspapers.requests) - asked < asked
        [newer] = steps.releases.iterdir()
        assert newer.name > kept.name, "the older archive goes once the newer is there"
        log = subprocess.run(
            ["git", "log", "--format=%an %s", "origin/main"], cwd=steps.checkout, capture_output=True, text=True, check=True
        )
        assert "github-actions[bot] Data of " in log.stdout
        tracked = subprocess.run(["git", "ls-files"], cwd=steps.checkout, capture_output=True, text=True, check=True).stdout
        assert "archive" not in tracked
        assert ".db" not in tracked


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["systemd", "--at", "25:00"], "times of the day"),
        (["systemd", "--timezone", "Trujillo"], "America/Lima"),
        (["cron", "--memory", "viel"], "2G"),
        (["cron", "--mail", "x; rm -rf"], "e-mail"),
        (["systemd", "--contact", "a\nExecStartPre=/bin/false"], "control character"),
        (["systemd", "--system", "daemon"], "--data"),
        (["systemd", "--install", "--to", "x"], "--to"),
        (["at"], "systemd"),
    ],
)
def test_what_cannot_be_scheduled_is_refused(quintanas: Run, options: list[str], said: str) -> None:
    done = quintanas("schedule", *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
