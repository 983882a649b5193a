"""Where X is."""

API = "api.x.com"
WEB = "x.com"
