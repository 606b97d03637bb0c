"""Shared by all HTTP APIs: uploads, answers, errors, health, pages."""
