"""Where Snapchat is."""

API = "businessapi.snapchat.com"
ACCOUNTS = "accounts.snapchat.com"
