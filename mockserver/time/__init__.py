"""Says what time it is in a sandbox, and who may move it how far."""
