"""Bytes that are almost JSON."""

from hypothesis import strategies as st

__all__ = ["fragments"]

fragments = st.lists(
    st.sampled_from(
        [*b'{}[],:"\\ \n\x00\xff\xc3\xa9.-+eE', "\\ud83d", "\\ude00", "true", "null", "1", "0", '"a"', "NaN"]
    )
).map(lambda parts: b"".join(part.encode() if isinstance(part, str) else bytes([part]) for part in parts))
