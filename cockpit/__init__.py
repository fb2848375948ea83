"""Release cockpit: drive a whole PyTorch release from one terminal."""

__version__ = "0.1.0"
