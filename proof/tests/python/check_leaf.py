# Checks a leaf against its event: check_leaf.py LEAF DATA METADATA HASH, the last as the log's tree has it, in base64.
import base64, hashlib, re, sys

leaf, data, metadata = (open(name, "rb").read() for name in sys.argv[1:4])
uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
text = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+"
lines = [
    "cartlog leaf v1",
    f"stream {text}",
    "revision (0|[1-9][0-9]*)",
    f"id {uuid}",
    f"type {text}",
    f"data {hashlib.sha256(data).hexdigest()}",
    f"metadata {hashlib.sha256(metadata).hexdigest()}",
    f"store {uuid}",
    "rank [1-9][0-9]*",
]
assert re.fullmatch("\n".join(lines) + "\n(number [1-9][0-9]*\n)?", leaf.decode()), "it is not the leaf of this event"
assert base64.b64encode(hashlib.sha256(b"\0" + leaf).digest()).decode() == sys.argv[4], "the log has another leaf there"
