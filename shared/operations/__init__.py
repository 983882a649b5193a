"""What jobs do beside media, templates and transcripts: one small file each, on engines of other people's; made of steps."""
