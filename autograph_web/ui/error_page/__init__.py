"""What a person sees when a page could not be shown."""
