"""LinkedIn (versioned REST): a member's or an organisation's text, images or video, uploaded in the parts that LinkedIn names."""
