"""The hand-made families: simulated gestures in simulated media, not scans of anyone's drawings."""
