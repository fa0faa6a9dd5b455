"""What stands in the place of a page for administrators."""
