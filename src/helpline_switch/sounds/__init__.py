"""The sounds that come with the switch, as texts and recipes: ``media.prompts`` makes WAV files of them."""
