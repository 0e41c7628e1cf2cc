"""How far a heatmap can be trusted: does the score follow it, and does it depend on what the network learned?"""
