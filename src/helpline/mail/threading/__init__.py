"""To which ticket a mail belongs, by the order of proof."""
