"""Where TikTok is."""

API = "open.tiktokapis.com"
WEB = "www.tiktok.com"
