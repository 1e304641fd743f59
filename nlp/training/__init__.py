"""How the trained part of the extractor is made: texts of our own, and the command that learns from them.

Not in the wheel; `nlp/data/categorizer.csv` and `nlp/data/relevance.csv` are what it leaves.
"""
