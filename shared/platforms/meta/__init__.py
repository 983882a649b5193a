"""What Instagram, Facebook and Threads have in common: the Graph API's way of calling and refusing, and containers."""
