"""Facebook Pages (graph.facebook.com): posts with text, links, photos or a video, reels, and stories."""
