"""Scrapy's settings on a Scrapyd node: those of the crawl, with the spider and the item pipeline of `pipelines.node`.

The `scrapy.cfg` where a node's Scrapyd starts names this module: `[settings]`, `quintanas = pipelines.node_settings`.
"""

from scraper.settings import *  # noqa: F403

SPIDER_MODULES = ["pipelines.node"]
NEWSPIDER_MODULE = "pipelines.node"
ITEM_PIPELINES = {"pipelines.node.SendArticle": 900}
EXTENSIONS = {"scraper.middlewares.CrawlDelay": 500}
