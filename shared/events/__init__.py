"""What happened to somebody's posts, accounts, jobs and credits: written in the commit that makes it true, told by webhooks."""
