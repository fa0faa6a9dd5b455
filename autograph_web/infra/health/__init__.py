"""Classification of the failures of dependencies, and their remedies."""
