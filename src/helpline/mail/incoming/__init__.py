"""From a row of the ledger to its verdict."""
