"""Report → what people and programs read: report.json, the terminal, a drawing of the regions."""
