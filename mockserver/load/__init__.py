"""Says what a campaign of millions does to an endpoint: when postbacks come, and what follows."""
