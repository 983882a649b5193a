"""Images made of words: templates, the models of their configs, and what draws them."""
