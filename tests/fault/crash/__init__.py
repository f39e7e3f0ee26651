"""Crash cases on real Engines: an application, what is looked at, one case, which cases, and the lanes they run in."""
