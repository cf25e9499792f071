"""The lab's OpenStack: how the real services are configured, seeded and run on one machine."""
