"""The HTTP edge: the door through which another process reaches the owner of a data directory."""
