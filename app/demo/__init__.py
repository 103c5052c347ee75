"""The Southampton case of 2020, played through the HTTP API as a client would. Names in it are invented."""
