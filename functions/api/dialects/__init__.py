"""Jobs in the words of four other APIs, each under its own prefix: thin faces of one resource (shared/jobs)."""
