"""How a POST leaves: sibling transports behind two small protocols."""
