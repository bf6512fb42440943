"""The pure part."""
