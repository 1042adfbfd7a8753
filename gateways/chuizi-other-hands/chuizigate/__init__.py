"""The gateway's modules."""
