"""The V3 protocol: JSON documents that a client finds through the service index."""
