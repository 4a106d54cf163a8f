# What `make install` and the .deb lay down.
