"""What a configuration becomes, as pairs of files: input beside what it should give."""
