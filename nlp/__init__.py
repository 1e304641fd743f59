"""From an article to incident reports: a spaCy pipeline of rules kept as data. Knows nothing of the web or of the database."""
