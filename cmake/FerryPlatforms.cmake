# The platforms. A new one is one folder under src/platforms and one line here.
