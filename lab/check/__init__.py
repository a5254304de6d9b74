"""Scenario → every Problem, with file, line and column; nothing is opened or changed."""
