"""Sending services: their events, and their lists of addresses that they no longer send to; one file a service."""
