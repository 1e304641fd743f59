"""How the trained part of the extractor is made: texts of our own, and the command that learns from them.

Not in the wheel; `nlp/data/categorizer.csv` is what it leaves.
"""
