"""What is weak supervision worth? One backbone, edited with untuned, tuned on pseudo-pairs and tuned on exact targets.

    python -m benchmarks.weak_supervision --work weak        # every model of the comparison, and rows.yaml
    vitrine evaluate run --rows weak/rows.yaml --output weak/evaluation

The base model has the bundled architecture and has never seen an edit: it learned to paint captioned pictures, whole
or where they were greyed out. The pool is unpaired: every product in one look and one scene. Everything else follows
from ``vitrine pairs`` and ``vitrine train tune``. Layout of the work folder:

    plan.json                      how much of everything
    base/autoencoder/              the bundled one, as it was when the experiment began
    base/store/  base/tokenizer/   captioned pictures with a region hidden, encoded
    base/editor/                   the base model
    photos/                        the pool: photos.csv, pictures, and exact masks if asked for
    pairs/                         pseudo-pairs of the pool
    exact/pairs/                   exact pairs, as many, read the same way
    arms/<arm>-s<seed>/            tuned models; arms.json when all are done
    rows.yaml                      for vitrine evaluate
"""
