"""Agents, teams, skills, roles and presence."""
