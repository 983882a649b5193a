"""Where Threads is."""

GRAPH = "graph.threads.net"
WEB = "www.threads.net"
