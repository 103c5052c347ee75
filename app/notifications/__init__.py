"""Tells people, and systems, that there is something to see. It knows neither what it is nor any case."""
