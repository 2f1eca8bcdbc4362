"""One module per step of the night: a Prefect task around one editcore call, per shard."""
