"""X (api.x.com, v2): text, up to four images, or one video; found again by reading the account's timeline."""
