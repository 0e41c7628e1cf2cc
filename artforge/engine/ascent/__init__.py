"""Pictures grown from filters and classes: what to maximise, how it is written down, what it must survive, the loop."""
