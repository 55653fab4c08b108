"""What a package is. Pure knowledge: no file, network or clock beyond the stream that is handed in."""
