"""Threads (graph.threads.com): text, images, videos and carousels, made as containers that can be published once only."""
