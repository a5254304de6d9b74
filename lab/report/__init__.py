"""Report → text for people and programs: report.json, JUnit XML, the terminal, the HTML page, timelines."""
