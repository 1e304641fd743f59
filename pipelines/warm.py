"""Imported once where processes that read are forked from: what they all need is loaded before, and shared."""

from __future__ import annotations

import gc

import trafilatura  # noqa: F401 (scraper.page loads it when it reads its first page)

from pipelines.reading import pipeline

pipeline()
gc.collect()
gc.freeze()  # a collection in a fork would touch, and so copy, every page of it
