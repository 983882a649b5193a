"""Where Instagram is."""

GRAPH = "graph.instagram.com"
API = "api.instagram.com"
WEB = "www.instagram.com"
