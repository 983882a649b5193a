"""Where YouTube is."""

API = "www.googleapis.com"
OAUTH = "oauth2.googleapis.com"
ACCOUNTS = "accounts.google.com"
