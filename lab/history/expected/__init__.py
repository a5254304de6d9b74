"""The rules of the replay and the judge: which clients must or may receive a message, and until when."""
