"""Where Facebook is."""

GRAPH = "graph.facebook.com"
WEB = "www.facebook.com"
