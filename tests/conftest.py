"""Keeps pytest out of the example projects, which may hold files named like tests, and sets up hypothesis."""

from hypothesis import HealthCheck, settings

# A busy machine draws examples slowly; that says nothing about the code.
settings.register_profile("ckptlint", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ckptlint")

collect_ignore = ["fixtures"]
