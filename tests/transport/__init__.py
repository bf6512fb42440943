"""How a POST leaves."""
