"""YouTube (Data API v3): one video in a resumable upload session, which makes it once, whatever gets lost."""
