"""The verbs of the product, one file a topic; the only writers of the models (with `diagnostics.dispatch`).

All are safe to run twice.
"""
