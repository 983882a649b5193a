"""One resource behind everything that takes long: started once per request, worked on by task, watched until it ends."""
