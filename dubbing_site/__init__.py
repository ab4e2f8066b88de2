"""The site: settings, routes and servers. It wires the apps together and is imported by none of them."""
