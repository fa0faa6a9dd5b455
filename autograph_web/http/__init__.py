"""What stands between the network and the two faces: ASGI layers, cookies, native forms."""
