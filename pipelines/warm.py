"""Imported once where processes that read are forked from: what they all need is loaded before, and shared."""

from __future__ import annotations

import gc

from pipelines.reading import pipeline

pipeline()
gc.collect()
gc.freeze()  # a collection in a fork would touch, and so copy, every page of it
