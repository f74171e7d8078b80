"""What a study says: rooms that read studies, and write attributes at most."""
