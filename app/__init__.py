"""Candour: a case file for grievances that people are afraid to raise."""
