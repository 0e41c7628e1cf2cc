"""A static site from rendered works and their sidecars: plain HTML and CSS, whole without a server or a script."""
