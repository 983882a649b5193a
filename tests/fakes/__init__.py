"""In-memory twins of everything outside of the process, held to the same contract tests as the real ones."""
