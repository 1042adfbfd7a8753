"""The parts of a Cogito-compatible gateway written from the vendor's error page alone."""
