"""Answers what code under test sends to Leanplum, by whatever client."""

from mockserver.testing.interception.sessions import Interception as Interception
