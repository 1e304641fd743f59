"""From the web to articles: a Scrapy project driven by `sources.toml`. Knows nothing of `nlp` or of the database."""
