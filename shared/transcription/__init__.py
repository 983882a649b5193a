"""From a stored sound or film to its words: charged once, cut where it is too large, sent to the provider, kept as a job."""
