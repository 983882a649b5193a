"""Snapchat (Public Profile API): one image or video, encrypted here and sent in parts, as a Spotlight or a story."""
