"""Reports: what was found, as text and pictures. Nothing is decided here."""
