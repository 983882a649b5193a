"""Files: what is known of them, where copies live, how bytes are fetched from a user's address."""
