"""One module per step of the night. Each has ``run(night_path, shard) -> counts``: one editcore call, per shard.

Tasks take paths and small numbers and return counts; what they make lies in the night's folder. They know nothing of
Prefect: ``flows.restyle`` makes the task runs, and tests call ``run`` directly.
"""
