"""TikTok (open.tiktokapis.com, Content Posting API v2): a video sent in chunks, or photos that TikTok pulls."""
