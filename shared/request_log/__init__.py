"""What customers asked of the API, for them to look up: kept for thirty days."""
