"""The dialect of Centrifugo 1.x: commands, results, codec, credentials and the frames of its client protocol."""
