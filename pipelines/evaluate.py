"""Scoring the extractor against labelled articles."""

from __future__ import annotations
