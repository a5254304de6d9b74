"""The brokers' containers: made, given files, stopped, killed, started, frozen."""
