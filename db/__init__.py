"""From incident reports to a public database: the private archive, the published one and the Datasette site."""
