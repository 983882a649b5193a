"""Side branch: cuts and converts sounds and films, by the ffmpeg program."""
