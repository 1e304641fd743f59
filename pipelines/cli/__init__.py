"""The `quintanas` command.

Every command mirrors one function of this package and imports it only when it runs, so that `--help` is quick. Exit status: 0,
1 (it ran and something failed), 2 (wrong use).
"""

from __future__ import annotations

import click

from pipelines.cli import crawling, extracting, operating, publishing, reviewing
from pipelines.cli.options import data_option
from pipelines.console import set_up_logging
from pipelines.faults import FaultsTold
from pipelines.folder import DataFolder


@click.group(cls=FaultsTold, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="quintanas")
@data_option
def main(folder: DataFolder) -> None:  # noqa: ARG001
    """Turn a region's crime news into a public, citable database."""
    set_up_logging()


for command in (
    *(crawling.crawl, crawling.sources),
    *(extracting.extract, extracting.reextract, extracting.import_, extracting.evaluate),
    *(publishing.publish, publishing.serve, publishing.export, publishing.demo),
    *(reviewing.review, reviewing.withdraw),
    *(operating.run, operating.schedule, operating.status, operating.backup, operating.restore),
    *(operating.check_data, operating.salvage, operating.compact),
):
    main.add_command(command)
