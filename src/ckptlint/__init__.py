"""ckptlint: finds what makes a model's evaluation differ after its checkpoint is saved and loaded."""

__version__ = "0.1.0"
