"""Edit Transfer: one before/after pair teaches an edit, which is then made to other pictures.

After Chen et al. 2025 (arXiv 2503.13327): four panels, the pair above, the query and what it becomes below, in a
FLUX-type transformer of which only the last panel is noise. Here the clean panels see neither the noise nor the words
and have their own time, so that what they mean to the others is computed once (``model``).
"""
