"""Where LinkedIn is."""

API = "api.linkedin.com"
WEB = "www.linkedin.com"
