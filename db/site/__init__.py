"""The public site: Datasette's templates, style, words and plugins."""
