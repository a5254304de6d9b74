"""The checks of a Scenario: Scenario → every Problem, with file, line and column. Nothing is opened or changed."""
