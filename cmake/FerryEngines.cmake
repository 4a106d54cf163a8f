# The engines. A new one is one folder under src/engines and one line here.
