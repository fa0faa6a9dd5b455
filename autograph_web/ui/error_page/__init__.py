"""What is shown when a page could not be."""
