"""The two ways of opening a Plan: emulation, in containers, and simulation, in virtual time."""
