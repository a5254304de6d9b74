"""The pytest plugin: labs for tests, and scenarios as tests; docs/pytest.md describes it.

`plugin` has the hooks and fixtures, which pytest loads in every session: the other modules are loaded when a test asks
for a lab, or a scenario's file is collected. `session_labs`, `shared_lab`, `lab_of_test` and `report_text` know nothing
of pytest.
"""
