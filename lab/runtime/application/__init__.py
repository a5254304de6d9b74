"""An application's container in a host's place, in the words of `docker run` and of Compose. Pure."""
