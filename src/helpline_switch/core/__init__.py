"""Channels, bridges, playbacks and recordings and their life. Knows neither aiohttp nor sippy; door: ``core.switchboard``."""
