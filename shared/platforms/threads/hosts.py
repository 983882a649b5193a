"""Where Threads is."""

GRAPH = "graph.threads.com"
WEB = "www.threads.com"
