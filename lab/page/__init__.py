"""The live page of a running lab: a server on 127.0.0.1 that shows the lab in a browser, and does verbs by click."""
